import { SyncFailure, type SyncTask, type SyncTaskRequest, type SyncTaskService } from "../../shared/core/sync-task";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { coalesceEvents } from "../../shared/sync/coalesce-events";
import { makeEvent, noon } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { VendorStandIn } from "../support/vendor-stand-in";

/** A clock that only the test moves, and whoever waits on it. */
class HandClock {
  now = noon;
  #waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  readonly wait = (ms: number): Promise<void> =>
    new Promise((resolve) => this.#waiting.push({ at: this.now + ms, resolve }));

  /** Moves on, and lets everything happen that comes of it. */
  async advance(ms: number): Promise<void> {
    this.now += ms;
    const due = this.#waiting.filter(({ at }) => at <= this.now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.now);
    for (const { resolve } of due) resolve();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

let clock: HandClock;
let vendor: VendorStandIn;
let world: SyncWorld;
let service: SyncTaskService;

beforeEach(async () => {
  clock = new HandClock();
  world = await openSyncWorld({}, (now) => (vendor = new VendorStandIn(now)));
  service = coalesced(world.services.sync);
});
afterEach(() => world.close());

function coalesced(inner: SyncTaskService): SyncTaskService {
  return coalesceEvents(inner, { windowMs: 200, now: () => clock.now, wait: clock.wait });
}

let counter = 0;

/** An event of this webhook, received now. */
function received(event: Partial<WebhookEvent>): WebhookEvent {
  const { registrationId } = world;
  const receivedAt = new Date(clock.now).toISOString();
  const eventId = `event-${++counter}`;
  return { ...makeEvent(), receivedOrder: clock.now * 1000 + counter, ...event, registrationId, receivedAt, eventId };
}

function enqueue(event: WebhookEvent, attempt = 1): Promise<SyncTask> {
  return service.enqueueSyncTask({ events: [event], attempt });
}

describe("events of one record within the window", () => {
  it("are one task, one read and one write, and the task names them all", async () => {
    vendor.change("003", { Name: "Ada" });
    const first = received(vendor.change("003", { Phone: "1" }));
    const one = enqueue(first);
    await clock.advance(150);
    const second = received(vendor.change("003", { Phone: "2" }));
    const two = enqueue(second);
    await clock.advance(50);

    expect(await one).toMatchObject({ status: "completed", eventIds: [first.eventId, second.eventId] });
    expect((await two).id).toBe((await one).id);
    expect(vendor.reads).toBe(1);
    expect(await world.shard()).toMatchObject({ revision: 1, structuredData: { name: "Ada", phone: "2" } });
    expect(await world.tasks()).toHaveLength(1);
  });

  it("are counted from the receipt of the first: a steady stream holds nothing up", async () => {
    const first = received({ completeness: "full", data: { Name: "Ada" } });
    const one = enqueue(first);
    await clock.advance(199);
    const two = enqueue(received({ completeness: "full", data: { Name: "Eve" } }));
    await clock.advance(1);
    await expect(one).resolves.toMatchObject({ status: "completed" });
    const third = received({ completeness: "full", data: { Name: "Zoe" } });
    const three = enqueue(third);
    await clock.advance(200);
    expect((await two).eventIds).toHaveLength(2);
    expect((await three).eventIds).toEqual([third.eventId]);
  });

  it("keep what each of them states where nothing is read", async () => {
    world = await reopened();
    const one = enqueue(received({ completeness: "partial", data: { Name: "Ada", Phone: "1" } }));
    const two = enqueue(received({ completeness: "partial", data: { Phone: "2" } }));
    const three = enqueue(received({ completeness: "partial", data: { Email: "ada@example.com" } }));
    await clock.advance(200);
    expect(await one).toMatchObject({ source: "event", notRead: "no_credentials", result: { change: "created" } });
    expect((await two).eventIds).toHaveLength(3);
    expect((await three).eventIds).toHaveLength(3);
    expect(await world.shard()).toMatchObject({
      structuredData: { name: "Ada", phone: "2", email: "ada@example.com" },
    });
  });

  it("come to the same record in whatever order they are handed over", async () => {
    world = await reopened();
    const older = received({ completeness: "partial", data: { Name: "Ada", Phone: "1" } });
    const newer = received({ completeness: "partial", data: { Phone: "2" } });
    const both = [enqueue(newer), enqueue(older)];
    await clock.advance(200);
    const [task] = await Promise.all(both);
    expect(task?.eventIds).toEqual([older.eventId, newer.eventId]);
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada", phone: "2" } });
  });

  it("may create and delete a record at once, which leaves it deleted", async () => {
    const one = enqueue(received({ eventType: "created", completeness: "full", data: { Name: "Ada" } }));
    const two = enqueue(received({ eventType: "deleted", data: {} }));
    await clock.advance(200);
    expect(await one).toMatchObject({ result: { change: "deleted" } });
    expect(await two).toEqual(await one);
    expect(await world.shard()).toMatchObject({ status: "deleted" });
  });

  it("revive a deleted record where one of them says that it was created again, whichever came last", async () => {
    const gone = enqueue(received({ eventType: "deleted", data: {} }));
    await clock.advance(200);
    await gone;
    vendor.change("003", { Name: "Ada" });
    const created = enqueue(received({ eventType: "created", completeness: "hint", data: {} }));
    const updated = enqueue(received({ eventType: "updated", completeness: "hint", data: {} }));
    await clock.advance(200);
    await Promise.all([created, updated]);
    expect(await world.shard()).toMatchObject({ status: "active", structuredData: { name: "Ada" } });
  });
});

describe("an event that comes when the task has begun", () => {
  it("is a task of its own, because the read may be older than it", async () => {
    vendor.change("003", { Name: "Ada" });
    let release = (): void => undefined;
    const answered = new Promise<void>((resolve) => (release = resolve));
    vendor.meanwhile = () => answered;
    const one = enqueue(received({ completeness: "hint", data: {} }));
    await clock.advance(200);
    const late = received(vendor.change("003", { Name: "Eve" }));
    const two = enqueue(late);
    await clock.advance(200);
    release();
    expect((await one).eventIds).toHaveLength(1);
    expect((await two).eventIds).toEqual([late.eventId]);
    expect(vendor.reads).toBe(2);
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Eve" } });
  });
});

describe("what does not join", () => {
  it("events of other records, of other webhooks, and those that name no record", async () => {
    const elsewhere = await world.app.register();
    const events = [
      received({ entityId: "003" }),
      received({ entityId: "004" }),
      { ...received({ entityId: "003" }), registrationId: elsewhere.registrationId },
      received({ entityId: "*", gap: true }),
      received({ entityId: "*", gap: true }),
    ];
    const tasks = events.map((event) => enqueue(event));
    await clock.advance(200);
    expect((await Promise.all(tasks)).map(({ eventIds }) => eventIds.length)).toEqual([1, 1, 1, 1, 1]);
  });

  it("an event that waited in the queue for as long as the window does not wait again", async () => {
    const event = received({ completeness: "full", data: { Name: "Ada" } });
    clock.now += 200;
    const task = enqueue(event);
    await clock.advance(0);
    await expect(task).resolves.toMatchObject({ status: "completed" });
  });

  it("a message that comes twice is still one event", async () => {
    const event = received({ completeness: "full", data: { Name: "Ada" } });
    const both = [enqueue(event), enqueue(event)];
    await clock.advance(200);
    expect((await Promise.all(both)).map(({ eventIds }) => eventIds)).toEqual([[event.eventId], [event.eventId]]);
  });
});

describe("a task of several events that fails", () => {
  /** Fails whenever the poisonous event is among them. */
  function picky(failure: Error): { readonly requests: SyncTaskRequest[]; readonly service: SyncTaskService } {
    const requests: SyncTaskRequest[] = [];
    return {
      requests,
      service: coalesced({
        enqueueSyncTask: (request) => {
          requests.push(request);
          const isPoisoned = "events" in request && request.events.some(({ data }) => data["poison"] === true);
          return isPoisoned ? Promise.reject(failure) : world.services.sync.enqueueSyncTask(request);
        },
      }),
    };
  }

  it("is taken apart where repeating cannot help, so that one event is not the end of the others", async () => {
    service = picky(new SyncFailure("record_too_large", { permanent: true })).service;
    const good = enqueue(received({ completeness: "full", data: { Name: "Ada" } }));
    const bad = enqueue(received({ completeness: "full", data: { poison: true } }));
    const refused = expect(bad).rejects.toMatchObject({ reason: "record_too_large" });
    await clock.advance(200);
    await refused;
    expect(await good).toMatchObject({ status: "completed" });
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada" } });
  });

  it("is every event's failure where repeating may help, at the attempt of the one tried most often", async () => {
    const { requests, service: failing } = picky(new SyncFailure("provider_unreachable"));
    service = failing;
    const both = [enqueue(received({ data: { poison: true } }), 1), enqueue(received({ data: {} }), 3)];
    const refused = both.map((task) => expect(task).rejects.toMatchObject({ reason: "provider_unreachable" }));
    await clock.advance(200);
    await Promise.all(refused);
    expect(requests).toMatchObject([{ attempt: 3 }]);
  });
});

/** A world whose connection has no credentials, so that nothing is read. */
async function reopened(): Promise<SyncWorld> {
  await world.close();
  const opened = await openSyncWorld();
  service = coalesced(opened.services.sync);
  return opened;
}
