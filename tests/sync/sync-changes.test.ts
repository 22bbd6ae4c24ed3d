import type { Shard } from "../../shared/core/shard";
import { SyncFailure, type SyncTask } from "../../shared/core/sync-task";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { shardIdOf } from "../../shared/repositories/shards";
import { drainMessage } from "../../shared/usecases/drain-message";
import { saveConnection } from "../../shared/usecases/save-connection";
import { startSyncTask } from "../../shared/usecases/start-sync-task";
import { connect, connectionKey } from "../support/connections";
import { makeEvent, makeMessage, noon } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { GoogleStandIn } from "../support/vendors/google";
import { CALENDAR, MAILBOX } from "../support/vendors/google-collections";
import type { Received } from "../support/vendors/stand-in";

let world: SyncWorld;
let google: GoogleStandIn;
beforeEach(open);
afterEach(close);

async function open(): Promise<void> {
  google = await GoogleStandIn.start();
  const env = { OUTBOUND_ALLOW_LOOPBACK: "true", GOOGLE_API_URL: `${google.server.url}/{service}` };
  world = await openSyncWorld({ env });
  await connect(world.app, "google", { kind: "bearer", token: google.tokens.accessToken });
}

async function close(): Promise<void> {
  await world.close();
  await google.server.stop();
}

const eventKey = { tenantId: "tenant-123", integrationId: "google", entityType: "calendar_event", idScope: CALENDAR };
const now = (): string => new Date(world.services.now()).toISOString();
const minutes = (count: number): string => new Date(noon + count * 60_000).toISOString();

function notice(entityType: string, entityId: string, overrides: Partial<WebhookEvent> = {}): WebhookEvent {
  return makeEvent({
    integrationId: "google",
    registrationId: world.registrationId,
    entityType,
    entityId,
    completeness: "hint",
    data: {},
    receivedAt: now(),
    receivedOrder: world.services.now() * 1000,
    ...overrides,
  });
}
const mailNotice = (): WebhookEvent => notice("mailbox", MAILBOX);
const calendarNotice = (): WebhookEvent => notice("calendar", CALENDAR);
const driveNotice = (): WebhookEvent => notice("drive_changes", "resource-1");

/** Hands every message that is visible now to the drain. */
async function drain(): Promise<number> {
  for (let drained = 0; ; drained++) {
    const [message] = await world.app.lockingQueue.receive(1, 60_000);
    if (!message) return drained;
    await drainMessage(world.services, JSON.parse(message.body));
    await world.app.lockingQueue.complete(message.lockToken);
  }
}

/** The tasks that read what a notice found. */
const singles = async (): Promise<readonly SyncTask[]> =>
  (await world.tasks()).filter(({ trigger }) => trigger === "notice");

/** The records of a type that are there, by id. */
async function known(shardTypeId: string, status: Shard["status"] = "active"): Promise<string[]> {
  return (await world.shards({ shardTypeId, status })).map(({ externalId }) => externalId).sort();
}

