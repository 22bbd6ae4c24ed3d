import { createHmac } from "node:crypto";
import { type App, createApp } from "../../shared/app";
import type { LockedMessage } from "../../shared/core/ports";
import { SyncFailure, type SyncTaskService } from "../../shared/core/sync-task";
import { drainEvent } from "../../shared/usecases/drain-event";
import { receiveDelivery } from "../../shared/usecases/receive-delivery";
import { type NewRegistration, registerWebhook, type RegisterRequest } from "../../shared/usecases/register-webhook";
import type { Services } from "../../shared/usecases/services";
import { AzureStandIns, eventQueue } from "../support/azure-stand-ins";
import { eventually } from "../support/gateway";
import { ServiceBusLockingQueue } from "../support/service-bus-locking-queue";
import { codeOf, contactBody } from "../support/test-app";

let azure: AzureStandIns;
let app: App;
let queue: ServiceBusLockingQueue;
let clock: number;
beforeAll(async () => {
  azure = await AzureStandIns.start();
}, 60_000);
afterAll(() => azure.stop());

beforeEach(async () => {
  clock = Date.now();
  app = await openApp();
  queue = new ServiceBusLockingQueue({ connectionString: azure.broker.connectionString, queueName: eventQueue });
});
afterEach(async () => {
  azure.broker.acceptSends();
  azure.broker.thaw();
  azure.cosmos.recover();
  await azure.restart();
  await queue.close();
  await app.close();
  azure.broker.queue(eventQueue).clear();
}, 30_000);

/** Another instance of the app, with nothing in its caches, on the same back ends. */
function openApp(): Promise<App> {
  return createApp({
    env: { ...azure.settings, PUBLIC_BASE_URL: "https://hooks.example.com", QUEUE_TIMEOUT_MS: "1500" },
    log: () => undefined,
    now: () => clock,
  });
}

const register = (options: Pick<RegisterRequest, "retryPolicy"> = {}): Promise<NewRegistration> =>
  registerWebhook(app.services, {
    tenantId: "tenant-123",
    integrationId: "salesforce",
    connectionId: "conn-123",
    events: ["*"],
    ...options,
  });

function deliver(services: Services, webhook: NewRegistration, id: string): ReturnType<typeof receiveDelivery> {
  const body = JSON.stringify(contactBody("created", id));
  const signature = createHmac("sha256", webhook.webhookSecret ?? "")
    .update(body)
    .digest("hex");
  return receiveDelivery(services, {
    registrationId: webhook.registrationId,
    headers: new Headers({ "x-salesforce-event-signature": `sha256=${signature}`, "x-salesforce-event-id": id }),
    readBody: () => Promise.resolve(Buffer.from(body)),
    remoteAddress: "203.0.113.7",
  });
}

const accepted = { kind: "receipt", receipt: { success: true, syncTriggered: true } };

/** Hands the messages that are visible now to `handle`, as the platform's trigger does. */
async function drain(handle: (message: LockedMessage) => Promise<void>): Promise<number> {
  let handled = 0;
  for (;;) {
    const messages = await queue.receive(32);
    if (messages.length === 0) return handled;
    for (const message of messages) {
      await handle(message).then(
        () => queue.complete(message.lockToken),
        () => queue.abandon(message.lockToken),
      );
    }
    handled += messages.length;
  }
}

const drainInto = (services: Services) => (message: LockedMessage) => drainEvent(services, JSON.parse(message.body));

async function recordsOf(webhook: NewRegistration) {
  return (await app.services.deliveries.list("tenant-123", webhook.registrationId, 50)).items;
}

describe("while Service Bus is down", () => {
  it("answers queue_unavailable, marks nothing, and accepts the repetition without a restart", async () => {
    const webhook = await register();
    await azure.broker.stop();
    expect(await codeOf(deliver(app.services, webhook, "e-1"))).toBe("queue_unavailable");
    await azure.broker.restart();
    expect(await deliver(app.services, webhook, "e-1")).toMatchObject(accepted);
    expect(await drain(drainInto(app.services))).toBe(1);
    expect(await recordsOf(webhook)).toMatchObject([{ deliveryId: "e-1", outcome: "synchronised" }]);
  }, 30_000);

  it("answers within its budget when the queue does not answer at all", async () => {
    const webhook = await register();
    await deliver(app.services, webhook, "e-1");
    azure.broker.freeze();
    expect(await codeOf(deliver(app.services, webhook, "e-2"))).toBe("queue_unavailable");
  }, 30_000);

  it("answers queue_unavailable when the queue is full", async () => {
    const webhook = await register();
    azure.broker.refuseSends("amqp:resource-limit-exceeded");
    expect(await codeOf(deliver(app.services, webhook, "e-1"))).toBe("queue_unavailable");
  }, 30_000);
});

