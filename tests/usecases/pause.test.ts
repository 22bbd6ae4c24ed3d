import { WebhookError } from "../../shared/core/errors";
import { SyncDelay } from "../../shared/core/sync-task";
import { listDeliveries } from "../../shared/usecases/list-deliveries";
import { pauseIntegration, pauseWebhook, resumeIntegration, resumeWebhook } from "../../shared/usecases/pause-webhook";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { type NewRegistration, registerWebhook } from "../../shared/usecases/register-webhook";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { noon } from "../support/make";
import { codeOf, contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

const HOUR_MS = 3_600_000;
const tenantId = "tenant-123";
const who = "token:0123456789ab";
const ada = { subject: who, tenantId, isOperator: false };

let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp();
  webhook = await app.register();
});
afterEach(() => app.close());

const keyOf = ({ registrationId } = webhook) => ({ tenantId, registrationId });
const pause = () => pauseWebhook(app.services, keyOf(), who);
const resume = () => resumeWebhook(app.services, keyOf());
const held = () => app.services.heldEvents.countOf(tenantId, webhook.registrationId);

async function deliver(id: string, fields: object = {}, to = webhook) {
  const body = JSON.stringify(contactBody("updated", id, fields));
  const result = await app.deliver(to.registrationId, body, {
    "x-salesforce-event-signature": seedSignature(to, body),
    "x-salesforce-event-id": `event-${id}`,
  });
  if (result.kind !== "receipt") throw new Error("it was taken for a handshake");
  return result.receipt;
}

async function registration({ registrationId } = webhook) {
  const stored = await app.services.registrations.find(registrationId);
  if (!stored) throw new Error("the webhook is gone");
  return stored.value;
}

/** Ids of the records that were synchronised, in order. */
function synchronised(): readonly string[] {
  const calls = jest.mocked(app.services.sync.enqueueSyncTask).mock.calls;
  return calls.flatMap(([request]) => ("events" in request ? request.events.map(({ entityId }) => entityId) : []));
}

describe("a webhook that is paused", () => {
  it("takes deliveries and holds them: nothing is queued, and nothing is lost", async () => {
    expect(await pause()).toMatchObject({ pause: { state: "paused", since: new Date(noon).toISOString(), by: who } });
    expect(await deliver("001")).toMatchObject({ success: true, syncTriggered: false, held: true, entityId: "001" });
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0, scheduled: 0 });
    expect(await held()).toBe(1);
  });

  it("shows in the log what it holds, and later what became of it", async () => {
    await pause();
    await deliver("001");
    await deliver("001");
    const logged = async () => {
      await app.services.gatherer.flush();
      return (await listDeliveries(app.services, tenantId, { fields: { entityId: "001" }, limit: 10 })).deliveries;
    };
    const [repeated, first, ...others] = await logged();
    expect(others).toEqual([]);
    expect([first, repeated].map((line) => [line?.verdict, line?.outcome]).sort()).toEqual([
      ["accepted", "held"],
      ["duplicate", undefined],
    ]);
    await resume();
    await app.drain();
    const outcomes = (await logged()).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(expect.arrayContaining(["synchronised", undefined]));
    expect(outcomes).toHaveLength(2);
  });

  it("is not said to hold what was synchronised before the log was written", async () => {
    await pause();
    await deliver("001");
    await resume();
    await app.drain();
    await app.services.gatherer.flush();
    const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 10 });
    expect(deliveries).toMatchObject([{ verdict: "accepted", outcome: "synchronised" }]);
  });

  it("holds a delivery once, however often it is repeated", async () => {
    await pause();
    await deliver("001");
    expect(await deliver("001")).toMatchObject({ duplicate: true, syncTriggered: false });
    expect(await held()).toBe(1);
  });

  it("refuses as ever what is not genuine", async () => {
    await pause();
    const forged = app.deliver(webhook.registrationId, "{}", { "x-salesforce-event-signature": "sha256=00" });
    await expect(forged).rejects.toMatchObject({ reason: "header_malformed" });
    expect(await held()).toBe(0);
  });

  it("answers 503 while the store is out, and holds the repetition", async () => {
    await pause();
    const { heldEvents } = app.services;
    jest.spyOn(heldEvents, "hold").mockRejectedValueOnce(new WebhookError("store_unavailable"));
    expect(await codeOf(deliver("001"))).toBe("store_unavailable");
    expect(await deliver("001")).toMatchObject({ held: true });
  });

  it("holds what does not fit a message, too", async () => {
    await pause();
    await deliver("001", { Notes: "x".repeat(300_000), Name: "Ada" });
    await resume();
    await app.drain();
    const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 5 });
    expect(deliveries).toMatchObject([{ entityId: "001", outcome: "synchronised" }]);
  });

  it("holds for as long as it takes what does not fit a message: the timer keeps its fields from running out", async () => {
    jest.spyOn(app.services.sync, "enqueueSyncTask");
    await pause();
    await deliver("001", { Notes: "x".repeat(300_000) });
    for (let weeks = 0; weeks < 20; weeks++) {
      app.advance(7 * 24 * HOUR_MS);
      await recomputeHealth(app.services);
    }
    const put = jest.spyOn(app.services.payloads, "put");
    await recomputeHealth(app.services);
    expect(put).not.toHaveBeenCalled();
    await resume();
    await app.drain();
    expect(synchronised()).toEqual(["001"]);
  });

  it("is paused once: asked again, it stays as it is", async () => {
    const first = await pause();
    app.advance(HOUR_MS);
    expect((await pauseWebhook(app.services, keyOf(), "somebody else")).pause).toEqual(first.pause);
  });

  it("says in its health how much it holds, and warns before the bound", async () => {
    await pause();
    await deliver("001");
    const before = await healthOf(app.services, await registration());
    const heldAtMost = { events: 10_000, until: "2026-12-01T12:00:00.000Z" };
    expect(before).toMatchObject({ status: "healthy", heldCount: 1, heldAtMost });
    expect(before.recommendations).toEqual([
      `Paused since 2026-11-24T12:00:00.000Z by ${who}, and 1 event(s) are held. At 10000 events or on 2026-12-01T12:00:00.000Z deliveries are answered 503: POST /webhooks/{registrationId}/resume.`,
    ]);
    app.advance(6 * 24 * HOUR_MS);
    expect(await healthOf(app.services, await registration())).toMatchObject({ status: "degraded" });
    app.advance(-6 * 24 * HOUR_MS);
    jest.spyOn(app.services.heldEvents, "countOf").mockResolvedValue(8000);
    expect(await healthOf(app.services, await registration())).toMatchObject({ status: "degraded", heldCount: 8000 });
  });

  it.each([
    ["10,000 events are held", () => jest.spyOn(app.services.heldEvents, "countOf").mockResolvedValueOnce(10_000)],
    ["it was paused for seven days", () => app.advance(7 * 24 * HOUR_MS)],
  ])("answers 503 once %s, and keeps what it has", async (_, reachBound) => {
    await pause();
    await deliver("001");
    reachBound();
    expect(await codeOf(deliver("002"))).toBe("hold_full");
    expect(await held()).toBe(1);
    await resume();
    await app.drain();
    expect(await deliver("002")).toMatchObject({ syncTriggered: true });
  });
});

