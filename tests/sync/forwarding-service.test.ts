import { createExternalEngine } from "../../shared/adapters/external-engine/external-engine";
import { SigningSecret } from "../../shared/adapters/external-engine/signing-secret";
import { createOutboundHttp } from "../../shared/adapters/outbound/outbound-http";
import type { SyncTask, SyncTaskService } from "../../shared/core/sync-task";
import { createForwardingService } from "../../shared/sync/forwarding-service";
import { drainEvent } from "../../shared/usecases/drain-event";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { listDeliveries } from "../../shared/usecases/list-deliveries";
import { replayDelivery } from "../../shared/usecases/replay-delivery";
import { serviceHealth } from "../../shared/usecases/service-health";
import { startWork } from "../../shared/usecases/start-task";
import { startSyncTask } from "../../shared/usecases/start-sync-task";
import { healthOf } from "../../shared/usecases/webhook-health";
import { describeSyncTaskService, type NextAnswer } from "../contracts/sync-task-service";
import { type EngineStandIn, startEngineStandIn } from "../support/engine-stand-in";
import { makeEvent, makeMessage, noon } from "../support/make";
import { Killed } from "../support/mortal-store";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { contactBody, openTestApp, type TestApp } from "../support/test-app";
import type { Answer } from "../support/vendors/stand-in";

const secret = `whsec_${Buffer.from("a key of thirty-two bytes: 123456").toString("base64")}`;

let engine: EngineStandIn;
let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  engine = await startEngineStandIn(() => app.services.now(), secret);
  app = await openTestApp({
    SYNC_TASK_SERVICE_URL: `${engine.url}?code=hunter2`,
    SYNC_TASK_SERVICE_SECRET: secret,
    OUTBOUND_ALLOW_LOOPBACK: "true",
  });
  webhook = await app.register();
});
afterEach(async () => {
  await app.close();
  await engine.stop();
});

const tenant = () => ({ tenantId: "tenant-123", tenantKey: app.services.tenantKeyOf("tenant-123") });

async function tasks(): Promise<readonly SyncTask[]> {
  return (await app.services.syncTasks.list(tenant(), { limit: 50 })).items;
}

async function records() {
  return (await app.services.deliveries.list("tenant-123", webhook.registrationId, 50)).items;
}

describe("the deliveries of a gap, with an engine of one's own", () => {
  it("are asked for again by us: the engine gets the events that come of it", async () => {
    const { tenantKey } = tenant();
    await startWork(app.services, {
      ...{ taskId: "task-1", tenantId: "tenant-123", tenantKey, integrationId: "github", connectionId: "conn-123" },
      ...{ registrationId: webhook.registrationId, trigger: "gap", entityType: "deliveries" },
      resend: { webhookUrl: webhook.webhookUrl, scopes: ["acme/app"] },
      requestedAt: new Date(noon).toISOString(),
    });
    await app.drain();
    expect(engine.handed).toEqual([]);
    expect(await tasks()).toMatchObject([{ status: "failed", reason: "no_credentials" }]);
  });
});

