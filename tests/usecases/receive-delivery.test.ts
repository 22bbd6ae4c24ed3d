import { WebhookError } from "../../shared/core/errors";
import type { DeliveryReceipt } from "../../shared/usecases/queue-delivery";
import type { DeliveryResult } from "../../shared/usecases/accept-delivery";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { GoogleIssuer } from "../support/google-issuer";
import { makeRegistration, noon } from "../support/make";
import { codeOf, contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp();
});
afterEach(() => app.close());

function receiptOf(result: DeliveryResult): DeliveryReceipt {
  if (result.kind !== "receipt") throw new Error("a handshake came instead of a receipt");
  return result.receipt;
}

describe("receiveDelivery", () => {
  it("verifies, parses, queues, and answers the seed's three fields", async () => {
    const webhook = await app.register({ events: ["Contact.created"] });
    const receipt = receiptOf(await app.deliverSigned(webhook, contactBody()));
    expect(receipt).toMatchObject({
      success: true,
      eventType: "created",
      entityId: "003xx000004TMM",
      entityType: "Contact",
      eventName: "Contact.created",
      syncTriggered: true,
    });
    expect(receipt.events).toHaveLength(1);
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 1 });
  });

  it("acknowledges an event that nobody asked for without queueing it, and says so", async () => {
    const webhook = await app.register({ events: ["Contact.deleted"] });
    const receipt = receiptOf(await app.deliverSigned(webhook, contactBody()));
    expect(receipt).toMatchObject({ success: true, eventName: "Contact.created", syncTriggered: false });
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0 });
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items).toMatchObject([{ verdict: "ignored", reason: "not_asked_for", eventNames: ["Contact.created"] }]);
  });

  it("refuses a wrong signature, keeps the reason for the owner, and queues nothing", async () => {
    const webhook = await app.register();
    const headers = { "x-salesforce-event-signature": seedSignature({ webhookSecret: "another" }, "{}") };
    expect(await codeOf(app.deliver(webhook.registrationId, "{}", headers))).toBe("delivery_refused");
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items).toMatchObject([{ verdict: "refused", reason: "signature_mismatch" }]);
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0 });
  });

  it("refuses a signature that came twice, and tells the owner so", async () => {
    const webhook = await app.register();
    const signature = seedSignature(webhook, "{}");
    const headers = { "x-salesforce-event-signature": [signature, signature] };
    expect(await codeOf(app.deliver(webhook.registrationId, "{}", headers))).toBe("delivery_refused");
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items).toMatchObject([{ reason: "header_malformed", detail: "The header came more than once." }]);
  });

  it("gives an unknown, a deleted and an inactive webhook the same answer", async () => {
    const [known, deleted] = [await app.register(), await app.register()];
    await app.services.registrations.update(known.registrationId, (current) => ({ ...current, status: "inactive" }));
    const stored = await app.services.registrations.find(deleted.registrationId);
    if (stored) await app.services.registrations.delete(stored.value);
    const unknown = {
      ...known,
      registrationId: known.registrationId.replace(/.$/, (last) => (last === "a" ? "b" : "a")),
    };
    for (const webhook of [known, deleted, unknown]) {
      expect(await codeOf(app.deliverSigned(webhook, contactBody()))).toBe("registration_not_found");
    }
  });

  it.each(["not json", "[]", "null", '"text"', '{"action":1}', '{"sobject":{}}', "", "\u0000"])(
    "acknowledges the signed body %j, which it does not know, and records it as ignored",
    async (body) => {
      const webhook = await app.register();
      const headers = { "x-salesforce-event-signature": seedSignature(webhook, body) };
      const receipt = receiptOf(await app.deliver(webhook.registrationId, body, headers));
      expect(receipt).toMatchObject({ success: true, syncTriggered: false, events: [] });
      expect(receipt.ignored).toBeDefined();
    },
  );

  it("answers 411 to a chunked request, whose body the Functions host does not hand over", async () => {
    const webhook = await app.register();
    const attempt = app.deliver(webhook.registrationId, "", { "transfer-encoding": "chunked" });
    expect(await codeOf(attempt)).toBe("length_required");
  });

  it("answers 413 above the provider's cap, by the length announced and by the bytes themselves", async () => {
    const webhook = await app.register();
    const large = Buffer.alloc(1024 * 1024 + 1, " ");
    expect(await codeOf(app.deliver(webhook.registrationId, large, {}))).toBe("payload_too_large");
    const announced = { "content-length": String(large.length) };
    expect(await codeOf(app.deliver(webhook.registrationId, "", announced))).toBe("payload_too_large");
  });

  it("does not queue a repeated delivery twice, and says that it is a duplicate", async () => {
    const webhook = await app.register();
    const body = JSON.stringify(contactBody());
    const headers = { "x-salesforce-event-signature": seedSignature(webhook, body), "x-salesforce-event-id": "e-1" };
    const first = receiptOf(await app.deliver(webhook.registrationId, body, headers));
    const again = receiptOf(await app.deliver(webhook.registrationId, body, headers));
    expect(first.duplicate).toBeUndefined();
    expect(again).toMatchObject({ success: true, duplicate: true, syncTriggered: false, deliveryId: first.deliveryId });
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 1 });
  });

  it("takes the same delivery id for another webhook as another delivery", async () => {
    const webhooks = [await app.register(), await app.register()];
    for (const webhook of webhooks) {
      const body = JSON.stringify(contactBody());
      const headers = { "x-salesforce-event-signature": seedSignature(webhook, body), "x-salesforce-event-id": "e-1" };
      expect(receiptOf(await app.deliver(webhook.registrationId, body, headers)).duplicate).toBeUndefined();
    }
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 2 });
  });

  it("answers 429 with its figures when the webhook's bucket is empty, and accepts again later", async () => {
    await app.close();
    app = await openTestApp({ RATE_LIMIT_REGISTRATION: "1" });
    const webhook = await app.register();
    for (let taken = 0; taken < 10; taken++) await app.deliverSigned(webhook, contactBody("created", `id-${taken}`));
    const refused = await app.deliverSigned(webhook, contactBody()).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "rate_limited",
      retryAfterSeconds: 1,
      headers: { "x-ratelimit-limit": "10" },
    });
    app.advance(1000);
    expect(receiptOf(await app.deliverSigned(webhook, contactBody())).success).toBe(true);
  });

  it("never lets forged requests take from the bucket of genuine ones", async () => {
    await app.close();
    app = await openTestApp({ RATE_LIMIT_REGISTRATION: "1", RATE_LIMIT_UNVERIFIED: "1" });
    const webhook = await app.register();
    const forged = { "x-salesforce-event-signature": seedSignature({ webhookSecret: "forged" }, "{}") };
    const codes: string[] = [];
    for (let sent = 0; sent < 30; sent++) codes.push(await codeOf(app.deliver(webhook.registrationId, "{}", forged)));
    expect(codes.slice(0, 10)).toEqual(Array(10).fill("delivery_refused"));
    expect(codes.slice(10)).toEqual(Array(20).fill("rate_limited"));
    expect(receiptOf(await app.deliverSigned(webhook, contactBody())).syncTriggered).toBe(true);
  });

  it("marks the webhook as verified at its first genuine delivery, and a failed one as active again", async () => {
    const webhook = await app.register();
    await app.services.registrations.update(webhook.registrationId, (current) => ({ ...current, status: "failed" }));
    app.services.cache.forget(webhook.registrationId);
    await app.deliverSigned(webhook, contactBody());
    const stored = await app.services.registrations.find(webhook.registrationId);
    expect(stored?.value).toMatchObject({ isVerified: true, status: "active", verifiedAt: "2026-11-24T12:00:00.000Z" });
  });

  it("shows in the webhook's health right after the answer", async () => {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    const stored = await app.services.registrations.find(webhook.registrationId);
    if (!stored) throw new Error("the webhook is gone");
    const health = await healthOf(app.services, stored.value);
    expect(health).toMatchObject({
      status: "healthy",
      lastEventAt: "2026-11-24T12:00:00.000Z",
      counts: { accepted: 1 },
    });
  });

  it("takes a secret that was changed elsewhere as soon as it is used, not when its cache entry ages", async () => {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    const { registrationId } = webhook;
    const secretVersion = await app.services.secrets.set(registrationId, "another secret");
    await app.services.registrations.update(registrationId, (current) => ({ ...current, secretVersion }));
    const changed = { ...webhook, webhookSecret: "another secret" };
    expect(receiptOf(await app.deliverSigned(changed, contactBody())).success).toBe(true);
    expect(await codeOf(app.deliverSigned(webhook, contactBody()))).toBe("delivery_refused");
  });

  it("refuses by the present secret, too, where it was changed elsewhere and the signature is of neither", async () => {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    app.advance(6000);
    const forged = { ...webhook, webhookSecret: "a guess" };
    expect(await codeOf(app.deliverSigned(forged, contactBody()))).toBe("delivery_refused");
  });

  it("answers as if it were unknown when it was switched off elsewhere", async () => {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    await app.services.registrations.update(webhook.registrationId, (current) => ({ ...current, status: "inactive" }));
    app.advance(6000);
    const forged = { ...webhook, webhookSecret: "a guess" };
    expect(await codeOf(app.deliverSigned(forged, contactBody()))).toBe("registration_not_found");
  });

  it("allows only so many unverified attempts of one address", async () => {
    const webhook = await app.register();
    const forged = { ...webhook, webhookSecret: "a guess" };
    const codes = new Set<string>();
    for (let attempt = 0; attempt < 200; attempt++) codes.add(await codeOf(app.deliverSigned(forged, contactBody())));
    expect(codes).toEqual(new Set(["delivery_refused", "rate_limited"]));
    expect(receiptOf(await app.deliverSigned(webhook, contactBody())).success).toBe(true);
  });

  it("counts those that it does not allow for their owner and in the metrics, and blames no limit of the webhook", async () => {
    const webhook = await app.register();
    const forged = { ...webhook, webhookSecret: "a guess" };
    for (let attempt = 0; attempt < 300; attempt++) await codeOf(app.deliverSigned(forged, contactBody()));
    const stored = await app.services.registrations.find(webhook.registrationId);
    const { counts, recommendations } = await healthOf(app.services, stored?.value ?? makeRegistration());
    const { refused, throttled, rateLimited } = counts;
    expect([refused + throttled, rateLimited]).toEqual([300, 0]);
    expect(throttled).toBeGreaterThan(100);
    expect(recommendations.join("\n")).toContain(`${throttled} more that could not be verified`);
    expect(recommendations.join("\n")).not.toContain("raise the rate limit");
    expect(app.services.metrics.deliveries.samples()).toContainEqual({
      labels: ["salesforce", "throttled"],
      value: throttled,
    });
  });

  it("queues an event that does not fit a message by reference, and synchronises it all the same", async () => {
    const webhook = await app.register();
    const large = contactBody("created", "003", { Description: "x".repeat(300_000) });
    expect(receiptOf(await app.deliverSigned(webhook, large)).syncTriggered).toBe(true);
    expect(await app.drain()).toBe(1);
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items).toMatchObject([{ verdict: "accepted", outcome: "synchronised" }]);
  });

  const unknownIds = (count: number) => Array.from({ length: count }, () => makeRegistration().id);

  it("reads the store once in five seconds for an unknown webhook, however often it is called", async () => {
    const find = jest.spyOn(app.services.registrations, "find");
    const [unknown = ""] = unknownIds(1);
    const codes = await Promise.all(Array.from({ length: 500 }, () => codeOf(app.deliver(unknown, "{}", {}))));
    codes.push(await codeOf(app.deliver(unknown, "{}", {})));
    expect(new Set(codes)).toEqual(new Set(["registration_not_found"]));
    expect(find).toHaveBeenCalledTimes(1);
    app.advance(5000);
    await codeOf(app.deliver(unknown, "{}", {}));
    expect(find).toHaveBeenCalledTimes(2);
  });

  it("reads only so many unknown webhooks for one address, and takes what comes for one in memory", async () => {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    const find = jest.spyOn(app.services.registrations, "find");
    const codes = new Set<string>();
    for (const unknown of unknownIds(200)) codes.add(await codeOf(app.deliver(unknown, "{}", {})));
    expect(codes).toEqual(new Set(["registration_not_found", "rate_limited"]));
    expect(find.mock.calls.length).toBeLessThanOrEqual(100);
    expect(receiptOf(await app.deliverSigned(webhook, contactBody("updated"))).success).toBe(true);
    const cold = await app.register();
    expect(await codeOf(app.deliverSigned(cold, contactBody()))).toBe("rate_limited");
    app.advance(10_000);
    expect(receiptOf(await app.deliverSigned(cold, contactBody())).success).toBe(true);
  });

  it("holds no outage of the store against an address", async () => {
    const webhook = await app.register();
    const find = jest
      .spyOn(app.services.registrations, "find")
      .mockRejectedValue(new WebhookError("store_unavailable"));
    const codes = new Set<string>();
    for (let sent = 0; sent < 200; sent++) codes.add(await codeOf(app.deliverSigned(webhook, contactBody())));
    expect(codes).toEqual(new Set(["store_unavailable"]));
    find.mockRestore();
    expect(receiptOf(await app.deliverSigned(webhook, contactBody())).success).toBe(true);
  });

  it("takes deliveries of a new webhook at once, even if somebody called it before it was there", async () => {
    const { registrations } = app.services;
    const create = registrations.create.bind(registrations);
    jest.spyOn(registrations, "create").mockImplementationOnce(async (registration) => {
      expect(await codeOf(app.deliver(registration.id, "{}", {}))).toBe("registration_not_found");
      await create(registration);
    });
    const webhook = await app.register();
    expect(receiptOf(await app.deliverSigned(webhook, contactBody())).success).toBe(true);
  });

  it("answers 413 above the cap of the service, before anything is looked up", async () => {
    const announced = { "content-length": String(26 * 1024 * 1024) };
    expect(await codeOf(app.deliver("webhook-unknown", "", announced))).toBe("payload_too_large");
  });

  it("answers 429 when the tenant's bucket is empty, whichever of its webhooks emptied it", async () => {
    await app.close();
    app = await openTestApp({ RATE_LIMIT_TENANT: "1" });
    const [busy, quiet] = [await app.register(), await app.register()];
    for (let taken = 0; taken < 10; taken++) await app.deliverSigned(busy, contactBody("created", `id-${taken}`));
    expect(await codeOf(app.deliverSigned(quiet, contactBody()))).toBe("rate_limited");
    const foreign = await app.register({ tenantId: "tenant-456" });
    expect(receiptOf(await app.deliverSigned(foreign, contactBody())).success).toBe(true);
  });

  it("answers GitHub's signed ping, counts it as a handshake, and queues nothing", async () => {
    const webhook = await app.register({ integrationId: "github" });
    const body = JSON.stringify({ zen: "Design for failure.", hook_id: 1 });
    const headers = { "x-github-event": "ping", "x-hub-signature-256": seedSignature(webhook, body) };
    const result = await app.deliver(webhook.registrationId, body, headers);
    expect(result).toMatchObject({ kind: "handshake", reply: { status: 200 } });
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items).toMatchObject([{ verdict: "handshake" }]);
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0 });
    expect((await app.services.registrations.find(webhook.registrationId))?.value.isVerified).toBe(true);
  });

  it("queues a large body within the message where its event fits after all", async () => {
    const webhook = await app.register();
    const body = contactBody("created", "003", { Description: "x".repeat(100_000) });
    expect(receiptOf(await app.deliverSigned(webhook, body)).syncTriggered).toBe(true);
    const [message] = await app.lockingQueue.receive(1, 60_000);
    expect(JSON.parse(message?.body ?? "")).not.toHaveProperty("dataref");
  });

  it("accepts a delivery although its webhook cannot be marked as verified just now", async () => {
    const webhook = await app.register();
    const update = jest.spyOn(app.services.registrations, "update").mockRejectedValue(new Error("down"));
    expect(receiptOf(await app.deliverSigned(webhook, contactBody())).syncTriggered).toBe(true);
    expect(app.logged.map(({ event }) => event)).toContain("registration.not_marked");
    update.mockRestore();
  });

  it("accepts a delivery of a webhook that is deleted at this very moment", async () => {
    const webhook = await app.register();
    jest.spyOn(app.services.registrations, "update").mockResolvedValue(undefined);
    expect(receiptOf(await app.deliverSigned(webhook, contactBody())).syncTriggered).toBe(true);
  });
});