describe("a notice that a mailbox changed", () => {
  it("has the messages read that came since, each by a task of its own, and says how many", async () => {
    google.collections.putMail("m1", minutes(-5));
    google.collections.putMail("m2", minutes(-4));
    google.collections.putMail("old", minutes(-600));
    const task = await world.sync(mailNotice());
    expect(task).toMatchObject({
      status: "completed",
      source: "provider",
      result: { change: "created" },
      collection: { records: 2, reading: 2, failures: {} },
    });
    expect(await drain()).toBe(2);
    expect(await known("mail_message")).toEqual(["m1", "m2"]);
    const [mail] = await world.shards({ shardTypeId: "mail_message" });
    expect(mail).toMatchObject({ idScope: MAILBOX, structuredData: { subject: expect.stringMatching(/^Mail m/) } });
    expect(await singles()).toMatchObject([{ status: "completed" }, { status: "completed" }]);
  });

  it("goes on where the last one left off: what is new, got a label or was deleted", async () => {
    for (const id of ["m1", "m2", "m3"]) google.collections.putMail(id, minutes(-5));
    await world.sync(mailNotice());
    await drain();
    world.app.advance(60_000);
    google.collections.putMail("m1", minutes(-5), ["TRASH"]);
    google.collections.deleteMail("m2");
    google.collections.putMail("m4", minutes(0));
    expect(await world.sync(mailNotice())).toMatchObject({ collection: { records: 3, reading: 2 } });
    await drain();
    expect([await known("mail_message"), await known("mail_message", "deleted")]).toEqual([
      ["m3", "m4"],
      ["m1", "m2"],
    ]);
    world.app.advance(60_000);
    google.collections.putMail("m1", minutes(-5));
    await world.sync(mailNotice());
    await drain();
    expect(await known("mail_message")).toEqual(["m1", "m3", "m4"]);
  });

  it("finds nothing when it comes again", async () => {
    google.collections.putMail("m1", minutes(-5));
    const event = mailNotice();
    await world.sync(event);
    expect(await world.sync(event)).toMatchObject({ collection: { records: 0, reading: 0 } });
    expect(await drain()).toBe(1);
  });

  it("is followed page by page, by tasks that name one another", async () => {
    google.collections.pageSize = 2;
    for (const id of ["m1", "m2", "m3", "m4", "m5"]) google.collections.putMail(id, minutes(-5));
    const { collection } = await world.sync(mailNotice());
    expect(collection).toMatchObject({ records: 2, furtherTaskId: expect.any(String) });
    await drain();
    expect(await known("mail_message")).toEqual(["m1", "m2", "m3", "m4", "m5"]);
    const pages = (await singles()).filter((task) => task.collection);
    expect(pages.map((task) => task.collection?.records).sort()).toEqual([0, 1, 2]);
    expect(pages.map(({ id }) => id)).toContain(collection?.furtherTaskId);
  });

  it("lets a limit put off the reading of one message, and of no other", async () => {
    for (const id of ["m1", "m2", "m3"]) google.collections.putMail(id, minutes(-5));
    await world.sync(mailNotice());
    google.server.interrupt({ status: 429 });
    await drain();
    expect(await known("mail_message")).toHaveLength(2);
    expect((await singles()).map(({ status }) => status).sort()).toEqual(["completed", "completed", "waiting"]);
    world.app.advance(61_000);
    await drain();
    expect(await known("mail_message")).toEqual(["m1", "m2", "m3"]);
  });

  it("leaves no name, address or subject in any task or log line", async () => {
    google.collections.pageSize = 1;
    for (const id of ["m1", "m2"]) google.collections.putMail(id, minutes(-5));
    await world.sync(mailNotice());
    await drain();
    expect(JSON.stringify([await world.tasks(), world.app.logged])).not.toMatch(/office@|Mail m/);
  });
});

describe("a notice that a calendar changed", () => {
  it("takes in whole events without another call", async () => {
    google.collections.putEvent("e1", minutes(-5), { summary: "Planning" });
    google.collections.putEvent("old", minutes(-600));
    expect(await world.sync(calendarNotice())).toMatchObject({ collection: { records: 1, reading: 0, failures: {} } });
    const [event] = await world.shards({ shardTypeId: "calendar_event" });
    expect(event).toMatchObject({ externalId: "e1", idScope: CALENDAR, structuredData: { title: "Planning" } });
    expect(google.server.calls).toEqual([
      `GET /www/calendar/v3/calendars/${encodeURIComponent(CALENDAR)}`,
      `GET /www/calendar/v3/calendars/${encodeURIComponent(CALENDAR)}/events`,
    ]);
  });

  it("deletes what was cancelled, and brings back what is there again", async () => {
    google.collections.putEvent("e1", minutes(-5));
    await world.sync(calendarNotice());
    world.app.advance(60_000);
    google.collections.putEvent("e1", minutes(1), { status: "cancelled" });
    await world.sync(calendarNotice());
    expect(await known("calendar_event", "deleted")).toEqual(["e1"]);
    world.app.advance(60_000);
    google.collections.putEvent("e1", minutes(2));
    await world.sync(calendarNotice());
    expect(await known("calendar_event")).toEqual(["e1"]);
  });

  it("counts a record that can never be saved by its reason, and goes on with the others", async () => {
    google.collections.putEvent("poison", minutes(-5), { summary: "x".repeat(2 * 1024 * 1024) });
    google.collections.putEvent("e1", minutes(-5));
    expect(await world.sync(calendarNotice())).toMatchObject({
      status: "completed",
      collection: { records: 2, reading: 0, failures: { record_too_large: 1 } },
    });
    expect(await known("calendar_event")).toEqual(["e1"]);
    expect(await world.sync(calendarNotice())).toMatchObject({ collection: { records: 0 } });
  });

  it("has an event read by itself that failed and may succeed later", async () => {
    google.collections.putEvent("e1", minutes(-5));
    google.collections.putEvent("e2", minutes(-5));
    const broken = shardIdOf({ ...eventKey, entityId: "e1" });
    const update = world.services.shards.update.bind(world.services.shards);
    const spy = jest
      .spyOn(world.services.shards, "update")
      .mockImplementation((key, change) =>
        key.shardId === broken ? Promise.reject(new SyncFailure("broken")) : update(key, change),
      );
    expect(await world.sync(calendarNotice())).toMatchObject({
      collection: { records: 2, reading: 1, failures: { broken: 1 } },
    });
    spy.mockRestore();
    expect(await known("calendar_event")).toEqual(["e2"]);
    expect(await drain()).toBe(1);
    expect(await known("calendar_event")).toEqual(["e1", "e2"]);
  });

  it("asks for nothing within a calendar that is gone", async () => {
    await world.sync(notice("calendar", CALENDAR, { eventType: "deleted" }));
    expect(google.server.calls).toEqual([]);
  });
});

