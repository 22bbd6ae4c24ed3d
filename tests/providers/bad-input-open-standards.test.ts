import { createHash, createHmac } from "node:crypto";
import type { VerificationSettings } from "../../shared/core/registration";
import { eventlessBodies } from "../support/eventless-bodies";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

/**
 * What senders by an open standard may send although they prove themselves, through the whole gateway: a typed answer, a
 * record, and no event that is not there.
 */
const KEY = Buffer.from("thirty-two bytes of a secret key");
const SECRET = `whsec_${KEY.toString("base64")}`;
const seconds = String(noon / 1000);
const form = "application/x-www-form-urlencoded";
const hmac = (key: string | Buffer, text: string, body: Buffer) => createHmac("sha256", key).update(text).update(body);

let app: TestApp;
beforeAll(async () => {
  app = await openTestApp();
});
afterAll(() => app.close());

interface Sender {
  readonly integrationId: string;
  readonly verification?: VerificationSettings;
  readonly query?: (body: Buffer) => string;
  readonly headers: (body: Buffer, url: string) => Record<string, string>;
  /** What this sender can prove; anything unless set. */
  readonly proves?: (body: Buffer) => boolean;
}

const cloudEvents = (contentType: string): Sender => ({
  integrationId: "cloudevents",
  headers: () => ({ authorization: `Bearer ${SECRET}`, "content-type": contentType }),
});
const twilioSignature = (url: string, parameters: readonly string[]) =>
  createHmac("sha1", SECRET)
    .update(url + parameters.join(""))
    .digest("base64");

/** Each name once, with its values once, sorted. */
function parametersOf(body: Buffer): string[] {
  const parameters = new URLSearchParams(body.toString("utf8"));
  const names = [...new Set(parameters.keys())].toSorted();
  return names.flatMap((name) => [...new Set(parameters.getAll(name))].toSorted().map((value) => name + value));
}

const signedAsStandard = (body: Buffer): Record<string, string> => ({
  "webhook-id": "msg_1",
  "webhook-timestamp": seconds,
  "webhook-signature": `v1,${hmac(KEY, `msg_1.${seconds}.`, body).digest("base64")}`,
});

const senders: readonly (readonly [string, Sender])[] = [
  ["Standard Webhooks", { integrationId: "standard", headers: signedAsStandard }],
  [
    "CloudEvents, signed",
    {
      integrationId: "cloudevents",
      verification: { scheme: "standard" },
      headers: (body) => ({ ...signedAsStandard(body), "content-type": "application/cloudevents+json" }),
    },
  ],
  ["CloudEvents, structured", cloudEvents("application/cloudevents+json")],
  ["CloudEvents, batched", cloudEvents("application/cloudevents-batch+json")],
  ["CloudEvents, binary but for their headers", cloudEvents("application/json")],
  ["CloudEvents as XML", cloudEvents("application/cloudevents+xml")],
  [
    "Stripe",
    {
      integrationId: "stripe",
      headers: (body) => ({ "stripe-signature": `t=${seconds},v1=${hmac(SECRET, `${seconds}.`, body).digest("hex")}` }),
    },
  ],
  [
    "Shopify",
    {
      integrationId: "shopify",
      headers: (body) => ({
        "x-shopify-hmac-sha256": hmac(SECRET, "", body).digest("base64"),
        "x-shopify-topic": "orders/create",
        "x-shopify-webhook-id": "w-1",
      }),
    },
  ],
  [
    "Twilio's forms",
    {
      integrationId: "twilio",
      // What begins as a JSON object is no form, whatever its content type says.
      proves: (body) => body[0] !== "{".charCodeAt(0),
      headers: (body, url) => ({
        "content-type": form,
        "x-twilio-signature": twilioSignature(url, parametersOf(body)),
      }),
    },
  ],
  [
    "Twilio's JSON",
    {
      integrationId: "twilio",
      query: (body) => `?bodySHA256=${createHash("sha256").update(body).digest("hex")}`,
      headers: (_, url) => ({ "content-type": "application/json", "x-twilio-signature": twilioSignature(url, []) }),
    },
  ],
  [
    "a custom HMAC",
    {
      integrationId: "hmac",
      verification: {
        signatureHeader: "x-sig",
        typePath: "type",
        actionPath: "action",
        entityPath: "id",
        idPath: "id",
      },
      headers: (body) => ({ "x-sig": hmac(SECRET, "", body).digest("hex") }),
    },
  ],
];