describe("a delivery from Google", () => {
  const serviceAccountEmail = "push@project.iam.gserviceaccount.com";
  const push = JSON.stringify({
    message: { messageId: "1", data: Buffer.from('{"emailAddress":"a@b.c","historyId":7}').toString("base64") },
    subscription: "projects/p/subscriptions/s",
  });
  let issuer: GoogleIssuer;
  beforeEach(async () => {
    issuer = await GoogleIssuer.start();
    await app.close();
    app = await openTestApp({ GOOGLE_CERTIFICATES_URL: issuer.certificatesUrl });
  });
  afterEach(() => issuer.close());

  const deliver = (registrationId: string, audience: string) => {
    const token = issuer.mint({ audience, serviceAccountEmail, now: noon });
    return app.deliver(registrationId, push, { authorization: `Bearer ${token}` });
  };

  it("is refused until the service account is named, and the owner reads why; then it is taken", async () => {
    const webhook = await app.register({ integrationId: "google" });
    expect(await codeOf(deliver(webhook.registrationId, webhook.webhookUrl))).toBe("delivery_refused");
    const key = { tenantId: "tenant-123", registrationId: webhook.registrationId };
    await updateWebhook(app.services, key, { verification: { serviceAccountEmail } });
    expect(receiptOf(await deliver(webhook.registrationId, webhook.webhookUrl))).toMatchObject({
      deliveryId: "1",
      eventName: "mailbox.updated",
      syncTriggered: true,
    });
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items).toMatchObject([{ verdict: "refused", reason: "pending_verification" }]);
  });

  it("is neither taken nor refused while Google's keys cannot be had", async () => {
    issuer.respondWith((response) => response.writeHead(503).end());
    const webhook = await app.register({ integrationId: "google", verification: { serviceAccountEmail } });
    expect(await codeOf(deliver(webhook.registrationId, webhook.webhookUrl))).toBe("keys_unavailable");
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items).toEqual([]);
  });
});