describe("a notice that files changed", () => {
  it("takes in whole files, in the trash and out of it again, which changes no time of theirs", async () => {
    google.collections.putFile("f1", minutes(-5), { name: "Plan" });
    expect(await world.sync(driveNotice())).toMatchObject({ notRead: "unsupported", collection: { records: 1 } });
    expect(await known("file")).toEqual(["f1"]);
    world.app.advance(60_000);
    google.collections.putFile("f1", minutes(-5), { name: "Plan", trashed: true });
    await world.sync(driveNotice());
    expect(await known("file", "deleted")).toEqual(["f1"]);
    world.app.advance(60_000);
    google.collections.putFile("f1", minutes(-5), { name: "Plan" });
    await world.sync(driveNotice());
    expect(await known("file")).toEqual(["f1"]);
  });

  it("does not bring back a file by a page that was asked for before the file went to the trash", async () => {
    google.collections.putFile("f1", minutes(-5), { name: "Plan" });
    await world.sync(driveNotice());
    google.collections.putFile("f1", minutes(-4), { name: "Plan B" });
    let asked = 0;
    const release = google.server.hold(({ path }) => path === "/www/drive/v3/changes" && ++asked === 1);
    const slow = world.sync(driveNotice());
    await until(() => asked === 1);
    world.app.advance(1000);
    google.collections.trashFile("f1");
    await world.syncElsewhere(driveNotice());
    release();
    expect(await slow).toMatchObject({ collection: { records: 1 } });
    expect(await known("file", "deleted")).toEqual(["f1"]);
  });

  it("asks for those of the shared drive that its channel watches", async () => {
    const resourceUri = "https://www.googleapis.com/drive/v3/changes?alt=json&driveId=D1&pageToken=77";
    const event = notice("drive_changes", "resource-1", { data: { resourceUri } });
    await world.sync(event);
    await world.sync(event);
    const asked = google.server.requests.filter(({ path }) => path.startsWith("/www/drive/v3/changes"));
    expect(asked.map(({ query }) => query["driveId"])).toEqual(["D1", "D1"]);
  });
});