describe("an event, with an engine of one's own", () => {
  it("is handed over whole, and its task says so", async () => {
    engine.interrupt({ status: 202, json: { taskId: "run-7", change: "created" } });
    await app.deliverSigned(webhook, contactBody("created", "003", { Name: "Ada" }));
    expect(await app.drain()).toBe(1);
    const [task] = await tasks();
    expect(task).toMatchObject({
      status: "completed",
      trigger: "webhook",
      source: "forwarded",
      externalTaskId: "run-7",
      result: { change: "created" },
      attempts: 1,
    });
    expect(task?.phases).toEqual({ forward: expect.any(Number) });
    expect(engine.handed[0]?.message).toEqual({
      specversion: "1.0",
      id: task?.eventIds[0],
      source: `/webhooks/${webhook.registrationId}`,
      type: "castiel.webhook.Contact.created",
      time: new Date(noon).toISOString(),
      datacontenttype: "application/json",
      synctaskid: task?.id,
      data: {
        tenantId: "tenant-123",
        registrationId: webhook.registrationId,
        integrationId: "salesforce",
        connectionId: "conn-123",
        deliveryId: expect.any(String),
        receivedAt: new Date(noon).toISOString(),
        receivedOrder: expect.any(Number),
        entityType: "Contact",
        entityId: "003",
        eventType: "created",
        nativeType: "Contact.created",
        completeness: "partial",
        data: { Id: "003", Name: "Ada" },
      },
    });
    expect(await records()).toMatchObject([{ outcome: "synchronised", change: "created", syncTaskId: task?.id }]);
  });

  it("makes no shard, and reads nothing at the provider", async () => {
    await drainEvent(
      app.services,
      makeMessage(makeEvent({ registrationId: webhook.registrationId, completeness: "hint", data: {} })),
    );
    expect(await tasks()).toMatchObject([{ status: "completed", source: "forwarded" }]);
    expect((await app.services.shards.list(tenant(), { limit: 1 })).items).toEqual([]);
    expect((await app.services.conflicts.list(tenant(), { limit: 1 })).items).toEqual([]);
  });

  it("that names no record is handed over as it is: how to find what was lost is the engine's affair", async () => {
    const event = makeEvent({ registrationId: webhook.registrationId, entityId: "*", gap: true, completeness: "hint" });
    await drainEvent(app.services, makeMessage(event));
    expect(engine.handed.map(({ message }) => message.data)).toMatchObject([{ entityId: "*", gap: true }]);
    expect(await tasks()).toHaveLength(1);
  });

  it("is a request of its own, also where its task holds others", async () => {
    const { registrationId } = webhook;
    const [first, second] = [makeEvent({ registrationId }), makeEvent({ registrationId })];
    await app.services.sync.enqueueSyncTask({ events: [first, second], attempt: 1 });
    const ids = [first.eventId, second.eventId];
    expect(engine.handed.map(({ id }) => id)).toEqual(ids);
    expect(await tasks()).toMatchObject([{ status: "completed", eventIds: ids }]);
    await app.deliverSigned(webhook, contactBody("updated", "1"));
    await app.deliverSigned(webhook, contactBody("updated", "1"));
    await app.drain();
    expect(await tasks()).toHaveLength(3);
  });

  it("that is replayed has another id, which a repetition keeps, and says of which event it is a replay", async () => {
    await app.deliverSigned(webhook, contactBody("created", "003"));
    await app.drain();
    const { deliveries } = await listDeliveries(app.services, "tenant-123", { fields: {}, limit: 1 });
    const key = { tenantId: "tenant-123", deliveryId: deliveries[0]?.deliveryId ?? "" };
    const { replayId } = await replayDelivery(app.services, key, "somebody");
    engine.interrupt({ status: 500 });
    await app.drain();
    app.advance(75_000);
    await app.drain();
    const [first, ...again] = engine.handed.map(({ message }) => message);
    const id = `${String(first?.id)}~${replayId}`;
    const expected = { ...first, id, replayid: replayId, replayof: first?.id };
    expect(again).toEqual([expected, expected]);
  });

  it("goes out in the order of receipt, and after a repetition what it carries still tells the order", async () => {
    for (const id of ["1", "2", "3"]) await app.deliverSigned(webhook, contactBody("updated", id));
    engine.interrupt({ status: 204 }, { status: 500 });
    await app.drain();
    app.advance(75_000);
    await app.drain();
    expect(engine.handed.map(({ message }) => message.data.entityId)).toEqual(["1", "2", "3", "2"]);
    const byOrder = [...engine.handed].sort((a, b) => a.message.data.receivedOrder - b.message.data.receivedOrder);
    expect(byOrder.map(({ message }) => message.data.entityId)).toEqual(["1", "2", "2", "3"]);
  });
});

