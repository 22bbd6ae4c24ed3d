import { createHash, createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof } from "../../shared/core/provider";
import { DeliveryRefused } from "../../shared/core/refusal";
import { eventNameOf } from "../../shared/core/webhook-event";
import { salesforce } from "../../shared/providers/salesforce";
import { trust } from "../../shared/providers/trust";
import { confirmWebhook } from "../../shared/usecases/confirm-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { contractNow, describeScheme } from "../contracts/provider";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

const base64 = (secret: string | Buffer, text: string | Buffer) =>
  createHmac("sha256", secret).update(text).digest("base64");
/** Not the last letter: of that, base64 leaves bits unused. */
const corrupt = (value: string) =>
  value.replace(/(.)(.{9})$/, (_, changed: string, rest: string) => (changed === "A" ? "B" : "A") + rest);

const parseBy = (scheme: string, body: unknown) =>
  salesforce.parse(
    trust(new DeliveryRequest(new Headers(), Buffer.from(typeof body === "string" ? body : JSON.stringify(body)))),
    contractNow,
    { scheme },
  );

/** The reason for a refusal, after its explanation; "accepted" if there is none. */
function reasonOf(headers: Record<string, string>, body: Buffer, proof: Proof): string {
  const request = new DeliveryRequest(new Headers(headers), body);
  try {
    void salesforce.verify(request, proof);
  } catch (error) {
    if (!(error instanceof DeliveryRefused)) throw error;
    return salesforce.explain?.(request, proof, error.reason)?.reason ?? error.reason;
  }
  return "accepted";
}

const change = (overrides: object = {}) => ({
  ActionDeveloperName: "Contact_Changes",
  EventCreationDateTime: "2026-11-24T08:00:00.000Z",
  EventPublishDateTime: "2026-11-24T08:00:01.000Z",
  EventPrompt: "UPDATE",
  EventUuid: "0b3d1c0e-1111-4222-8333-444455556666",
  SourceObjectDeveloperName: "UnifiedContact__dlm",
  PayloadCurrentValue: JSON.stringify({ ssot__Id__c: "003xx", ssot__LastName__c: "Lovelace" }),
  ...overrides,
});
const batch = (...events: unknown[]) => ({
  creationDateTime: "2026-11-24T08:00:02Z",
  count: events.length,
  schemas: [],
  events,
});

const sent = (overrides: object = {}) => ({
  eventCategoryType: "TransactionalSendEvents.EmailSent",
  timestampUTC: contractNow - 1000,
  compositeId: "1.2.3.4",
  composite: { jobId: "1", batchId: "2", listId: "3", subscriberId: "4" },
  definitionKey: "welcome",
  mid: 7001,
  info: { to: "ada@example.com", messageKey: "m-1" },
  ...overrides,
});