describe("a webhook that is resumed", () => {
  beforeEach(() => jest.spyOn(app.services.sync, "enqueueSyncTask"));

  it("queues what it held in the order of receipt, each event once, and goes on as before", async () => {
    const ids = Array.from({ length: 120 }, (_, number) => `id-${number}`);
    await pause();
    for (const id of ids) await deliver(id);
    expect((await resume()).pause).toMatchObject({ state: "resuming" });
    await app.drain();
    expect(synchronised()).toEqual(ids);
    expect(await registration()).not.toHaveProperty("pause");
    expect(await held()).toBe(0);
    expect(await deliver("later")).toMatchObject({ syncTriggered: true });
    app.advance(60_000);
    await app.drain();
    expect(synchronised()).toEqual([...ids, "later"]);
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0, scheduled: 0 });
  });

  it("tries what it held for long as if it had come in now: a limit of calls puts it off and gives nothing up", async () => {
    await pause();
    await deliver("001");
    app.advance(7 * 24 * HOUR_MS);
    await resume();
    const { sync, now } = app.services;
    const wait = jest.mocked(sync.enqueueSyncTask);
    for (let hours = 0; hours < 6; hours++) {
      wait.mockRejectedValueOnce(new SyncDelay("rate_limited", now() + HOUR_MS));
      await app.drain();
      app.advance(HOUR_MS + 60_000);
    }
    await app.drain();
    const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 5 });
    expect(deliveries).toMatchObject([{ outcome: "synchronised" }]);
  });

  it("lets what comes meanwhile wait behind what it held", async () => {
    await pause();
    await deliver("001");
    await resume();
    expect(await deliver("002")).toMatchObject({ held: true });
    await app.drain();
    expect(synchronised()).toEqual(["001", "002"]);
  });

  it("gives an event that was synchronised before no second effect", async () => {
    await deliver("001");
    await app.drain();
    await pause();
    expect(await deliver("001")).toMatchObject({ held: true });
    await resume();
    await app.drain();
    expect(synchronised()).toEqual(["001"]);
  });

  it("looks once more for what another instance held that did not know yet", async () => {
    await pause();
    await deliver("001");
    const [early] = await app.services.heldEvents.oldest(tenantId, webhook.registrationId, 1);
    await resume();
    await app.drain();
    if (early)
      await app.services.heldEvents.hold({ ...early, id: "late", message: { ...early.message, messageId: "late" } });
    app.advance(39_000);
    await app.drain();
    expect(await held()).toBe(1);
    app.advance(2_000);
    await app.drain();
    expect(await held()).toBe(0);
  });

  const interruptions = {
    "its events are queued": () => jest.spyOn(app.services.queue, "send"),
    "they are let go of": () => jest.spyOn(app.services.heldEvents, "release"),
  };

  it.each(Object.entries(interruptions))(
    "goes on after it was interrupted before %s, and gives each event one effect",
    async (_, spyOn) => {
      await pause();
      for (const id of ["001", "002", "003"]) await deliver(id);
      await resume();
      spyOn().mockRejectedValueOnce(new WebhookError("store_unavailable"));
      await app.drain();
      app.advance(HOUR_MS);
      await app.drain();
      expect(synchronised().toSorted()).toEqual(["001", "002", "003"]);
      expect(await held()).toBe(0);
      expect(await registration()).not.toHaveProperty("pause");
    },
  );

  it("stops where it is paused again, and goes on from there", async () => {
    await pause();
    await deliver("001");
    await resume();
    app.advance(HOUR_MS);
    expect((await pause()).pause).toMatchObject({ state: "paused", since: new Date(noon).toISOString() });
    await app.drain();
    expect([synchronised(), await held()]).toEqual([[], 1]);
    await resume();
    await app.drain();
    expect(synchronised()).toEqual(["001"]);
  });

  it("goes on when it is resumed again after its message was not taken", async () => {
    await pause();
    await deliver("001");
    jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    expect(await codeOf(resume())).toBe("queue_unavailable");
    await resume();
    await app.drain();
    expect(synchronised()).toEqual(["001"]);
  });

  it("and not heard of for an hour, because the process was killed before it could ask, is resumed again by the timer", async () => {
    await pause();
    await deliver("001");
    jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    expect(await codeOf(resume())).toBe("queue_unavailable");
    await recomputeHealth(app.services);
    await app.drain();
    expect(synchronised()).toEqual([]);
    app.advance(HOUR_MS);
    jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    await recomputeHealth(app.services);
    expect(app.logged.map(({ event }) => event)).toContain("pause.not_tended");
    app.advance(HOUR_MS);
    await recomputeHealth(app.services);
    await recomputeHealth(app.services);
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 1 });
    await app.drain();
    expect(synchronised()).toEqual(["001"]);
    expect(await registration()).not.toHaveProperty("pause");
  });

  it("although it was never paused, stays as it is", async () => {
    expect(await resume()).not.toHaveProperty("pause");
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0 });
  });

  it("or is deleted, has what it held synchronised", async () => {
    await pause();
    await deliver("001");
    jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    expect(await codeOf(unregisterWebhook(app.services, keyOf()))).toBe("queue_unavailable");
    await unregisterWebhook(app.services, keyOf());
    await app.drain();
    expect(synchronised()).toEqual(["001"]);
    expect(await held()).toBe(0);
  });
});

