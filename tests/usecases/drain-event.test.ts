import { WebhookError } from "../../shared/core/errors";
import { SyncFailure, type SyncTaskService } from "../../shared/core/sync-task";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { drainEvent } from "../../shared/usecases/drain-event";
import { listDeliveries } from "../../shared/usecases/list-deliveries";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import type { Services } from "../../shared/usecases/services";
import { healthOf } from "../../shared/usecases/webhook-health";
import { makeEvent, makeMessage, noon } from "../support/make";
import { contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp();
  webhook = await app.register();
});
afterEach(() => app.close());

const event = (overrides: Partial<WebhookEvent> = {}): WebhookEvent =>
  makeEvent({ registrationId: webhook.registrationId, ...overrides });

/** The services with an engine that fails in a given way: the engine is a port, and this is one that is out of order. */
function failing(error: Error): Services {
  const sync: SyncTaskService = { enqueueSyncTask: () => Promise.reject(error) };
  return { ...app.services, sync };
}

async function records() {
  return (await app.services.deliveries.list("tenant-123", webhook.registrationId, 50)).items;
}

const tenant = () => ({ tenantId: "tenant-123", tenantKey: app.services.tenantKeyOf("tenant-123") });

async function shards() {
  return (await app.services.shards.list(tenant(), { limit: 50 })).items;
}

async function health() {
  const stored = await app.services.registrations.find(webhook.registrationId);
  if (!stored) throw new Error("the webhook is gone");
  return healthOf(app.services, stored.value);
}