describe("while Cosmos DB is down", () => {
  it("goes on accepting for a webhook that it knows", async () => {
    const webhook = await register();
    await deliver(app.services, webhook, "e-1");
    await azure.cosmos.stop();
    clock += 10 * 60_000;
    expect(await deliver(app.services, webhook, "e-2")).toMatchObject(accepted);
  }, 30_000);

  it("answers store_unavailable for one that it does not know, never 404, and accepts it afterwards", async () => {
    const webhook = await register();
    const other = await openApp();
    await azure.cosmos.stop();
    expect(await codeOf(deliver(other.services, webhook, "e-1"))).toBe("store_unavailable");
    await azure.cosmos.restart();
    expect(await deliver(other.services, webhook, "e-1")).toMatchObject(accepted);
    await other.close();
  }, 30_000);

  it("cannot be built, and is built by the first request after the outage", async () => {
    await azure.cosmos.stop();
    expect(await codeOf(openApp())).toBe("store_unavailable");
    await azure.cosmos.restart();
    await (await openApp()).close();
  }, 30_000);

  it("gets through a few throttled requests, and answers store_unavailable when they do not end", async () => {
    const webhook = await register();
    const other = await openApp();
    azure.cosmos.throttle(1, 10);
    expect(await deliver(other.services, webhook, "e-1")).toMatchObject(accepted);
    azure.cosmos.throttle(1000, 5000);
    const stranger = await openApp().catch((error: unknown) => error);
    expect(stranger).toMatchObject({ code: "store_unavailable" });
    await other.close();
  }, 30_000);

  it("puts queued events off, uses up no attempt and no delivery, and synchronises them afterwards", async () => {
    const webhook = await register({ retryPolicy: { maxRetries: 3, backoffSeconds: 1 } });
    await deliver(app.services, webhook, "e-1");
    await azure.cosmos.stop();
    expect(await drain(drainInto(app.services))).toBe(1);
    await azure.cosmos.restart();
    await eventually(
      async () => {
        await drain(drainInto(app.services));
        return recordsOf(webhook);
      },
      (records) => records.length > 0,
    );
    expect(await recordsOf(webhook)).toMatchObject([{ outcome: "synchronised", attempts: 1 }]);
    expect(await queue.deadLetters(10)).toEqual([]);
  }, 30_000);
});

describe("while the key vault is down", () => {
  it("goes on accepting for a webhook that it knows, and for one that it has to load anew", async () => {
    const webhook = await register();
    await deliver(app.services, webhook, "e-1");
    await azure.vault.stop();
    clock += 10 * 60_000;
    app.services.cache.forget(webhook.registrationId);
    expect(await deliver(app.services, webhook, "e-2")).toMatchObject(accepted);
  }, 30_000);

  it("answers secrets_unavailable where the secret was never read, and registers nothing", async () => {
    const webhook = await register();
    const other = await openApp();
    await azure.vault.stop();
    expect(await codeOf(deliver(other.services, webhook, "e-1"))).toBe("secrets_unavailable");
    expect(await codeOf(register())).toBe("secrets_unavailable");
    await azure.vault.start();
    expect(await deliver(other.services, webhook, "e-1")).toMatchObject(accepted);
    await other.close();
  }, 30_000);
});

describe("a consumer that fails", () => {
  it("dies in the middle of a message: it is delivered again, and has one effect", async () => {
    const webhook = await register();
    await deliver(app.services, webhook, "e-1");
    const [message] = await queue.receive(1);
    if (!message) throw new Error("there is no message");
    await drainInto(app.services)(message);
    // Neither completed nor abandoned: as after a kill between the work and its settlement.
    await queue.abandon(message.lockToken);
    expect(await drain(drainInto(app.services))).toBe(1);
    const shards = await app.services.shards.list(
      { tenantId: "tenant-123", tenantKey: app.services.tenantKeyOf("tenant-123") },
      { limit: 50 },
    );
    expect(shards.items.filter(({ externalId }) => externalId === "e-1")).toHaveLength(1);
    const records = await recordsOf(webhook);
    expect(records).toMatchObject([{ outcome: "synchronised", attempts: 1 }]);
  }, 30_000);

  it("always fails on one message: it is parked with its reason, and the others are synchronised", async () => {
    const webhook = await register();
    for (const id of ["good-1", "poison", "good-2"]) await deliver(app.services, webhook, id);
    const { sync } = app.services;
    const picky: SyncTaskService = {
      enqueueSyncTask: (request) =>
        "events" in request && request.events[0].entityId === "poison"
          ? Promise.reject(new SyncFailure("mapping_missing", { permanent: true }))
          : sync.enqueueSyncTask(request),
    };
    await drain(drainInto({ ...app.services, sync: picky }));
    const outcomes = (await recordsOf(webhook)).map((record) =>
      record.verdict === "accepted" ? `${record.entityId} ${record.outcome} ${record.reason ?? ""}` : record.verdict,
    );
    expect(outcomes.sort()).toEqual(["good-1 synchronised ", "good-2 synchronised ", "poison dead mapping_missing"]);
    expect(azure.broker.queue(eventQueue).peek(0, 10)).toEqual([]);
  }, 30_000);

  it("finds its payload gone: the event is parked with that reason", async () => {
    const webhook = await register();
    const large = JSON.stringify(contactBody("created", "large", { Description: "x".repeat(300_000) }));
    const signature = createHmac("sha256", webhook.webhookSecret ?? "")
      .update(large)
      .digest("hex");
    const request = {
      registrationId: webhook.registrationId,
      headers: new Headers({ "x-salesforce-event-signature": `sha256=${signature}` }),
      readBody: () => Promise.resolve(Buffer.from(large)),
      remoteAddress: "203.0.113.7",
    };
    expect(await receiveDelivery(app.services, request)).toMatchObject(accepted);
    const [message] = await queue.receive(1);
    if (!message) throw new Error("there is no message");
    const { dataref } = JSON.parse(message.body) as { dataref: string };
    await app.services.payloads.delete(dataref);
    await queue.abandon(message.lockToken);
    await drain(drainInto(app.services));
    expect(await recordsOf(webhook)).toMatchObject([{ entityId: "large", outcome: "dead", reason: "payload_lost" }]);
  }, 30_000);
});
