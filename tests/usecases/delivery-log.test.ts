import type { DeliveryQuery } from "../../shared/usecases/list-deliveries";
import { getDelivery, listDeliveries, listWebhookDeliveries } from "../../shared/usecases/list-deliveries";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { SyncDelay, SyncFailure } from "../../shared/core/sync-task";
import { drainMessage } from "../../shared/usecases/drain-message";
import { requireOwn } from "../../shared/usecases/require-own";
import { healthOf } from "../../shared/usecases/webhook-health";
import { noon } from "../support/make";
import { codeOf, openTestApp, seedSignature, type TestApp } from "../support/test-app";

const DAY_MS = 86_400_000;
const tenantId = "tenant-123";

let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp();
  webhook = await app.register();
});
afterEach(() => app.close());

const contact = (id: string, name = "Contact") => ({ action: "created", sobject: { name, fields: { Id: id } } });

async function deliver(id: string, name?: string, to = webhook): Promise<void> {
  const body = JSON.stringify(contact(id, name));
  await app.deliver(to.registrationId, body, {
    "x-salesforce-event-signature": seedSignature(to, body),
    "x-salesforce-event-id": `event-${id}`,
    "user-agent": "SFDC-Callout/67.0",
  });
}

/** What the log shows once everything was drained and flushed. */
async function log(query: Partial<DeliveryQuery> = {}) {
  await app.drain();
  await app.services.gatherer.flush();
  return listDeliveries(app.services, tenantId, { fields: {}, limit: 50, ...query });
}

