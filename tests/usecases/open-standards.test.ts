import { createHash, createHmac } from "node:crypto";
import type { VerificationSettings } from "../../shared/core/registration";
import type { DeliveryReceipt } from "../../shared/usecases/queue-delivery";
import type { DeliveryResult } from "../../shared/usecases/accept-delivery";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { type UpdateRequest, updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp();
});
afterEach(() => app.close());

const own = (registrationId: string) => ({ tenantId: "tenant-123", registrationId });
const seconds = String(noon / 1000);

function receiptOf(result: DeliveryResult): DeliveryReceipt {
  if (result.kind !== "receipt") throw new Error("this was a handshake");
  return result.receipt;
}

function standardHeaders(secret: string, body: string): Record<string, string> {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`msg_1.${seconds}.${body}`).digest("base64");
  return { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": `v1,${signature}` };
}

const userCreated = JSON.stringify({ type: "user.created", data: { id: "u1", name: "Ada" } });

describe("a delivery by Standard Webhooks", () => {
  const deliver = ({ registrationId, webhookSecret = "" }: NewRegistration) =>
    app.deliver(registrationId, userCreated, standardHeaders(webhookSecret, userCreated));

  it("is taken with the generated secret, once, and synchronised", async () => {
    const webhook = await app.register({ integrationId: "standard", events: ["user.*"] });
    expect(receiptOf(await deliver(webhook))).toMatchObject({
      deliveryId: "msg_1",
      eventName: "user.created",
      entityId: "u1",
      syncTriggered: true,
    });
    expect(receiptOf(await deliver(webhook)).duplicate).toBe(true);
    expect(await app.drain()).toBe(1);
  });

  it("is read by the settings of its registration, also after they were changed", async () => {
    const webhook = await app.register({ integrationId: "standard", verification: { entityPath: "data.name" } });
    expect(receiptOf(await deliver(webhook)).entityId).toBe("Ada");
    await updateWebhook(app.services, own(webhook.registrationId), { verification: { entityPath: "data.nothing" } });
    expect(receiptOf(await deliver(webhook))).toMatchObject({ ignored: "entity_id_missing", events: [] });
  });

  it("waits for a public key under v1a, makes no secret, and takes none", async () => {
    const webhook = await app.register({ integrationId: "standard", verification: { scheme: "v1a" } });
    expect(webhook).toMatchObject({ status: "pending_verification", secretOrigin: "none" });
    expect(webhook.webhookSecret).toBeUndefined();
    const verification = { publicKey: `whpk_${Buffer.alloc(32, 1).toString("base64")}` };
    const updated = await updateWebhook(app.services, own(webhook.registrationId), { verification });
    expect(updated.status).toBe("active");
    const webhookSecret = "whsec_c2VjcmV0c2VjcmV0";
    expect(await codeOf(updateWebhook(app.services, own(webhook.registrationId), { webhookSecret }))).toBe(
      "invalid_request",
    );
    const attempt = app.register({ integrationId: "standard", verification: { scheme: "v1a" }, webhookSecret });
    expect(await codeOf(attempt)).toBe("invalid_request");
  });
});