async function recordsOf(tenantId: string, registrationId: string) {
  await app.services.gatherer.flush();
  return (await app.services.deliveries.list(tenantId, registrationId, 10)).items;
}

describe.each(senders)("%s", (name, { integrationId, verification = {}, query, headers, proves }) => {
  const bodies = eventlessBodies.filter(([, content]) => proves?.(Buffer.from(content)) ?? true);

  it.each(bodies)("finds nothing in %s, says so and records it", async (_, content) => {
    const body = Buffer.from(content);
    const tenantId = `tenant ${name}`;
    const webhook = await app.register({ integrationId, verification, webhookSecret: SECRET, tenantId });
    const asked = query?.(body) ?? "";
    const sent = headers(body, webhook.webhookUrl + asked);
    const result = await app.deliver(webhook.registrationId, body, sent, asked);
    expect(result).toMatchObject({ kind: "receipt", receipt: { success: true, syncTriggered: false, events: [] } });
    expect(await recordsOf(tenantId, webhook.registrationId)).toMatchObject([
      { verdict: "ignored", reason: expect.stringMatching(/^[a-z_]+$/) },
    ]);
  });
});

describe("Microsoft Graph", () => {
  const register = () => app.register({ integrationId: "graph", webhookSecret: SECRET, tenantId: "tenant graph" });

  it.each(eventlessBodies)("is not proved by %s, which states no secret", async (_, content) => {
    const { registrationId } = await register();
    expect(await codeOf(app.deliver(registrationId, Buffer.from(content), {}))).toBe("delivery_refused");
    expect(await recordsOf("tenant graph", registrationId)).toMatchObject([
      { verdict: "refused", reason: "client_state_missing" },
    ]);
  });

  it.each([
    ["no more than the secret", {}],
    ["lists where texts belong", { changeType: [], resource: [], resourceData: [], id: [] }],
    ["numbers where texts belong", { changeType: 1, resource: 2, resourceData: { id: {} }, lifecycleEvent: 3 }],
    ["an id that JSON has rounded", { changeType: "created", resource: "users", resourceData: { id: 2 ** 53 } }],
    ["a long resource", { changeType: "created", resource: `users/${"x".repeat(500_000)}` }],
  ])("finds nothing in a notification with %s", async (_, notification) => {
    const { registrationId } = await register();
    const body = JSON.stringify({ value: [{ clientState: SECRET, ...notification }] });
    expect(await app.deliver(registrationId, body, {})).toMatchObject({
      receipt: { events: [], ignored: "unknown_shape" },
    });
  });
});

describe("an id that JSON has rounded", () => {
  it.each([
    ["Standard Webhooks", '{"type":"user.created","data":{"id":9007199254740993}}'],
    [
      "Stripe",
      '{"id":"evt_1","object":"event","type":"customer.created","data":{"object":{"id":12345678901234567890}}}',
    ],
    ["Shopify", '{"id":1e300}'],
    ["a custom HMAC", '{"type":"user","action":"created","id":9007199254740993}'],
  ])("is no id for %s", async (name, content) => {
    const sender = senders.find(([known]) => known === name)?.[1];
    if (!sender) throw new Error("no such sender");
    const { integrationId, verification = {}, headers } = sender;
    const webhook = await app.register({ integrationId, verification, webhookSecret: SECRET });
    const body = Buffer.from(content);
    const result = await app.deliver(webhook.registrationId, body, headers(body, webhook.webhookUrl));
    expect(result).toMatchObject({ kind: "receipt", receipt: { events: [] } });
  });
});