describe("what no record could hold", () => {
  const keptIds = async (registrationId: string) => {
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", registrationId, 10);
    return items.map(({ verdict, reason, deliveryId }) => ({ verdict, reason, deliveryId }));
  };

  it.each([
    ["an id of a megabyte", contactBody("created", "x".repeat(900_000))],
    ["a name that no pattern could match", { action: "created", sobject: { name: "Con tact", fields: { Id: "003" } } }],
    ["a name of many words", { action: "created", sobject: { name: "C".repeat(101), fields: { Id: "003" } } }],
    ["an endless action", contactBody("x".repeat(201))],
  ])("is acknowledged, recorded and not queued: %s", async (_, body) => {
    const webhook = await app.register();
    expect(receiptOf(await app.deliverSigned(webhook, body))).toMatchObject({ events: [], ignored: "unknown_shape" });
    expect(await keptIds(webhook.registrationId)).toMatchObject([{ verdict: "ignored", reason: "unknown_shape" }]);
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 0 });
  });

  it("keeps the digest of a delivery id that is longer than anybody reads", async () => {
    const webhook = await app.register({ events: ["Lead.created"] });
    const body = JSON.stringify(contactBody());
    const headers = {
      "x-salesforce-event-signature": seedSignature(webhook, body),
      "x-salesforce-event-id": "e".repeat(201),
    };
    await app.deliver(webhook.registrationId, body, headers);
    expect(await keptIds(webhook.registrationId)).toMatchObject([
      { deliveryId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    ]);
  });
});