describe("the delivery log", () => {
  it("shows events with their outcome, newest first", async () => {
    await deliver("001");
    app.advance(1000);
    await deliver("002", "Account");
    expect(await log()).toEqual({
      deliveries: [
        expect.objectContaining({ entityId: "002", eventName: "Account.created", outcome: "synchronised" }),
        {
          deliveryId: expect.stringMatching(/^delivery-[0-9a-f]{11}-/) as string,
          sourceDeliveryId: "event-001",
          registrationId: webhook.registrationId,
          integrationId: "salesforce",
          connectionId: "conn-123",
          receivedAt: new Date(noon).toISOString(),
          verdict: "accepted",
          eventName: "Contact.created",
          nativeType: "Contact.created",
          entityType: "Contact",
          entityId: "001",
          outcome: "synchronised",
          attempts: 1,
          replayable: true,
          latencyMs: 1000,
        },
      ],
    });
  });

  it("shows what ended at the door, with its reason", async () => {
    await deliver("001");
    await deliver("001");
    await app
      .deliver(webhook.registrationId, "{}", { "x-salesforce-event-signature": "sha256=00" })
      .catch(() => undefined);
    const { deliveries } = await log();
    const seen = deliveries.map(({ verdict, reason }) => [verdict, reason]).sort();
    expect(seen).toEqual([
      ["accepted", undefined],
      ["duplicate", undefined],
      ["refused", "header_malformed"],
    ]);
  });

  it("is searched by any of its fields, and by several at once", async () => {
    const other = await app.register({ integrationId: "salesforce", connectionId: "conn-2" });
    await deliver("001");
    await deliver("002", "Account");
    await deliver("001", "Contact", other);
    const found = async (fields: DeliveryQuery["fields"]) =>
      (await log({ fields })).deliveries.map(({ registrationId, entityId }) => [registrationId, entityId]);
    expect(await found({ entityType: "Account" })).toEqual([[webhook.registrationId, "002"]]);
    expect(await found({ entityId: "001" })).toHaveLength(2);
    expect(await found({ entityId: "001", registrationId: other.registrationId })).toHaveLength(1);
    expect(await found({ eventName: "Contact.created", outcome: "synchronised" })).toHaveLength(2);
    expect(await found({ deliveryId: "event-002" })).toEqual([[webhook.registrationId, "002"]]);
    expect(await found({ verdict: "refused" })).toEqual([]);
    expect(await found({ integrationId: "github" })).toEqual([]);
  });

  it("finds what was ignored or came again by its entity too", async () => {
    const picky = await app.register({ events: ["Account.*"] });
    await deliver("001", "Contact", picky);
    await deliver("002");
    await deliver("002");
    const verdicts = async (entityId: string) =>
      (await log({ fields: { entityId } })).deliveries.map(({ verdict, eventName }) => [verdict, eventName]).sort();
    expect(await verdicts("001")).toEqual([["ignored", "Contact.created"]]);
    expect(await verdicts("002")).toEqual([
      ["accepted", "Contact.created"],
      ["duplicate", "Contact.created"],
    ]);
  });

  it("is searched by time, over days", async () => {
    for (const id of ["001", "002", "003", "004"]) {
      await deliver(id);
      await app.drain();
      app.advance(DAY_MS);
    }
    const at = (days: number) => new Date(noon + days * DAY_MS).toISOString();
    const ids = async (query: Partial<DeliveryQuery>) => (await log(query)).deliveries.map(({ entityId }) => entityId);
    expect(await ids({})).toEqual(["004", "003", "002", "001"]);
    expect(await ids({ since: at(1), until: at(2) })).toEqual(["003", "002"]);
    expect(await ids({ since: at(0.5) })).toEqual(["004", "003", "002"]);
    expect(await ids({ until: at(0) })).toEqual(["001"]);
    expect(await ids({ since: at(9) })).toEqual([]);
  });

  it("is paged by an opaque cursor, without a gap and without a repetition, whatever the size of a page", async () => {
    const ids: string[] = [];
    for (let number = 0; number < 11; number++) {
      ids.unshift(String(number).padStart(3, "0"));
      await deliver(ids[0] ?? "");
      await app.drain();
      app.advance(DAY_MS / 4);
    }
    for (const limit of [1, 2, 3, 4, 50]) {
      const seen: (string | undefined)[] = [];
      let cursor: string | undefined;
      do {
        const page = await log({ limit, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.deliveries.length).toBeLessThanOrEqual(limit);
        seen.push(...page.deliveries.map(({ entityId }) => entityId));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(ids);
    }
  });

  it("refuses a cursor of a day that has not come, instead of walking there", async () => {
    for (const day of [Number.MAX_SAFE_INTEGER, Math.floor(noon / DAY_MS) + 1]) {
      const cursor = Buffer.from(JSON.stringify({ day })).toString("base64url");
      expect(await codeOf(log({ cursor }))).toBe("invalid_cursor");
    }
  });

  it("takes a cursor of a day that is over for the end", async () => {
    for (const day of [0, -5]) {
      const cursor = Buffer.from(JSON.stringify({ day })).toString("base64url");
      expect(await log({ cursor })).toEqual({ deliveries: [] });
    }
  });

  it("finds nothing before its beginning", async () => {
    await deliver("001");
    expect(await log({ until: "1970-01-01T00:00:00Z" })).toEqual({ deliveries: [] });
  });

  it.each(["", "nonsense", Buffer.from("{}").toString("base64url"), Buffer.from('{"day":"x"}').toString("base64url")])(
    "refuses %j for a cursor",
    async (cursor) => {
      expect(await codeOf(log({ cursor }))).toBe("invalid_cursor");
    },
  );

  it("forgets after the retention", async () => {
    await deliver("001");
    await app.drain();
    app.advance(31 * DAY_MS);
    expect(await log()).toEqual({ deliveries: [] });
  });

  it("shows nothing of another tenant, nor of a webhook that is another's", async () => {
    await deliver("001");
    await log();
    expect(await listDeliveries(app.services, "tenant-b", { fields: {}, limit: 50 })).toEqual({ deliveries: [] });
    const key = { registrationId: webhook.registrationId, tenantId: "tenant-b" };
    expect(await codeOf(listWebhookDeliveries(app.services, key, { fields: {}, limit: 50 }))).toBe(
      "registration_not_found",
    );
  });

  it("of one webhook shows that one alone, whatever else is asked for", async () => {
    const other = await app.register();
    await deliver("001");
    await deliver("002", "Contact", other);
    await log();
    const key = { registrationId: webhook.registrationId, tenantId };
    const fields = { registrationId: other.registrationId };
    const { deliveries } = await listWebhookDeliveries(app.services, key, { fields, limit: 50 });
    expect(deliveries.map(({ entityId }) => entityId)).toEqual(["001"]);
  });
});

/** The health of the webhook by now. */
async function checkWebhookHealth() {
  return healthOf(app.services, await requireOwn(app.services, { tenantId, registrationId: webhook.registrationId }));
}

describe("one delivery", () => {
  const details = async (deliveryId: string, as = tenantId) => getDelivery(app.services, { tenantId: as, deliveryId });

  it("is shown with its request, its event and its sync task; proofs are masked", async () => {
    await deliver("001");
    const [line] = (await log()).deliveries;
    const found = await details(line?.deliveryId ?? "");
    expect(found).toMatchObject({
      ...line,
      change: "created",
      request: {
        headers: {
          "user-agent": "SFDC-Callout/67.0",
          "x-salesforce-event-id": "event-001",
          "x-salesforce-event-signature": "***",
        },
        bodyBytes: JSON.stringify(contact("001")).length,
      },
      event: { eventType: "created", entityId: "001", data: { Id: "001" } },
      syncTask: { status: "completed", entityId: "001" },
    });
    expect(JSON.stringify(found)).not.toContain(seedSignature(webhook, JSON.stringify(contact("001"))));
  });

  it("is shown with the explanation of its refusal", async () => {
    const body = JSON.stringify(contact("001"));
    const headers = { "x-salesforce-event-signature": `sha256=${"0".repeat(64)}` };
    await app.deliver(webhook.registrationId, body, headers).catch(() => undefined);
    const [line] = (await log()).deliveries;
    expect(await details(line?.deliveryId ?? "")).toMatchObject({
      verdict: "refused",
      reason: "signature_mismatch",
      eventNames: [],
      request: { headers: { "x-salesforce-event-signature": "***" }, bodyBytes: body.length },
    });
  });

  it("is shown without its event where the settings say that events are dropped", async () => {
    await app.close();
    app = await openTestApp({ DELIVERY_EVENTS: "dropped" });
    webhook = await app.register();
    await deliver("001");
    const [line] = (await log()).deliveries;
    expect(await details(line?.deliveryId ?? "")).not.toHaveProperty("event");
  });

  it("shows that an event waits for a limit, once, and no failure of the webhook", async () => {
    await deliver("001");
    const wait = { sync: { enqueueSyncTask: () => Promise.reject(new SyncDelay("rate_limited", noon + 60_000)) } };
    const saved = jest.spyOn(app.services.deliveries, "save");
    for (let round = 0; round < 3; round++) {
      const [message] = await app.lockingQueue.receive(1, 60_000);
      await drainMessage({ ...app.services, ...wait }, JSON.parse(message?.body ?? ""));
      await app.lockingQueue.complete(message?.lockToken ?? "");
      app.advance(60_000);
    }
    expect(saved).toHaveBeenCalledTimes(1);
    await app.services.gatherer.flush();
    const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 50 });
    expect(deliveries).toMatchObject([{ outcome: "retrying", reason: "rate_limited", attempts: 0 }]);
    const health = await checkWebhookHealth();
    expect(health.failureCount).toBe(0);
  });

  it("changes with every attempt, and stays one line", async () => {
    await deliver("001");
    const failing = {
      ...app.services,
      sync: { enqueueSyncTask: () => Promise.reject(new SyncFailure("provider_answer_unknown")) },
    };
    const [message] = await app.lockingQueue.receive(1, 60_000);
    await drainMessage(failing, JSON.parse(message?.body ?? ""));
    await app.lockingQueue.complete(message?.lockToken ?? "");
    expect((await log()).deliveries).toMatchObject([
      { outcome: "retrying", reason: "provider_answer_unknown", attempts: 1 },
    ]);
    app.advance(3_600_000);
    const { deliveries } = await log();
    expect(deliveries).toMatchObject([{ outcome: "synchronised", attempts: 2 }]);
    expect(deliveries[0]).not.toHaveProperty("reason");
  });

  it.each(["delivery-", "delivery-0-x", "task-f9a5d7b2c00-1", `delivery-${"f".repeat(11)}-1`])(
    "that nobody knows is not found: %s",
    async (deliveryId) => {
      expect(await codeOf(details(deliveryId))).toBe("delivery_not_found");
    },
  );

  it("of another tenant is not found", async () => {
    await deliver("001");
    const [line] = (await log()).deliveries;
    expect(await codeOf(details(line?.deliveryId ?? "", "tenant-b"))).toBe("delivery_not_found");
  });
});