describe("Data 360", () => {
  const body = Buffer.from(JSON.stringify(batch(change())));
  describeScheme({
    provider: salesforce,
    scheme: "data360",
    body,
    headers: (bytes, secret) => ({ "x-signature": base64(secret, bytes) }),
    proofHeader: "x-signature",
    encoding: "base64",
    corruptProof: corrupt,
  });

  const proof = { scheme: "data360", secrets: ["key"], settings: {}, toleranceSeconds: 300, now: contractNow };
  const text = '{"a":"x/ü"}';

  it.each([
    ["minimally", '{\\"a\\":\\"x/ü\\"}'],
    ["as Apache Commons does", '{\\"a\\":\\"x\\/\\u00FC\\"}'],
  ])("may sign the body escaped as JSON text, %s", (_, escaped) => {
    expect(reasonOf({ "x-signature": base64("key", escaped) }, Buffer.from(text), proof)).toBe("accepted");
    expect(reasonOf({ "x-signature": base64("other", escaped) }, Buffer.from(text), proof)).toBe("signature_mismatch");
  });

  it.each([
    [262_144, "accepted", "accepted"],
    [262_145, "accepted", "signature_mismatch"],
  ])("may be escaped as JSON text at %d bytes: %s, and with all letters beyond ASCII: %s", (size, minimal, wide) => {
    const content = Buffer.from(`"😀é/\u007f\t\\${"x".repeat(size - 12)}"`);
    expect(content).toHaveLength(size);
    const text = `\\"😀é/\u007f\\t\\\\${"x".repeat(size - 12)}\\"`;
    expect(reasonOf({ "x-signature": base64("key", text) }, content, proof)).toBe(minimal);
    const ascii = text.replace("😀é/\u007f", "\\uD83D\\uDE00\\u00E9\\/\\u007F");
    expect(reasonOf({ "x-signature": base64("key", ascii) }, content, proof)).toBe(wide);
  });

  it("may not where the bytes are no text, because others would have the same", () => {
    const escaped = JSON.stringify(Buffer.from([0xff]).toString("utf8")).slice(1, -1);
    expect(reasonOf({ "x-signature": base64("key", escaped) }, Buffer.from([0xff]), proof)).toBe("body_reserialised");
    expect(reasonOf({ "x-signature": base64("key", text) }, Buffer.from(text), { ...proof, secrets: [] })).toBe(
      "secret_missing",
    );
  });

  it.each([
    ["in base64url", (value: string) => value.replace("=", "")],
    ["with spare bits", (value: string) => value.replace(/.=$/, "9=")],
    ["in hex", (value: string) => Buffer.from(value, "base64").toString("hex")],
  ])("refuses a right signature %s", (_, alter) => {
    const altered = alter(base64("key", body));
    expect(["encoding_wrong", "header_malformed"]).toContain(reasonOf({ "x-signature": altered }, body, proof));
  });

  it.each([
    ["INSERT", "created"],
    ["UPDATE", "updated"],
    ["DELETE", "deleted"],
  ])("%s is %s", (EventPrompt, eventType) => {
    expect(parseBy("data360", batch(change({ EventPrompt }))).events).toEqual([
      {
        id: "0b3d1c0e-1111-4222-8333-444455556666",
        entityType: "UnifiedContact__dlm",
        eventType,
        entityId: "003xx",
        nativeType: `UnifiedContact__dlm.${EventPrompt}`,
        nativeAction: EventPrompt,
        occurredAt: "2026-11-24T08:00:00.000Z",
        version: { kind: "time", value: Date.UTC(2026, 10, 24, 8) },
        completeness: "partial",
        data: { ssot__Id__c: "003xx", ssot__LastName__c: "Lovelace" },
      },
    ]);
  });

  it("reads the id of a deleted record from what it was, and else from the profile", () => {
    const gone = change({ EventPrompt: "DELETE", PayloadCurrentValue: "", PayloadPrevValue: '{"Id__c":"009"}' });
    expect(parseBy("data360", batch(gone)).events).toMatchObject([{ eventType: "deleted", entityId: "009", data: {} }]);
    const profile = change({ PayloadCurrentValue: { x: 1 }, ProfileIdValue: "p-1" });
    expect(parseBy("data360", batch(profile)).events).toMatchObject([{ entityId: "p-1", data: { x: 1 } }]);
  });

  it("says only that something occurred where no record is named", () => {
    const unnamed = change({ PayloadCurrentValue: '{"x":1}', EventPublishDateTime: undefined });
    expect(parseBy("data360", batch(unnamed)).events).toMatchObject([
      { eventType: "occurred", entityId: "0b3d1c0e-1111-4222-8333-444455556666" },
    ]);
  });

  it("takes each event of a batch once, and what it does not know not at all", () => {
    const broken = [7, null, {}, change({ EventPrompt: 1.5e300 }), change({ SourceObjectDeveloperName: "a b" })];
    const nameless = change({ EventUuid: undefined, PayloadCurrentValue: "{" });
    const uncounted = change({ EventUuid: undefined });
    const { events, deliveryId } = parseBy("data360", batch(change(), change(), ...broken, nameless, uncounted));
    expect(deliveryId).toBe("0b3d1c0e-1111-4222-8333-444455556666");
    expect(events.map(({ id }) => id)).toEqual(["0b3d1c0e-1111-4222-8333-444455556666", undefined]);
    for (const body of [{}, [], "x", { events: 7 }, batch()]) {
      expect(parseBy("data360", body)).toEqual({ events: [], ignored: "unknown_shape" });
    }
  });
});