describe("drainEvent", () => {
  it("makes a shard, a completed sync task and a record of an accepted event", async () => {
    await app.deliverSigned(webhook, contactBody("created", "003", { Name: "Ada" }));
    expect(await app.drain()).toBe(1);
    expect(await shards()).toMatchObject([
      {
        externalId: "003",
        shardTypeId: "contact",
        structuredData: { name: "Ada" },
        source: { Id: "003", Name: "Ada" },
      },
    ]);
    expect(await records()).toMatchObject([{ outcome: "synchronised", change: "created", attempts: 1 }]);
    const tasks = await app.services.syncTasks.list(tenant(), { registrationId: webhook.registrationId, limit: 10 });
    expect(tasks.items).toMatchObject([{ status: "completed", trigger: "webhook", result: { change: "created" } }]);
    expect(await health()).toMatchObject({ status: "healthy", counts: { synced: 1 } });
  });

  it("has one effect and counts once when the queue delivers a message again", async () => {
    const message = makeMessage(event());
    await drainEvent(app.services, message);
    await drainEvent(app.services, message);
    expect(await records()).toHaveLength(1);
    expect((await health()).counts.synced).toBe(1);
  });

  it("still synchronises what was queued when the webhook was deleted meanwhile", async () => {
    await app.deliverSigned(webhook, contactBody());
    const stored = await app.services.registrations.find(webhook.registrationId);
    if (stored) await app.services.registrations.delete(stored.value);
    await app.drain();
    expect(await shards()).toHaveLength(1);
  });

  it("puts a failure off by a scheduled copy under a new message id, and counts the attempt", async () => {
    await drainEvent(failing(new SyncFailure("provider_answer_unknown")), makeMessage(event()));
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0, scheduled: 1 });
    expect(await records()).toMatchObject([{ outcome: "retrying", attempts: 1, reason: "provider_answer_unknown" }]);
    app.advance(75_000);
    expect(await app.drain()).toBe(1);
    expect(await records()).toMatchObject([{ outcome: "synchronised", attempts: 2 }]);
  });

  it("parks an event as dead, with its reason and the event itself, when its attempts are used up", async () => {
    const services = failing(new SyncFailure("provider_answer_unknown"));
    await drainEvent(services, makeMessage(event(), 3));
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0, scheduled: 0, deadLettered: 0 });
    expect(await records()).toMatchObject([{ outcome: "dead", attempts: 4, event: { entityId: "003" } }]);
    expect((await health()).counts.dead).toBe(1);
  });

  it("gives up at once what no repetition can mend", async () => {
    await drainEvent(failing(new SyncFailure("mapping_missing", { permanent: true })), makeMessage(event()));
    expect(await records()).toMatchObject([{ outcome: "dead", attempts: 1, reason: "mapping_missing" }]);
  });

  it("uses up no attempt while a back end of ours is out, for seven days", async () => {
    const outage = failing(new WebhookError("secrets_unavailable"));
    await drainEvent(outage, makeMessage(event(), 3, 5));
    expect(await records()).toEqual([]);
    expect(await app.lockingQueue.depth()).toMatchObject({ scheduled: 1 });
    const old = event({ receivedAt: new Date(noon - 8 * 86_400_000).toISOString() });
    await drainEvent(outage, makeMessage(old, 3, 5));
    expect(await records()).toMatchObject([{ outcome: "dead", reason: "secrets_unavailable" }]);
  });

  it.each(["provider_unreachable", "needs_reauth"])(
    "uses up no attempt while the provider's side is out (%s), for seven days, and says so",
    async (reason) => {
      const outage = failing(new SyncFailure(reason));
      await drainEvent(outage, makeMessage(event(), 3, 5));
      expect(await records()).toMatchObject([{ outcome: "retrying", attempts: 3, reason }]);
      expect((await health()).failureReasons).toMatchObject([{ reason }]);
      expect(await app.lockingQueue.depth()).toMatchObject({ scheduled: 1 });
      const old = event({ receivedAt: new Date(noon - 8 * 86_400_000).toISOString() });
      await drainEvent(outage, makeMessage(old, 3, 5));
      expect(await records()).toContainEqual(expect.objectContaining({ outcome: "dead", reason }));
    },
  );

  it("tries a dead event again when the provider delivers it again", async () => {
    const dead = event();
    await drainEvent(failing(new SyncFailure("mapping_missing", { permanent: true })), makeMessage(dead));
    await drainEvent(app.services, makeMessage(dead));
    expect(await records()).toMatchObject([{ outcome: "synchronised" }]);
  });

  it("keeps one line in the log of an event that is delivered again later, and when it first came", async () => {
    const dead = event();
    await drainEvent(failing(new SyncFailure("mapping_missing", { permanent: true })), makeMessage(dead));
    app.advance(3_600_000);
    const later = new Date(app.services.now()).toISOString();
    await drainEvent(app.services, makeMessage({ ...dead, receivedAt: later }));
    const { deliveries } = await listDeliveries(app.services, "tenant-123", { fields: {}, limit: 10 });
    expect(deliveries).toMatchObject([{ outcome: "synchronised", receivedAt: dead.receivedAt, latencyMs: 0 }]);
  });

  it("takes a redelivery of a dead event for no duplicate, at once, and gives it its effect", async () => {
    const body = JSON.stringify(contactBody("created", "003"));
    const headers = { "x-salesforce-event-signature": seedSignature(webhook, body), "x-salesforce-event-id": "e-1" };
    const send = () => app.deliver(webhook.registrationId, body, headers);
    const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(gaveUp);
    await send();
    await app.drain();
    expect(await records()).toMatchObject([{ outcome: "dead" }]);
    expect(await send()).toMatchObject({ receipt: { syncTriggered: true } });
    await app.drain();
    expect(await records()).toMatchObject([{ outcome: "synchronised" }]);
    expect(await send()).toMatchObject({ receipt: { duplicate: true } });
  });

  it("leaves an event dead although the queue cannot forget it just now", async () => {
    jest.spyOn(app.services.queue, "forget").mockRejectedValue(new WebhookError("queue_unavailable"));
    await drainEvent(failing(new SyncFailure("mapping_missing", { permanent: true })), makeMessage(event()));
    expect(await records()).toMatchObject([{ outcome: "dead", attempts: 1 }]);
    expect(app.logged.map((line) => line.event)).toContain("event.not_forgotten");
  });

  it("puts a webhook into failed after five failures in a row, and a genuine delivery takes it out", async () => {
    const services = failing(new SyncFailure("unauthorised"));
    for (let failure = 0; failure < 5; failure++) await drainEvent(services, makeMessage(event()));
    expect((await app.services.registrations.find(webhook.registrationId))?.value.status).toBe("failed");
    const { status, recommendations } = await health();
    expect(status).toBe("failed");
    expect(recommendations.join()).toContain("Synchronising fails for connection conn-123 (unauthorised)");
    await app.deliverSigned(webhook, contactBody());
    expect((await app.services.registrations.find(webhook.registrationId))?.value.status).toBe("active");
  });

  it("leaves what is no event of ours to the queue's own dead letters, with the reason", async () => {
    await app.lockingQueue.send([{ messageId: "foreign", body: { hello: "world" } }]);
    await app.drain();
    const [letter] = await app.lockingQueue.deadLetters(10);
    expect(letter?.messageId).toBe("foreign");
  });

  it("says no more than internal_error of a failure that nobody foresaw", async () => {
    await drainEvent(failing(new TypeError("contact ada@example.com is not iterable")), makeMessage(event()));
    expect(await records()).toMatchObject([{ outcome: "retrying", reason: "internal_error" }]);
  });

  it("still drains events of an integration that this version no longer has", async () => {
    await drainEvent(app.services, makeMessage(event({ integrationId: "myspace" })));
    expect(await records()).toMatchObject([{ integrationId: "myspace", outcome: "synchronised" }]);
  });

  it("does not put a webhook that is switched off into failed", async () => {
    const services = failing(new SyncFailure("unauthorised"));
    await app.services.registrations.update(webhook.registrationId, (current) => ({ ...current, status: "inactive" }));
    for (let failure = 0; failure < 5; failure++) await drainEvent(services, makeMessage(event()));
    expect((await app.services.registrations.find(webhook.registrationId))?.value.status).toBe("inactive");
  });

  it.each([
    ["no event at all", {}],
    ["somebody else's CloudEvent", { id: "1", source: "/elsewhere", data: {} }],
    ["an event without its tenant", { id: "1", source: "/webhooks/w", data: { entityType: "Contact" } }],
  ])("leaves %s to the queue's dead letters", async (_, body) => {
    await expect(drainEvent(app.services, body)).rejects.toThrow("message_unreadable");
  });

  it("parks an event whose payload is lost, with that reason, at once", async () => {
    await drainEvent(app.services, { ...makeMessage(event()), dataref: "gone" });
    expect(await records()).toMatchObject([{ outcome: "dead", attempts: 1, reason: "payload_lost", entityId: "003" }]);
  });

  it("does not miss the payload of an event that is known already: it was deleted after its one effect", async () => {
    const message = makeMessage(event());
    await drainEvent(app.services, message);
    await drainEvent(app.services, { ...message, dataref: "gone" });
    expect(await records()).toMatchObject([{ outcome: "synchronised" }]);
  });

  it("keeps the payload until the event is synchronised, and says in the record of a dead one where it is", async () => {
    await app.services.payloads.put("kept", Buffer.from('{"Id":"003","Name":"Ada"}'), 60);
    const message = { ...makeMessage(event({ data: {} })), dataref: "kept" };
    await drainEvent(failing(new SyncFailure("provider_answer_unknown")), message);
    await drainEvent(failing(new SyncFailure("mapping_missing", { permanent: true })), message);
    expect(await records()).toMatchObject([{ outcome: "dead", event: { entityId: "003" }, dataref: "kept" }]);
    // Its message may come again, from the queue or from the provider: then nothing is missing.
    await drainEvent(app.services, message);
    expect(JSON.stringify(await shards())).toContain("Ada");
    expect(await app.services.payloads.get("kept")).toBeUndefined();
  });

  it("completes a synchronised event although its payload cannot be deleted just now", async () => {
    await app.services.payloads.put("kept", Buffer.from("{}"), 60);
    jest.spyOn(app.services.payloads, "delete").mockRejectedValue(new WebhookError("store_unavailable"));
    await drainEvent(app.services, { ...makeMessage(event()), dataref: "kept" });
    expect(await records()).toMatchObject([{ outcome: "synchronised" }]);
  });

  describe("while the store is out", () => {
    const down = (): Promise<never> => Promise.reject(new WebhookError("store_unavailable"));

    it("puts an event off by one copy and completes it, however short the outage, and tries it again afterwards", async () => {
      await app.deliverSigned(webhook, contactBody("created", "003"));
      const out = jest.spyOn(app.services.deliveries, "findEvent").mockImplementation(down);
      await app.drain();
      expect(await app.lockingQueue.depth()).toEqual({ active: 0, scheduled: 1, deadLettered: 0, oldestAt: null });
      out.mockRestore();
      app.advance(75_000);
      await app.drain();
      expect(await records()).toMatchObject([{ outcome: "synchronised", attempts: 1 }]);
    });

    it("makes one copy where the attempt cannot be recorded, not one for each delivery", async () => {
      jest.spyOn(app.services.deliveries, "save").mockImplementation(down);
      await drainEvent(failing(new SyncFailure("provider_answer_unknown")), makeMessage(event()));
      expect(await app.lockingQueue.depth()).toMatchObject({ scheduled: 1 });
      expect(app.logged.map((line) => line.event)).toContain("event.not_recorded");
    });

    it("puts a dying event off until its death can be recorded, for seven days", async () => {
      jest.spyOn(app.services.deliveries, "save").mockImplementation(down);
      const dying = failing(new SyncFailure("mapping_missing", { permanent: true }));
      await drainEvent(dying, makeMessage(event()));
      expect(await app.lockingQueue.depth()).toMatchObject({ scheduled: 1 });
      const old = event({ receivedAt: new Date(noon - 8 * 86_400_000).toISOString() });
      await expect(drainEvent(dying, makeMessage(old, 3))).rejects.toMatchObject({ code: "store_unavailable" });
    });
  });

  it("never writes a body, a field value or a secret to the log", async () => {
    await app.deliverSigned(webhook, contactBody("created", "003", { Email: "ada@example.com" }));
    await app.drain();
    const lines = JSON.stringify(app.logged);
    expect(lines).not.toContain("ada@example.com");
    expect(lines).not.toContain(webhook.webhookSecret ?? "whsec_");
  });
});