describe("an engine that does not take an event", () => {
  const deliver = async (...answers: readonly Answer[]) => {
    engine.interrupt(...answers);
    await app.deliverSigned(webhook, contactBody());
    await app.drain();
  };

  it("for a failure of its own is tried again: the same id and body, a new time, one attempt more", async () => {
    await deliver({ status: 500 });
    expect(await tasks()).toMatchObject([{ status: "failed", reason: "engine_answered_500", attempts: 1 }]);
    app.advance(75_000);
    await app.drain();
    const [before, after] = engine.handed;
    expect(after).toMatchObject({ id: before?.id, body: before?.body, timestamp: (before?.timestamp ?? 0) + 75 });
    expect(await tasks()).toMatchObject([{ status: "completed", attempts: 2 }]);
  });

  it("for want of time is left alone until then, and no attempt is used up", async () => {
    await deliver({ status: 429, headers: { "retry-after": "30" } });
    const waitingUntil = new Date(noon + 30_000).toISOString();
    expect(await tasks()).toMatchObject([{ status: "waiting", reason: "engine_busy", waitingUntil }]);
    app.advance(29_000);
    expect(await app.drain()).toBe(0);
    app.advance(1_000);
    await app.drain();
    expect(await tasks()).toMatchObject([{ status: "completed", attempts: 1 }]);
  });

  it("because the event is wrong is not asked again, and the event is kept with the reason", async () => {
    await deliver({ status: 422 });
    expect(await tasks()).toMatchObject([{ status: "failed", reason: "engine_answered_422" }]);
    expect(await records()).toMatchObject([
      { outcome: "dead", attempts: 1, reason: "engine_answered_422", event: { entityId: "003xx000004TMM" } },
    ]);
    const stored = await app.services.registrations.find(webhook.registrationId);
    expect(stored && (await healthOf(app.services, stored.value)).recommendations).toEqual([
      "Your sync engine does not take what it is handed (engine_answered_422): its log says why.",
      "1 event(s) were given up and wait to be replayed or discarded: GET /dead-letters.",
    ]);
    app.advance(86_400_000);
    expect([await app.drain(), engine.handed.length]).toEqual([0, 1]);
  });

  it("because it is out is asked for days, and no attempt is used up", async () => {
    await deliver({ status: 502 });
    for (let hour = 0; hour < 24; hour++) {
      engine.interrupt({ status: 503 });
      app.advance(4_500_000);
      await app.drain();
    }
    expect(await tasks()).toMatchObject([{ status: "waiting", reason: "engine_unavailable", attempts: 1 }]);
    app.advance(4_500_000);
    await app.drain();
    expect(await tasks()).toMatchObject([{ status: "completed", attempts: 1 }]);
    expect(new Set(engine.handed.map(({ id }) => id)).size).toBe(1);
    expect(engine.handed).toHaveLength(26);
  });
});

it("says of an event that it failed, once the engine was out for longer than anybody waits", async () => {
  engine.secrets = [];
  await app.deliverSigned(webhook, contactBody());
  for (let day = 0; day < 12; day++) {
    await app.drain();
    app.advance(86_400_000);
  }
  expect(await records()).toMatchObject([{ outcome: "dead", reason: "engine_unavailable" }]);
  expect(await tasks()).toMatchObject([{ status: "failed", reason: "engine_unavailable" }]);
});