describe("a refusal that says why", () => {
  const ofOwner = async (registrationId: string) => {
    await app.services.gatherer.flush();
    const stored = await app.services.registrations.find(registrationId);
    if (!stored) throw new Error("the webhook is gone");
    const { items } = await app.services.deliveries.list("tenant-123", registrationId, 10);
    return { records: items, health: await healthOf(app.services, stored.value) };
  };
  const refusalOf = (registrationId: string, body: string, headers: Record<string, string>) =>
    app.deliver(registrationId, body, headers).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("tells the owner, in the record and in the health, and the caller nothing more than ever", async () => {
    const webhook = await app.register();
    const reserialised = { "x-salesforce-event-signature": seedSignature(webhook, '{"a": 1}') };
    const forged = { "x-salesforce-event-signature": seedSignature({ webhookSecret: "a guess" }, "{}") };
    const told = await refusalOf(webhook.registrationId, '{"a":1}', reserialised);
    const untold = await refusalOf(webhook.registrationId, '{"a":1}', forged);
    expect(told).toMatchObject({ code: "delivery_refused", headers: {}, problems: [] });
    expect(told).toEqual(untold);
    const { records, health } = await ofOwner(webhook.registrationId);
    const detail = "The signature matches the body as JSON with a space after each colon and comma.";
    expect(records).toContainEqual(expect.objectContaining({ reason: "body_reserialised", detail }));
    expect(health.failureReasons).toContainEqual({
      at: new Date(noon).toISOString(),
      reason: "body_reserialised",
      detail,
    });
  });

  it("gives the advice that belongs to the cause, and the detail with it", async () => {
    const webhook = await app.register({ integrationId: "github" });
    await refusalOf(webhook.registrationId, "{}", { "x-slack-signature": "v0=1" });
    const { health } = await ofOwner(webhook.registrationId);
    expect(health.recommendations[0]).toBe(
      "The request is signed as another provider signs. The header x-slack-signature is there: " +
        "that is how Slack proves itself. Next step: look which URL was entered there.",
    );
  });

  it("looks into a few of many refusals, from wherever they come", async () => {
    const webhook = await app.register();
    const reserialised = { "x-salesforce-event-signature": seedSignature(webhook, '{"a": 1}') };
    for (let sent = 0; sent < 12; sent++) await refusalOf(webhook.registrationId, '{"a":1}', reserialised);
    const reasons = (await ofOwner(webhook.registrationId)).records.map(({ reason }) => reason);
    const all = await app.services.deliveries.list("tenant-123", webhook.registrationId, 100);
    expect(reasons.length).toBe(10);
    expect(all.items.filter(({ reason }) => reason === "body_reserialised")).toHaveLength(10);
    expect(all.items.filter(({ reason }) => reason === "signature_mismatch")).toHaveLength(2);
  });

  it("refuses all the same where looking for the cause fails", async () => {
    const webhook = await app.register();
    const provider = app.services.providers.get("salesforce");
    if (!provider) throw new Error("no such provider");
    const fails = (error: unknown) => () => {
      throw error;
    };
    for (const error of [new RangeError("secret"), "secret"]) {
      const explain = jest.spyOn(provider, "explain").mockImplementation(fails(error));
      expect(await codeOf(app.deliver(webhook.registrationId, "{}", {}))).toBe("delivery_refused");
      explain.mockRestore();
    }
    const { records } = await ofOwner(webhook.registrationId);
    expect(records).toMatchObject([{ reason: "header_missing" }, { reason: "header_missing" }]);
    expect(JSON.stringify(app.logged)).not.toContain("secret");
  });
});
