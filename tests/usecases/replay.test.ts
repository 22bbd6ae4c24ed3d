import { WebhookError } from "../../shared/core/errors";
import { getDelivery, listDeliveries } from "../../shared/usecases/list-deliveries";
import { SyncFailure } from "../../shared/core/sync-task";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { discardDelivery } from "../../shared/usecases/discard-delivery";
import { replayDelivery } from "../../shared/usecases/replay-delivery";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { noon } from "../support/make";
import { codeOf, contactBody, openTestApp, type TestApp } from "../support/test-app";

const DAY_MS = 86_400_000;
const tenantId = "tenant-123";
const who = "token:0123456789ab";

let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp();
  webhook = await app.register();
});
afterEach(() => app.close());

const failNext = (error: Error) => jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(error);
const gaveUp = new SyncFailure("mapping_missing", { permanent: true });

/** The newest line of the log, once everything was drained and flushed. */
async function newestLine() {
  await app.drain();
  await app.services.gatherer.flush();
  const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 1 });
  if (!deliveries[0]) throw new Error("the log is empty");
  return deliveries[0];
}

async function deliver(fields: object = { Name: "Ada" }, action = "created"): Promise<string> {
  await app.deliverSigned(webhook, contactBody(action, "003", fields));
  return (await newestLine()).deliveryId;
}

const replay = (deliveryId: string, as = tenantId) => replayDelivery(app.services, { tenantId: as, deliveryId }, who);
const details = (deliveryId: string) => getDelivery(app.services, { tenantId, deliveryId });

async function shard() {
  const tenant = { tenantId, tenantKey: app.services.tenantKeyOf(tenantId) };
  return (await app.services.shards.list(tenant, { limit: 1 })).items[0];
}

describe("two replays of one event", () => {
  it("are one success, though the first took the payload with it", async () => {
    failNext(gaveUp);
    const deliveryId = await deliver({ Name: "Ada", Notes: "x".repeat(300_000) });
    const [first, second] = [await replay(deliveryId), await replay(deliveryId)];
    expect(first.replayId).not.toBe(second.replayId);
    await app.drain();
    const found = await details(deliveryId);
    expect(found).toMatchObject({ outcome: "synchronised" });
    expect(found.replays?.map((each) => ("outcome" in each ? each.outcome : "")).sort()).toEqual([
      "dead",
      "synchronised",
    ]);
    expect((await shard())?.structuredData).toMatchObject({ name: "Ada" });
  });

  it("of an event that was discarded meanwhile have no effect, and leave it discarded", async () => {
    failNext(gaveUp);
    const deliveryId = await deliver();
    await replay(deliveryId);
    await discardDelivery(app.services, { tenantId, deliveryId });
    failNext(gaveUp);
    await app.drain();
    expect(await details(deliveryId)).toMatchObject({ outcome: "discarded" });
    expect(await shard()).toBeUndefined();
  });
});