describe.each(["text", "base64"] as const)("Marketing Cloud's event notifications, key as %s", (keyEncoding) => {
  const keyOf = (secret: string) => (keyEncoding === "base64" ? Buffer.from(secret, "base64") : secret);
  const body = Buffer.from(JSON.stringify([sent()]));
  describeScheme({
    provider: salesforce,
    scheme: "ens",
    settings: { keyEncoding },
    body,
    headers: (bytes, secret) => ({ "x-sfmc-ens-signature": base64(keyOf(secret), bytes) }),
    proofHeader: "x-sfmc-ens-signature",
    encoding: "base64",
    corruptProof: corrupt,
  });

  const key = Buffer.from("a secret key of 24 bytes").toString("base64");
  const proof = {
    scheme: "ens",
    secrets: [key],
    settings: { keyEncoding },
    toleranceSeconds: 300,
    now: contractNow,
  };

  it("tells the owner when the other form of the key was used, and when the body was written anew", () => {
    const other = keyEncoding === "base64" ? key : Buffer.from(key, "base64");
    const headers = { "x-sfmc-ens-signature": base64(other, body) };
    expect(reasonOf(headers, body, proof)).toBe(keyEncoding === "base64" ? "signature_mismatch" : "secret_altered");
    const spaced = JSON.stringify(JSON.parse(body.toString()), null, 2);
    const rewritten = { "x-sfmc-ens-signature": base64(keyOf(key), spaced) };
    expect(reasonOf(rewritten, body, proof)).toBe("body_reserialised");
  });

  it("refuse a key of which base64 leaves less than 16 bytes", () => {
    const secret = "Aa:.:.:.:!*()";
    const headers = { "x-sfmc-ens-signature": base64(keyOf(secret), body) };
    const isBase64 = keyEncoding === "base64";
    expect(reasonOf(headers, body, { ...proof, secrets: [secret] })).toBe(isBase64 ? "secret_missing" : "accepted");
    const problem = salesforce.secretProblem?.(secret, { scheme: "ens", keyEncoding });
    expect(problem).toBe(isBase64 ? "must be base64 of at least 16 bytes" : undefined);
    expect(salesforce.secretProblem?.(key, { scheme: "ens", keyEncoding })).toBeUndefined();
    expect(salesforce.secretProblem?.(secret, { scheme: "native", keyEncoding })).toBeUndefined();
  });
});

describe("what became of messages in Marketing Cloud", () => {
  it.each([
    ["TransactionalSendEvents.EmailSent", "email_message.created"],
    ["TransactionalSendEvents.EmailNotSent", "email_message.updated"],
    ["TransactionalSendEvents.EmailBounced", "email_message.updated"],
    ["EngagementEvents.EmailOpen", "email_message.occurred"],
    ["EngagementEvents.EmailClick", "email_message.occurred"],
    ["EngagementEvents.EmailUnsubscribe", "email_message.occurred"],
    ["TransactionalSendEvents.SmsSent", "sms_message.created"],
    ["TransactionalSendEvents.SmsTransient", "sms_message.updated"],
    ["TransactionalSendEvents.SmsDelivered", "sms_message.updated"],
    ["AutomationEvents.AutomationInstanceCompleted", "automation.occurred"],
  ])("%s is %s", (eventCategoryType, eventName) => {
    const [event] = parseBy("ens", [sent({ eventCategoryType })]).events;
    expect(event && eventNameOf(event)).toBe(eventName);
    expect(event).toMatchObject({
      entityId: "m-1",
      scope: "7001",
      version: { kind: "time", value: contractNow - 1000 },
    });
  });

  it("is told apart by what it says, alone or in a list, in seconds or in milliseconds", () => {
    const seconds = sent({ timestampUTC: 1_795_510_000, info: {} });
    const { events } = parseBy("ens", [sent(), sent(), seconds]);
    const digest = (item: object) => createHash("sha256").update(JSON.stringify(item)).digest("hex").slice(0, 32);
    expect(events.map(({ id }) => id)).toEqual([
      `TransactionalSendEvents.EmailSent:m-1:${contractNow - 1000}:${digest(sent())}`,
      `TransactionalSendEvents.EmailSent:1.2.3.4:1795510000000:${digest(seconds)}`,
    ]);
    expect(parseBy("ens", sent()).events).toHaveLength(1);
    const composite = sent({ info: {}, compositeId: undefined, timestampUTC: undefined });
    expect(parseBy("ens", composite).events).toMatchObject([{ entityId: "1.3.4.2" }]);
  });

  it("is told apart by all that it says, so that two clicks within a second are two events", () => {
    const click = (url: string) => sent({ eventCategoryType: "EngagementEvents.EmailClick", info: { url } });
    const { events } = parseBy("ens", [
      click("https://a.example"),
      click("https://b.example"),
      click("https://a.example"),
    ]);
    expect(events.map(({ data }) => data["info"])).toEqual([
      { url: "https://a.example" },
      { url: "https://b.example" },
    ]);
  });

  it.each([
    [{}],
    [[]],
    [[7]],
    ["x"],
    [[sent({ eventCategoryType: "x" })]],
    [[sent({ info: 1, compositeId: {}, composite: [] })]],
  ])("finds nothing in %j", (body) => {
    expect(parseBy("ens", body)).toEqual({ events: [], ignored: "unknown_shape" });
  });
});