describe("the position in a collection", () => {
  const isList = ({ path }: Received): boolean => path.endsWith("/events");
  const eventsAsked = () => google.server.requests.filter(isList).map(({ query }) => query["syncToken"]);

  it("survives a death at any write, with nothing lost and nothing made twice", async () => {
    for (let write = 1; write < 16; write++) {
      for (const takesEffect of [false, true]) {
        await close();
        await open();
        google.collections.pageSize = 2;
        for (const id of ["e1", "e2", "e3"]) google.collections.putEvent(id, minutes(-5));
        google.collections.putMail("m1", minutes(-5));
        for (const event of [calendarNotice(), mailNotice()]) {
          await world.services.queue.send([{ messageId: event.eventId, body: makeMessage(event) }]);
        }
        world.store.dieAt(write, takesEffect);
        for (let round = 0; round < 6; round++) {
          const [message] = await world.app.lockingQueue.receive(1, 60_000);
          if (!message) break;
          try {
            await drainMessage(world.services, JSON.parse(message.body));
            await world.app.lockingQueue.complete(message.lockToken);
          } catch {
            await world.app.lockingQueue.abandon(message.lockToken);
          }
          world.store.revive();
        }
        for (let round = 0; round < 3; round++) {
          world.app.advance(3_600_000);
          await drain();
        }
        expect([write, await known("calendar_event"), await known("mail_message")]).toEqual([
          write,
          ["e1", "e2", "e3"],
          ["m1"],
        ]);
        expect(await world.sync(calendarNotice())).toMatchObject({ collection: { records: 0 } });
        expect(await world.sync(mailNotice())).toMatchObject({ collection: { records: 0 } });
      }
    }
  }, 60_000);

  it("is not moved back by the slower one of two notices at once, and both are taken in", async () => {
    google.collections.putEvent("e1", minutes(-5));
    await world.sync(calendarNotice());
    google.collections.putEvent("e2", minutes(-4));
    const release = google.server.hold(isList);
    const slow = world.sync(calendarNotice());
    await until(() => eventsAsked().length === 2);
    google.collections.putEvent("e3", minutes(-3));
    const fast = world.syncElsewhere(calendarNotice());
    await until(() => eventsAsked().length === 3);
    release();
    const found = (await Promise.all([slow, fast])).map((task) => task.collection?.records);
    expect(found).toEqual([1, 2]);
    expect(await known("calendar_event")).toEqual(["e1", "e2", "e3"]);
    google.collections.putEvent("e4", minutes(-2));
    await world.sync(calendarNotice());
    expect(await known("calendar_event")).toEqual(["e1", "e2", "e3", "e4"]);
  });

  describe("among several pages", () => {
    beforeEach(async () => {
      google.collections.pageSize = 2;
      for (const id of ["e1", "e2", "e3"]) google.collections.putEvent(id, minutes(-5));
      await world.sync(calendarNotice());
      // Google's token for later is of the time of the first page.
      google.collections.putEvent("e4", minutes(-1));
    });

    it("is not at the end before what changed meanwhile is taken in, if a task for the next page was given up", async () => {
      const [given] = await world.app.lockingQueue.receive(1, 60_000);
      await world.app.lockingQueue.complete(given?.lockToken ?? "");
      expect(await world.sync(calendarNotice())).toMatchObject({ collection: { records: 1 } });
      await drain();
      expect(await known("calendar_event")).toEqual(["e1", "e2", "e3", "e4"]);
    });

    it("is not at the end either where two tasks are at the last page at once", async () => {
      const release = google.server.hold(isList);
      const further = drain();
      await until(() => eventsAsked().length === 2);
      const fast = world.syncElsewhere(calendarNotice());
      await until(() => eventsAsked().length === 3);
      release();
      await Promise.all([further, fast]);
      await drain();
      expect(await known("calendar_event")).toEqual(["e1", "e2", "e3", "e4"]);
    });
  });

  it("that Google knows no more is left for a new beginning, from when all was known", async () => {
    google.collections.putEvent("e1", minutes(-5));
    await world.sync(calendarNotice());
    world.app.advance(86_400_000);
    await world.sync(calendarNotice());
    google.collections.forget();
    google.collections.putEvent("e2", minutes(1439));
    expect(await world.sync(calendarNotice())).toMatchObject({ status: "completed", collection: { records: 1 } });
    expect(await known("calendar_event")).toEqual(["e1", "e2"]);
    expect(eventsAsked()).toEqual([undefined, "token-1", "token-1", undefined]);
  });

  it("is that of the first notice where the connection had no credentials then, and the task says so", async () => {
    const key = connectionKey(world.app, { integrationId: "google", connectionId: "conn-9" });
    const toTheirs = () => notice("calendar", CALENDAR, { connectionId: key.connectionId });
    google.collections.putEvent("e1", minutes(-5));
    expect(await world.sync(toTheirs())).toMatchObject({
      source: "event",
      notRead: "no_credentials",
      collection: { records: 0, reading: 0, notRead: "no_credentials" },
    });
    expect(google.server.calls).toEqual([]);
    world.app.advance(7 * 86_400_000);
    await saveConnection(world.services, key, { auth: { kind: "bearer", token: google.tokens.accessToken } });
    await world.sync(toTheirs());
    expect(await known("calendar_event")).toEqual(["e1"]);
  });

  it("is each connection's own", async () => {
    await world.sync(calendarNotice());
    const key = connectionKey(world.app, { integrationId: "google", connectionId: "conn-9" });
    await saveConnection(world.services, key, { auth: { kind: "bearer", token: google.tokens.accessToken } });
    await world.sync(notice("calendar", CALENDAR, { connectionId: key.connectionId }));
    expect(eventsAsked()).toEqual([undefined, undefined]);
  });

  it("is gone on from by hand too", async () => {
    google.collections.putMail("m1", minutes(-5));
    const request = { tenantId: "tenant-123", integrationId: "google", connectionId: "conn-123" };
    const { id } = await startSyncTask(world.services, { ...request, entityType: "mailbox", entityId: MAILBOX });
    await drain();
    expect(await known("mail_message")).toEqual(["m1"]);
    expect((await world.tasks()).find((task) => task.id === id)).toMatchObject({
      trigger: "manual",
      status: "completed",
      collection: { records: 1 },
    });
  });
});

/** Lets what is under way go on until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