describe("a replay", () => {
  it("gives a dead event its effect, and its record says when, by whom and with what outcome", async () => {
    failNext(gaveUp);
    const deliveryId = await deliver();
    expect(await details(deliveryId)).toMatchObject({ outcome: "dead", reason: "mapping_missing", replayable: true });
    app.advance(DAY_MS);
    const { replayId } = await replay(deliveryId);
    await app.drain();
    const requestedAt = new Date(noon + DAY_MS).toISOString();
    const replays = [
      { replayId, requestedAt, requestedBy: who, settledAt: requestedAt, outcome: "synchronised", attempts: 1 },
    ];
    const found = await details(deliveryId);
    expect(found).toMatchObject({ outcome: "synchronised", attempts: 1, latencyMs: 0, replayId, replays });
    expect(found).not.toHaveProperty("reason");
    expect(await shard()).toMatchObject({ structuredData: { name: "Ada" } });
  });

  it("of an event that had its effect runs again, and changes nothing that is newer by now", async () => {
    const older = await deliver({ Name: "Ada" });
    app.advance(1000);
    await deliver({ Name: "Grace" }, "updated");
    const enqueue = jest.spyOn(app.services.sync, "enqueueSyncTask");
    await replay(older);
    await app.drain();
    expect(enqueue).toHaveBeenCalledTimes(1);
    expect(await details(older)).toMatchObject({ outcome: "synchronised", change: "stale" });
    expect(await shard()).toMatchObject({ structuredData: { name: "Grace" } });
  });

  it("has one effect however often the queue delivers its message", async () => {
    const deliveryId = await deliver();
    await replay(deliveryId);
    const [message] = await app.lockingQueue.receive(1, 1);
    expect(message?.messageId).toMatch(/^[0-9a-f]{64}#\w+~[0-9a-f]{32}$/);
    const enqueue = jest.spyOn(app.services.sync, "enqueueSyncTask");
    await app.lockingQueue.complete(message?.lockToken ?? "");
    const body = JSON.parse(message?.body ?? "") as object;
    for (const copy of ["a", "b"]) await app.services.queue.send([{ messageId: copy, body }]);
    await app.drain();
    expect(enqueue).toHaveBeenCalledTimes(1);
    expect((await details(deliveryId)).replays).toHaveLength(1);
  });

  it("begins its attempts anew, by the retry policy, and may die like any event", async () => {
    failNext(gaveUp);
    const deliveryId = await deliver();
    await replay(deliveryId);
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValue(new SyncFailure("engine_answered_500"));
    await app.drain();
    expect(await details(deliveryId)).toMatchObject({ outcome: "retrying", attempts: 1 });
    for (let attempt = 2; attempt <= 4; attempt++) {
      app.advance(3_600_000);
      await app.drain();
    }
    const died = { outcome: "dead", attempts: 4, reason: "engine_answered_500" };
    expect(await details(deliveryId)).toMatchObject({ ...died, replays: [died], replayable: true });
  });

  it("waits out an outage although its event came in long ago", async () => {
    const deliveryId = await deliver();
    app.advance(20 * DAY_MS);
    await replay(deliveryId);

    failNext(new WebhookError("store_unavailable"));
    await app.drain();
    expect(await app.lockingQueue.depth()).toMatchObject({ scheduled: 1 });
    app.advance(3_600_000);
    await app.drain();
    expect(await details(deliveryId)).toMatchObject({ outcome: "synchronised", attempts: 1 });
  });

  it("takes a payload that did not fit the message from where it is kept", async () => {
    failNext(gaveUp);
    const deliveryId = await deliver({ Name: "Ada", Notes: "x".repeat(300_000) });
    await replay(deliveryId);
    await app.drain();
    expect(await details(deliveryId)).toMatchObject({ outcome: "synchronised" });
    expect(await shard()).toMatchObject({ structuredData: { name: "Ada" } });
    expect(await codeOf(replay(deliveryId))).toBe("delivery_not_kept");
  });

  it("of an event whose payload is gone is refused", async () => {
    failNext(gaveUp);
    const deliveryId = await deliver({ Name: "Ada", Notes: "x".repeat(300_000) });
    jest.spyOn(app.services.payloads, "get").mockResolvedValue(undefined);
    expect(await codeOf(replay(deliveryId))).toBe("delivery_not_kept");
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0 });
  });

  it("goes on after its webhook was deleted", async () => {
    failNext(gaveUp);
    const deliveryId = await deliver();
    await unregisterWebhook(app.services, { tenantId, registrationId: webhook.registrationId });
    await replay(deliveryId);
    await app.drain();
    expect(await details(deliveryId)).toMatchObject({ outcome: "synchronised" });
    expect(await shard()).toMatchObject({ structuredData: { name: "Ada" } });
  });

  it("keeps the last ten replays, the newest first, and the last is searched by", async () => {
    const deliveryId = await deliver();
    const ids: string[] = [];
    for (let times = 0; times < 12; times++) {
      ids.unshift((await replay(deliveryId)).replayId);
      await app.drain();
    }
    expect((await details(deliveryId)).replays?.map(({ replayId }) => replayId)).toEqual(ids.slice(0, 10));
    const search = (replayId = "") => listDeliveries(app.services, tenantId, { fields: { replayId }, limit: 5 });
    expect((await search(ids[0])).deliveries).toMatchObject([{ deliveryId }]);
    expect((await search(ids[1])).deliveries).toEqual([]);
  });

  it("counts in the webhook's health like any other attempt", async () => {
    failNext(gaveUp);
    await replay(await deliver());
    await app.drain();
    const stored = await app.services.registrations.find(webhook.registrationId);
    const { counts } = await healthOf(app.services, stored?.value ?? (await Promise.reject(new Error("gone"))));
    expect(counts).toMatchObject({ accepted: 1, dead: 1, synced: 1 });
  });

  it("of what ended at the door is refused", async () => {
    await app.deliver(webhook.registrationId, "{}", {}).catch(() => undefined);
    const { deliveryId, verdict } = await newestLine();
    expect([verdict, await codeOf(replay(deliveryId))]).toEqual(["refused", "delivery_not_kept"]);
  });

  it("of an event that the settings let nobody keep is refused", async () => {
    await app.close();
    app = await openTestApp({ DELIVERY_EVENTS: "dropped" });
    webhook = await app.register();
    const deliveryId = await deliver();
    expect(await newestLine()).not.toHaveProperty("replayable");
    expect(await codeOf(replay(deliveryId))).toBe("delivery_not_kept");
  });

  it("of another tenant's delivery finds none", async () => {
    const deliveryId = await deliver();
    expect(await codeOf(replay(deliveryId, "tenant-b"))).toBe("delivery_not_found");
    expect(await codeOf(replay("delivery-0-x"))).toBe("delivery_not_found");
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0 });
  });
});