describe("the handshake in which Marketing Cloud brings a verification key", () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await openTestApp();
  });
  afterEach(() => app.close());

  const hello = JSON.stringify({ callbackId: "cb-1", verificationKey: "single-use-key" });
  const own = (registrationId: string) => ({ tenantId: "tenant-123", registrationId });

  it("shows the key once to the owner, who verifies the callback with it and brings the signature key", async () => {
    const webhook = await app.register({ verification: { scheme: "ens" } });
    expect(await app.deliver(webhook.registrationId, hello, {})).toMatchObject({ kind: "handshake" });
    const shown = await confirmWebhook(app.services, own(webhook.registrationId), {});
    if (!("candidates" in shown)) throw new Error("no candidates");
    expect(shown.candidates).toMatchObject([{ secret: "single-use-key", use: "callback_verification" }]);
    const stored = await app.services.registrations.find(webhook.registrationId);
    expect(JSON.stringify(stored)).not.toContain("single-use-key");

    const updated = await updateWebhook(app.services, own(webhook.registrationId), { webhookSecret: "signature key" });
    expect(updated).toMatchObject({ secretOrigin: "imported", verification: { scheme: "ens" } });
    expect(updated.candidateSecrets).toBeUndefined();
    const body = JSON.stringify([sent()]);
    const headers = { "x-sfmc-ens-signature": base64("signature key", body) };
    expect(await app.deliver(webhook.registrationId, body, headers)).toMatchObject({
      kind: "receipt",
      receipt: { eventName: "email_message.created", syncTriggered: true },
    });
  });

  it("never makes that key the secret", async () => {
    const webhook = await app.register({ verification: { scheme: "ens" } });
    await app.deliver(webhook.registrationId, hello, {});
    const shown = await confirmWebhook(app.services, own(webhook.registrationId), {});
    const candidateId = "candidates" in shown ? (shown.candidates[0]?.candidateId ?? "") : "";
    expect(await codeOf(confirmWebhook(app.services, own(webhook.registrationId), { candidateId }))).toBe(
      "invalid_candidate",
    );
  });

  it("is told to the owner in the webhook's health", async () => {
    const webhook = await app.register({ verification: { scheme: "ens" } });
    await app.deliver(webhook.registrationId, hello, {});
    const stored = await app.services.registrations.find(webhook.registrationId);
    if (!stored) throw new Error("the webhook is gone");
    expect((await healthOf(app.services, stored.value)).recommendations.join(" ")).toContain("/confirm");
  });

  it("is answered by a verified webhook too, if it is signed, and by no other scheme", async () => {
    const webhook = await app.register({ verification: { scheme: "ens" }, webhookSecret: "signature key" });
    expect(await codeOf(app.deliver(webhook.registrationId, hello, {}))).toBe("delivery_refused");
    const headers = { "x-sfmc-ens-signature": base64("signature key", hello) };
    expect(await app.deliver(webhook.registrationId, hello, headers)).toMatchObject({ kind: "handshake" });
    const seed = await app.register();
    expect(await codeOf(app.deliver(seed.registrationId, hello, {}))).toBe("delivery_refused");
  });

  it.each([
    {},
    [],
    { callbackId: "x" },
    { callbackId: "x", verificationKey: "" },
    { callbackId: "", verificationKey: "x" },
    { callbackId: "x", verificationKey: 7 },
    { callbackId: "x", verificationKey: "x".repeat(1025) },
    { callbackId: "x", verificationKey: "x", more: 1 },
  ])("is not %j", async (body) => {
    const webhook = await app.register({ verification: { scheme: "ens" } });
    expect(await codeOf(app.deliver(webhook.registrationId, JSON.stringify(body), {}))).toBe("delivery_refused");
  });
});

describe("the set-up steps of Salesforce's products", () => {
  const webhookUrl = "https://hooks.example.com/webhooks/webhook-1";

  it.each([
    ["data360", "Generate the secret key"],
    ["ens", "POST /platform/v1/ens-verify"],
    ["outbound-message", "leave Send Session ID off"],
  ])("%s", (scheme, step) => {
    const steps = salesforce.setupSteps({ webhookUrl, scheme, settings: { scheme }, missingSettings: [] }).join("\n");
    expect(steps).toContain(webhookUrl);
    expect(steps).toContain(step);
  });
});