describe("an integration", () => {
  it("is paused and resumed with all the webhooks that the tenant has of it, and no others", async () => {
    const second = await app.register();
    const others = await app.register({ integrationId: "github" });
    const strangers = await registerWebhook(app.services, {
      tenantId: "tenant-b",
      integrationId: "salesforce",
      connectionId: "conn-b",
      events: ["*"],
    });
    const key = { tenantId, integrationId: "salesforce" };
    expect(await pauseIntegration(app.services, key, ada)).toEqual({ integrationId: "salesforce", webhooks: 2 });
    for (const paused of [webhook, second]) expect(await registration(paused)).toHaveProperty("pause");
    for (const other of [others, strangers]) expect(await registration(other)).not.toHaveProperty("pause");
    expect(await deliver("001", {}, second)).toMatchObject({ held: true });
    expect(await pauseIntegration(app.services, key, ada)).toMatchObject({ webhooks: 0 });
    expect(await resumeIntegration(app.services, key, ada)).toMatchObject({ webhooks: 2 });
    await app.drain();
    for (const resumed of [webhook, second]) expect(await registration(resumed)).not.toHaveProperty("pause");
  });

  it("must be one that there is", async () => {
    const key = { tenantId, integrationId: "nonsense" };
    expect(await codeOf(pauseIntegration(app.services, key, ada))).toBe("unknown_integration");
  });
});

describe("pausing", () => {
  it("is for the webhook's own tenant", async () => {
    const key = { tenantId: "tenant-b", registrationId: webhook.registrationId };
    expect(await codeOf(pauseWebhook(app.services, key, who))).toBe("registration_not_found");
    expect(await codeOf(resumeWebhook(app.services, key))).toBe("registration_not_found");
    expect(await registration()).not.toHaveProperty("pause");
  });
});