describe("secrets and settings that an owner brings", () => {
  it.each([
    [{ integrationId: "standard", webhookSecret: "not base64 at all" }],
    [{ integrationId: "graph", webhookSecret: "x".repeat(129) }],
    [{ integrationId: "cloudevents", webhookSecret: "two words" }],
    [{ integrationId: "google", webhookSecret: "google has none" }],
    [{ integrationId: "hmac", verification: { signedParts: ["{timestamp}", "{body}"] } }],
    [{ integrationId: "hmac", verification: { publicKey: "whpk_" } }],
  ])("are refused where they cannot work: %j", async (overrides) => {
    expect(await codeOf(app.register(overrides))).toBe("invalid_request");
  });

  it("are held against each other as they are after a change", async () => {
    const signatureHeader = "x-sig";
    const { registrationId, status } = await app.register({ integrationId: "hmac", verification: { signatureHeader } });
    expect(status).toBe("active");
    const change = (verification: object) => updateWebhook(app.services, own(registrationId), { verification });
    expect(await codeOf(change({ timestampHeader: "x-time" }))).toBe("invalid_request");
    await change({ timestampHeader: "x-time", signedParts: ["{timestamp}", "{body}"] });
    expect(await codeOf(change({ signedParts: ["{body}"] }))).toBe("invalid_request");
  });

  it("leave the scheme alone that the owner chose", async () => {
    const verification = { scheme: "standard" };
    const { registrationId } = await app.register({ integrationId: "cloudevents", verification });
    const webhookSecret = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
    const updated = await updateWebhook(app.services, own(registrationId), { webhookSecret });
    expect(updated).toMatchObject({ secretOrigin: "imported", verification });
  });

  it.each<[string, VerificationSettings, VerificationSettings, string]>([
    ["cloudevents", { scheme: "bearer" }, { scheme: "standard" }, "/verification/scheme"],
    ["salesforce", { scheme: "ens" }, { keyEncoding: "base64" }, "/verification/keyEncoding"],
    ["salesforce", { scheme: "native", keyEncoding: "base64" }, { scheme: "ens" }, "/verification/scheme"],
  ])(
    "of %s: %j does not become %j while the stored secret is none for it",
    async (integrationId, verification, change, path) => {
      const webhookSecret = "Aa:.:.:.:!*()";
      const { registrationId } = await app.register({ integrationId, verification, webhookSecret });
      const update = (request: UpdateRequest) => updateWebhook(app.services, own(registrationId), request);
      const message = expect.stringContaining("base64 of at least 16 bytes") as unknown;
      await expect(update({ verification: change })).rejects.toMatchObject({
        code: "invalid_request",
        problems: [{ path, message }],
      });
      expect(await update({ events: ["*"] })).toMatchObject({ verification });
      const good = Buffer.alloc(24, 1).toString("base64");
      expect(await update({ verification: change, webhookSecret: good })).toMatchObject({ verification: change });
    },
  );

  it("are no hindrance where the secret is our own, which serves until the sender's is there", async () => {
    const verification = { scheme: "ens" };
    const { registrationId } = await app.register({ integrationId: "salesforce", verification });
    const change = { verification: { keyEncoding: "base64" } } as const;
    const updated = await updateWebhook(app.services, own(registrationId), change);
    expect(updated).toMatchObject({ secretOrigin: "generated", verification: { keyEncoding: "base64" } });
  });
});

describe("a batch of CloudEvents", () => {
  it("that comes again in other company queues only what is new", async () => {
    const { registrationId, webhookSecret } = await app.register({ integrationId: "cloudevents", events: ["*"] });
    const event = (id: string) => ({ specversion: "1.0", id, source: "/shop", type: "order.created", subject: id });
    const deliver = async (...ids: string[]) => {
      const headers = {
        "content-type": "application/cloudevents-batch+json",
        authorization: `Bearer ${webhookSecret}`,
      };
      return receiptOf(await app.deliver(registrationId, JSON.stringify(ids.map(event)), headers));
    };
    expect((await deliver("1", "2")).events.map(({ syncTriggered }) => syncTriggered)).toEqual([true, true]);
    expect((await deliver("2", "3")).events.map(({ syncTriggered }) => syncTriggered)).toEqual([false, true]);
    expect((await deliver("3")).duplicate).toBe(true);
    expect(await app.drain()).toBe(3);
  });
});

describe("a CloudEvent with ids as long as any", () => {
  it.each([9_000, 20_000, 30_000, 40_000])("fits the queue with %i bytes to spare for them", async (spare) => {
    const { registrationId, webhookSecret } = await app.register({ integrationId: "cloudevents", events: ["*"] });
    // A control character takes six bytes in JSON.
    const long = "\u0001".repeat(1000);
    const data = { text: "x".repeat(app.services.queue.maxMessageBytes - spare) };
    const event = { specversion: "1.0", id: "1", source: long, type: "order.created", subject: long, data };
    const headers = { "content-type": "application/cloudevents+json", authorization: `Bearer ${webhookSecret}` };
    expect(receiptOf(await app.deliver(registrationId, JSON.stringify(event), headers)).syncTriggered).toBe(true);
    expect(await app.drain()).toBe(1);
  });
});

describe("a custom HMAC", () => {
  it("waits for its signature header, then is verified, and its health says that it is weak", async () => {
    const webhook = await app.register({ integrationId: "hmac" });
    expect(webhook.status).toBe("pending_verification");
    const signed = {
      "x-sig": createHmac("sha256", webhook.webhookSecret ?? "")
        .update(userCreated)
        .digest("hex"),
    };
    expect(await codeOf(app.deliver(webhook.registrationId, userCreated, signed))).toBe("delivery_refused");
    await updateWebhook(app.services, own(webhook.registrationId), { verification: { signatureHeader: "X-Sig" } });
    expect(receiptOf(await app.deliver(webhook.registrationId, userCreated, signed)).eventName).toBe("user.created");
    const stored = await app.services.registrations.find(webhook.registrationId);
    if (!stored) throw new Error("the registration is gone");
    const { recommendations } = await healthOf(app.services, stored.value);
    expect(recommendations.join(" ")).toContain("weak: it signs no time");
  });
});

