import { WebhookError } from "../../shared/core/errors";
import { SyncFailure } from "../../shared/core/sync-task";
import { drainEvent } from "../../shared/usecases/drain-event";
import { listDeliveries } from "../../shared/usecases/list-deliveries";
import { getReplay, listReplays } from "../../shared/usecases/list-replays";
import { planReplay, type ReplayPlan } from "../../shared/usecases/plan-replay";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { cancelReplay, runReplay } from "../../shared/usecases/run-replay";
import { makeEvent, makeMessage, noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

/** 10,000 in `npm run test:long`. */
const MANY = Number(process.env["REPLAYED_DELIVERIES"] ?? 600);
const DAY_MS = 86_400_000;
const tenantId = "tenant-123";
const asker = { tenantId, subject: "token:0123456789ab" };

let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp();
  webhook = await app.register();
});
afterEach(() => app.close());

const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
const failing = () => ({ ...app.services, sync: { enqueueSyncTask: () => Promise.reject(gaveUp) } });

/** Handles an event; a dead one is given up. */
async function handle(entityId: string, name: string, { dead = true } = {}): Promise<void> {
  const { registrationId } = webhook;
  const receivedAt = new Date(app.services.now()).toISOString();
  const event = makeEvent({ registrationId, entityId, receivedAt, data: { Id: entityId, Name: name } });
  await drainEvent(dead ? failing() : app.services, makeMessage(event));
}

const plan = (request: Partial<ReplayPlan> = {}, as = asker) =>
  planReplay(app.services, as, { fields: { outcome: "dead" }, ...request });
const run = (replayId: string, ratePerSecond?: number) =>
  runReplay(app.services, asker, { replayId, ...(ratePerSecond === undefined ? {} : { ratePerSecond }) });
const get = (replayId: string) => getReplay(app.services, tenantId, replayId);