describe("other work, with an engine of one's own", () => {
  it("is one message for a record, and one for all of an entity type", async () => {
    const request = { tenantId: "tenant-123", integrationId: "github", connectionId: "conn-1", entityType: "issue" };
    const hint = { number: 7 };
    const one = await startSyncTask(app.services, { ...request, entityId: "7", scope: "o/r", hint });
    const all = await startSyncTask(app.services, { ...request, since: "2026-01-01T00:00:00Z" });
    expect(await app.drain()).toBe(2);
    const requestedAt = new Date(noon).toISOString();
    const data = { ...request, trigger: "manual", requestedAt };
    const common = { type: "castiel.sync.requested", specversion: "1.0", time: requestedAt };
    expect(engine.handed.map(({ message }) => message)).toMatchObject([
      { ...common, id: one.id, source: `/sync-tasks/${one.id}`, synctaskid: one.id },
      { ...common, id: all.id, source: `/sync-tasks/${all.id}`, synctaskid: all.id },
    ]);
    expect(engine.handed.map(({ message }) => message.data)).toEqual([
      { ...data, entityId: "7", scope: "o/r", hint },
      { ...data, since: "2026-01-01T00:00:00.000Z" },
    ]);
    expect(await tasks()).toMatchObject([{ status: "completed" }, { status: "completed" }]);
  });

  it("waits out an outage too, and says at last that it failed", async () => {
    const request = { tenantId: "tenant-123", integrationId: "github", connectionId: "conn-1", entityType: "issue" };
    await startSyncTask(app.services, { ...request, entityId: "7" });
    engine.secrets = [];
    await app.drain();
    expect(await tasks()).toMatchObject([{ status: "waiting", reason: "engine_unavailable" }]);
    for (let day = 0; day < 12; day++) {
      app.advance(86_400_000);
      await app.drain();
    }
    expect(await tasks()).toMatchObject([{ status: "failed", reason: "engine_unavailable" }]);
    expect(engine.handed).toEqual([]);
  });
});

/** The service over a world's store. */
function forward(world: SyncWorld): SyncTaskService {
  const { now, log, secrets } = world.services;
  const policy = { hosts: [], allowLoopback: true };
  const client = createExternalEngine({
    url: engine.url,
    outbound: createOutboundHttp({ policy, timeoutMs: 5000 }),
    secret: new SigningSecret({ setting: secret, secrets, now }),
    now,
    log,
  });
  return createForwardingService({
    syncTasks: world.services.syncTasks,
    engine: client,
    now,
    retentionSeconds: 86_400,
  });
}

describeSyncTaskService(async () => {
  const world = await openSyncWorld();
  const answers: Readonly<Record<NextAnswer, Answer>> = {
    failure: { status: 500 },
    "failure for good": { status: 422 },
    "wait half a minute": { status: 503, headers: { "retry-after": "30" } },
  };
  return {
    service: forward(world),
    world,
    answerNext: (answer) => engine.interrupt(answers[answer]),
    close: () => world.close(),
  };
});

it("hands an event over again, under its id, if it dies before it has noted the answer", async () => {
  const world = await openSyncWorld();
  const service = forward(world);
  const event = makeEvent({ registrationId: world.registrationId });
  for (const takesEffect of [true, false]) {
    world.store.dieAt(2, takesEffect);
    await expect(service.enqueueSyncTask({ events: [event], attempt: 1 })).rejects.toThrow(Killed);
    world.store.revive();
  }
  await service.enqueueSyncTask({ events: [event], attempt: 1 });
  expect(engine.handed.map(({ id }) => id)).toEqual([event.eventId, event.eventId, event.eventId]);
  await world.close();
});

it("tells nobody the engine's address, key and secret, nor what stood in an event", async () => {
  engine.interrupt({ status: 500 }, { status: 502 }, { status: 401 }, { status: 422, json: { error: "Lovelace" } });
  for (let event = 0; event < 5; event++)
    await app.deliverSigned(webhook, contactBody("created", `00${event}`, { Name: "Ada Lovelace" }));
  await app.drain();
  const told = JSON.stringify([app.logged, await tasks(), await serviceHealth(app.services)]);
  expect(told).not.toMatch(/hunter2|whsec_|v1,|Lovelace|\/tasks/);
  expect(app.logged.filter(({ event }) => event === "engine.external")).toMatchObject([
    { fields: { hosts: [new URL(engine.url).host] } },
  ]);
});

it("shows in the health of the service", async () => {
  expect(await serviceHealth(app.services)).toMatchObject({ status: "healthy", syncEngine: "external" });
  const builtIn = await openTestApp();
  expect(await serviceHealth(builtIn.services)).toMatchObject({ syncEngine: "built_in" });
  await builtIn.close();
});