describe("Microsoft Graph", () => {
  const query = "?validationToken=Validation%3a+Testing";
  const notify = (webhook: NewRegistration) => {
    const change = {
      id: "1",
      changeType: "created",
      resource: "users/u/messages/m",
      clientState: webhook.webhookSecret,
    };
    return app.deliver(webhook.registrationId, JSON.stringify({ value: [change] }), {});
  };

  it("has its URL checked for every subscription, before and after the first notification, and nothing is verified by it", async () => {
    const webhook = await app.register({ integrationId: "graph" });
    const check = () => app.deliver(webhook.registrationId, "", {}, query);
    const reply = { kind: "handshake", reply: { status: 200, body: "Validation: Testing" } };
    expect(await check()).toMatchObject(reply);
    expect((await app.services.registrations.find(webhook.registrationId))?.value.isVerified).toBe(false);
    expect(receiptOf(await notify(webhook))).toMatchObject({ eventName: "message.created", syncTriggered: true });
    expect(await check()).toMatchObject(reply);
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant-123", webhook.registrationId, 10);
    expect(items.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["handshake", "url_check"],
      ["handshake", "url_check"],
    ]);
  });

  it("cannot be used to whitewash the health of a webhook", async () => {
    const { registrationId } = await app.register({ integrationId: "graph" });
    expect(await codeOf(app.deliver(registrationId, "{}", {}))).toBe("delivery_refused");
    await app.deliver(registrationId, "", {}, query);
    const stored = await app.services.registrations.find(registrationId);
    if (!stored) throw new Error("the registration is gone");
    expect(await healthOf(app.services, stored.value)).toMatchObject({ failureCount: 1, counts: { handshake: 0 } });
  });

  it("is not answered for a webhook that is switched off, nor for another provider's", async () => {
    const webhook = await app.register({ integrationId: "graph" });
    await updateWebhook(app.services, own(webhook.registrationId), { status: "inactive" });
    expect(await codeOf(app.deliver(webhook.registrationId, "", {}, query))).toBe("registration_not_found");
    const github = await app.register({ integrationId: "github" });
    expect(await codeOf(app.deliver(github.registrationId, "", {}, query))).toBe("delivery_refused");
  });

  it("gets its token back only so often", async () => {
    const { registrationId } = await app.register({ integrationId: "graph" });
    const codes = new Set<string>();
    for (let attempt = 0; attempt < 150; attempt++) codes.add(await codeOf(app.deliver(registrationId, "", {}, query)));
    expect(codes).toEqual(new Set(["resolved", "rate_limited"]));
  });
});

describe("Twilio", () => {
  const sign = (secret: string, text: string) => createHmac("sha1", secret).update(text).digest("base64");

  it("reads that it has nothing to do, where it asks with a form", async () => {
    const { registrationId, webhookUrl } = await app.register({ integrationId: "twilio", webhookSecret: "auth-token" });
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": sign("auth-token", `${webhookUrl}MessageSidSM1MessageStatusdelivered`),
    };
    expect(await app.deliver(registrationId, "MessageSid=SM1&MessageStatus=delivered", headers)).toMatchObject({
      receipt: { entityId: "SM1" },
      reply: { status: 200, headers: { "content-type": "text/xml" }, body: "<Response/>" },
    });
  });

  it("signs the public URL of the webhook and the query that came, whatever the host header says", async () => {
    const { registrationId, webhookUrl } = await app.register({ integrationId: "twilio", webhookSecret: "auth-token" });
    const body = JSON.stringify([
      {
        specversion: "1.0",
        type: "com.twilio.messaging.message.sent",
        source: "AB",
        id: "1",
        data: { messageSid: "SM1" },
      },
    ]);
    const query = `?bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
    const headers = {
      host: "internal:8080",
      "content-type": "application/json",
      "x-twilio-signature": sign("auth-token", webhookUrl + query),
    };
    expect(receiptOf(await app.deliver(registrationId, body, headers, query))).toMatchObject({ entityId: "SM1" });
    expect(await app.deliver(registrationId, body, headers, query)).toMatchObject({ reply: undefined });
    expect(await codeOf(app.deliver(registrationId, body, headers))).toBe("delivery_refused");
  });
});