/** Lets so many seconds pass, one by one, and drains the queue in each. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await app.drain();
    app.advance(1000);
  }
}

async function namesOf(): Promise<Map<string, unknown>> {
  const tenant = { tenantId, tenantKey: app.services.tenantKeyOf(tenantId) };
  const names = new Map<string, unknown>();
  let cursor: string | undefined;
  do {
    const page = await app.services.shards.list(tenant, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    for (const { externalId, structuredData } of page.items) names.set(externalId, structuredData["name"]);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return names;
}

describe("the plan of a replay", () => {
  it("says how much there is, from when to when, the oldest of it, and what cannot be replayed and why", async () => {
    for (const id of ["001", "002", "003"]) {
      await handle(id, "Ada");
      app.advance(DAY_MS);
    }
    await app.deliver(webhook.registrationId, "{}", {}).catch(() => undefined);
    await app.services.gatherer.flush();
    const planned = await plan({ fields: {} });
    expect(planned).toMatchObject({
      replayId: expect.stringMatching(/^replay-[0-9a-f]{11}-[0-9a-f]{32}$/),
      status: "planned",
      filter: {},
      plannedBy: asker.subject,
      matched: 4,
      replayable: 3,
      notReplayable: { refused: 1 },
      oldest: new Date(noon).toISOString(),
      newest: new Date(noon + 2 * DAY_MS).toISOString(),
      sample: [{ entityId: "001" }, { entityId: "002" }, { entityId: "003" }],
      queued: 0,
    });
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0, scheduled: 0 });
  });

  it("is of what a search finds", async () => {
    for (const id of ["001", "002", "003"]) {
      await handle(id, "Ada", { dead: id !== "002" });
      app.advance(DAY_MS);
    }
    const until = new Date(noon + DAY_MS).toISOString();
    expect(await plan({ until })).toMatchObject({ matched: 1, sample: [{ entityId: "001" }] });
    expect(await plan({ since: until })).toMatchObject({ matched: 1, sample: [{ entityId: "003" }] });
    expect(await plan({ fields: { entityId: "002" } })).toMatchObject({ matched: 1 });
    expect(await plan({ fields: { entityId: "004" } })).not.toHaveProperty("oldest");
    expect(await codeOf(plan({ since: until, until: new Date(noon).toISOString() }))).toBe("invalid_request");
  });

  it("is of nothing that comes in later", async () => {
    await handle("001", "Ada");
    const { replayId } = await plan({ fields: {} });
    app.advance(1000);
    await handle("002", "Grace");
    await run(replayId);
    await pass(3);
    expect(await get(replayId)).toMatchObject({ status: "completed", queued: 1 });
  });

  it("disappears after an hour, and nothing runs without one", async () => {
    const { replayId } = await plan();
    app.advance(3_599_000);
    expect(await get(replayId)).toMatchObject({ status: "planned" });
    app.advance(2_000);
    expect(await codeOf(run(replayId))).toBe("replay_not_found");
    expect(await codeOf(run("replay-00000000000-0"))).toBe("replay_not_found");
  });

  it("of more than anybody can overlook is refused", async () => {
    await handle("001", "Ada");
    const { items } = await app.services.deliveries.search(
      { tenantId, tenantKey: app.services.tenantKeyOf(tenantId) },
      { fields: {}, since: 0, until: noon, limit: 1 },
    );
    const lines = Array.from({ length: 1000 }, () => items[0]).flatMap((line) => line ?? []);
    jest.spyOn(app.services.deliveries, "search").mockResolvedValue({ items: lines, cursor: "more" });
    expect(await codeOf(plan())).toBe("invalid_request");
  });
});

describe("the run of a replay", () => {
  it("of a short time takes as many pages as that has, however much came before and after on the same day", async () => {
    const handleMany = async (prefix: string): Promise<void> => {
      for (let number = 0; number < 20; number++) await handle(`${prefix}-${number}`, "Ada");
      app.advance(1000);
    };
    for (const prefix of ["before", "within", "after"]) await handleMany(prefix);
    const isoOf = (time: number): string => new Date(time).toISOString();
    const { replayId } = await plan({ since: isoOf(noon + 1000), until: isoOf(noon + 1999) });
    await run(replayId, 10);
    await pass(5);
    expect(await get(replayId)).toMatchObject({ status: "completed", matched: 20, queued: 20 });
    const tenant = { tenantId, tenantKey: app.services.tenantKeyOf(tenantId) };
    expect(await app.services.replays.find(tenant, replayId)).toMatchObject({ pages: 2 });
  });

  it("gives every event its effect, the oldest first, and the last of each entity stands", async () => {
    const entities = Math.floor(MANY / 20);
    for (let number = 0; number < MANY; number++) {
      await handle(`e-${number % entities}`, `name ${number}`);
      app.advance(7);
    }
    const { replayId, replayable } = await plan();
    expect(replayable).toBe(MANY);
    await run(replayId, 1000);
    let known = 0;
    for (let step = 0; (await get(replayId)).status === "running" && step <= MANY; step++) {
      await app.drain();
      app.advance(100);
      const { queued } = await get(replayId);
      expect(queued).toBeGreaterThanOrEqual(known);
      known = queued;
    }
    expect(await get(replayId)).toMatchObject({ status: "completed", queued: MANY, skipped: {} });
    await app.drain();
    expect((await plan()).matched).toBe(0);
    expect((await plan({ fields: { replayId, outcome: "synchronised" } })).matched).toBe(MANY);
    const expected = Array.from({ length: entities }, (_, entity) => [
      `e-${entity}`,
      `name ${MANY - entities + entity}`,
    ]);
    expect(await namesOf()).toEqual(new Map(expected as [string, string][]));
  });

  it("queues so many events a second and no more, in the order of receipt", async () => {
    for (let number = 0; number < 25; number++) {
      await handle(`e-${number}`, "Ada");
      app.advance(1);
    }
    const enqueue = jest.spyOn(app.services.sync, "enqueueSyncTask");
    const { replayId } = await plan();
    await run(replayId, 10);
    const seen: number[] = [];
    for (let second = 0; second < 4; second++) {
      await app.drain();
      seen.push(enqueue.mock.calls.length);
      app.advance(1000);
    }
    expect(seen).toEqual([10, 20, 25, 25]);
    const ids = enqueue.mock.calls.flatMap(([request]) => ("events" in request ? request.events : []));
    expect(ids.map(({ entityId }) => entityId)).toEqual(Array.from({ length: 25 }, (_, number) => `e-${number}`));
    expect(new Set(ids.map((event) => event.replayId))).toEqual(new Set([replayId]));
  });

  it("stops when it is cancelled, and cannot be run again", async () => {
    for (let number = 0; number < 25; number++) await handle(`e-${number}`, "Ada");
    const { replayId } = await plan();
    await run(replayId, 10);
    await app.drain();
    const cancelled = await cancelReplay(app.services, asker, replayId);
    expect(cancelled).toMatchObject({ status: "cancelled", queued: 10, cancelledBy: asker.subject });
    await pass(5);
    expect(await get(replayId)).toMatchObject({ status: "cancelled", queued: 10 });
    expect((await plan()).matched).toBe(15);
    expect(await codeOf(run(replayId))).toBe("replay_ended");
    expect(await cancelReplay(app.services, asker, replayId)).toMatchObject({ status: "cancelled" });
  });

  it("counts what it queued although it is cancelled in the middle of a page", async () => {
    for (let number = 0; number < 5; number++) await handle(`e-${number}`, "Ada");
    const { replayId } = await plan();
    await run(replayId, 2);
    const { queue } = app.services;
    const send = queue.send.bind(queue);
    jest.spyOn(queue, "send").mockImplementationOnce(async (messages) => {
      await cancelReplay(app.services, asker, replayId);
      return send(messages);
    });
    await pass(5);
    expect(await get(replayId)).toMatchObject({ status: "cancelled", queued: 2 });
  });

  it("that is over cannot be cancelled, nor a plan be run that was dropped", async () => {
    const done = await plan();
    await run(done.replayId);
    await pass(1);
    expect(await codeOf(cancelReplay(app.services, asker, done.replayId))).toBe("replay_ended");
    const dropped = await plan();
    await cancelReplay(app.services, asker, dropped.replayId);
    expect(await codeOf(run(dropped.replayId))).toBe("replay_ended");
  });

  describe("that is interrupted", () => {
    beforeEach(async () => {
      for (let number = 0; number < 7; number++) await handle(`e-${number}`, "Ada");
    });

    const interruptions = {
      "before a page is noted": () => jest.spyOn(app.services.replays, "update"),
      "before its events are queued": () => jest.spyOn(app.services.queue, "send"),
      "before the next page is asked for": () => jest.spyOn(app.services.queue, "schedule"),
    };

    it.each(Object.entries(interruptions))("%s goes on and gives each event one effect", async (_, spyOn) => {
      const { replayId } = await plan();
      await run(replayId, 3);
      const enqueue = jest.spyOn(app.services.sync, "enqueueSyncTask");
      spyOn().mockRejectedValueOnce(new WebhookError("store_unavailable"));
      await pass(200);
      expect(await get(replayId)).toMatchObject({ status: "completed", queued: 7, skipped: {} });
      expect(enqueue).toHaveBeenCalledTimes(7);
    });

    it("before it is noted that it is over, says so all the same, and repeats nothing", async () => {
      const { replayId } = await plan();
      await run(replayId);
      const { replays } = app.services;
      const update = replays.update.bind(replays);
      jest
        .spyOn(replays, "update")
        .mockImplementationOnce(update)
        .mockRejectedValueOnce(new WebhookError("store_unavailable"));
      const enqueue = jest.spyOn(app.services.sync, "enqueueSyncTask");
      await pass(200);
      expect(await get(replayId)).toMatchObject({ status: "completed", queued: 7 });
      expect(enqueue).toHaveBeenCalledTimes(7);
    });

    it("in the middle of a page goes on with that page when it is run again, and starts over with none", async () => {
      const { replayId } = await plan();
      await run(replayId, 3);
      for (let page = 0; page < 2; page++) {
        const send = jest
          .spyOn(app.services.queue, "send")
          .mockRejectedValueOnce(new WebhookError("queue_unavailable"));
        await app.drain();
        send.mockRestore();
        await run(replayId);
        await pass(2);
      }
      await pass(300);
      expect(await get(replayId)).toMatchObject({ status: "completed", queued: 7 });
      const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 50 });
      expect(deliveries.map(({ outcome }) => outcome)).toEqual(Array(7).fill("synchronised"));
    });

    it("of a single page says that it is over when it is run again, and queues nothing twice", async () => {
      const { replayId } = await plan();
      await run(replayId);
      const send = jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
      await app.drain();
      send.mockRestore();
      await run(replayId);
      await pass(300);
      expect(await get(replayId)).toMatchObject({ status: "completed", queued: 7 });
    });

    it("before its first page was asked for goes on when it is run again", async () => {
      const { replayId } = await plan();
      jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
      expect(await codeOf(run(replayId))).toBe("queue_unavailable");
      await run(replayId);
      await run(replayId);
      await pass(3);
      expect(await get(replayId)).toMatchObject({ status: "completed", queued: 7, ratePerSecond: 50 });
    });
  });

  it("says that it failed once a back end was out for longer than anybody waits", async () => {
    await handle("001", "Ada");
    const { replayId } = await plan();
    await run(replayId);
    jest.spyOn(app.services.deliveries, "search").mockRejectedValue(new WebhookError("store_unavailable"));
    for (let day = 0; day < 14; day++) {
      await app.drain();
      app.advance(DAY_MS);
    }
    expect(await get(replayId)).toMatchObject({ status: "failed", reason: "store_unavailable", queued: 0 });
  });

  it("skips what is not kept any more, and says why", async () => {
    await handle("001", "Ada");
    await handle("002", "Ada", { dead: false });
    const { replayId } = await plan({ fields: {} });
    jest.spyOn(app.services.deliveries, "recordOf").mockResolvedValueOnce(undefined);
    await run(replayId);
    await pass(3);
    expect(await get(replayId)).toMatchObject({ status: "completed", queued: 1, skipped: { not_kept: 1 } });
  });
});

describe("replays", () => {
  it("are listed newest first, and are kept once they were run", async () => {
    const first = await plan();
    await run(first.replayId);
    await pass(1);
    const second = await plan();
    const ids = async () =>
      (await listReplays(app.services, tenantId, { limit: 5 })).replays.map((one) => one.replayId);
    expect(await ids()).toEqual([second.replayId, first.replayId]);
    app.advance(DAY_MS);
    expect(await ids()).toEqual([first.replayId]);
    const page = await listReplays(app.services, tenantId, { limit: 1 });
    expect(page.replays).toHaveLength(1);
    expect(await codeOf(listReplays(app.services, tenantId, { limit: 1, cursor: "made-up" }))).toBe("invalid_cursor");
  });

  it("are of one tenant: another finds, runs and cancels none, and plans nothing of it", async () => {
    await handle("001", "Ada");
    const { replayId } = await plan();
    const stranger = { tenantId: "tenant-b", subject: "token:b" };
    expect(await codeOf(getReplay(app.services, "tenant-b", replayId))).toBe("replay_not_found");
    expect(await codeOf(runReplay(app.services, stranger, { replayId }))).toBe("replay_not_found");
    expect(await codeOf(cancelReplay(app.services, stranger, replayId))).toBe("replay_not_found");
    expect(await listReplays(app.services, "tenant-b", { limit: 5 })).toEqual({ replays: [] });
    expect(await plan({ fields: {} }, stranger)).toMatchObject({ matched: 0 });
  });

  it("show in the delivery log by what they handled", async () => {
    await handle("001", "Ada");
    const { replayId } = await plan();
    await run(replayId);
    await pass(2);
    const { deliveries } = await listDeliveries(app.services, tenantId, { fields: { replayId }, limit: 5 });
    expect(deliveries).toMatchObject([{ entityId: "001", outcome: "synchronised", replayId }]);
  });
});
