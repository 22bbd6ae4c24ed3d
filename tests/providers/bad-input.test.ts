import { createHmac } from "node:crypto";
import type { VerificationSettings } from "../../shared/core/registration";
import type { DeliveryResult } from "../../shared/usecases/accept-delivery";
import { eventlessBodies, nested } from "../support/eventless-bodies";
import { GoogleIssuer } from "../support/google-issuer";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

/**
 * What a sender that proves itself may send all the same, through the whole gateway: each body gets a typed answer and a
 * record, throws nothing, and yields no event that it does not hold.
 */
const SECRET = "a secret of thirty-two characters";
const seconds = String(noon / 1000);
const hex = (prefix: string, body: Buffer) => createHmac("sha256", SECRET).update(prefix).update(body).digest("hex");
const base64 = (body: Buffer) => createHmac("sha256", SECRET).update(body).digest("base64");
const serviceAccountEmail = "push@project.iam.gserviceaccount.com";
const audience = "https://hooks.example.com/w";

interface Subject {
  readonly integrationId: string;
  readonly verification: VerificationSettings;
  readonly headers: (body: Buffer) => Record<string, string>;
}

let app: TestApp;
let issuer: GoogleIssuer;
beforeAll(async () => {
  issuer = await GoogleIssuer.start();
  app = await openTestApp({ GOOGLE_CERTIFICATES_URL: issuer.certificatesUrl });
});
afterAll(async () => {
  await app.close();
  await issuer.close();
});

const github = (contentType: string): Subject => ({
  integrationId: "github",
  verification: { scheme: "native" },
  headers: (body) => ({
    "x-hub-signature-256": `sha256=${hex("", body)}`,
    "x-github-event": "issues",
    "content-type": contentType,
  }),
});
const slack = (contentType: string): Subject => ({
  integrationId: "slack",
  verification: { scheme: "native" },
  headers: (body) => ({
    "x-slack-signature": `v0=${hex(`v0:${seconds}:`, body)}`,
    "x-slack-request-timestamp": seconds,
    "content-type": contentType,
  }),
});
const form = "application/x-www-form-urlencoded";

const subjects: readonly (readonly [string, Subject])[] = [
  ["GitHub", github("application/json")],
  ["GitHub's forms", github(form)],
  ["Slack", slack("application/json")],
  ["Slack's forms", slack(form)],
  [
    "Salesforce",
    {
      integrationId: "salesforce",
      verification: { scheme: "native" },
      headers: (body) => ({ "x-salesforce-event-signature": `sha256=${hex("", body)}` }),
    },
  ],
  [
    "Data 360",
    {
      integrationId: "salesforce",
      verification: { scheme: "data360" },
      headers: (body) => ({ "x-signature": base64(body) }),
    },
  ],
  [
    "Marketing Cloud",
    {
      integrationId: "salesforce",
      verification: { scheme: "ens" },
      headers: (body) => ({ "x-sfmc-ens-signature": base64(body) }),
    },
  ],
  [
    "Notion",
    {
      integrationId: "notion",
      verification: { scheme: "native" },
      headers: (body) => ({ "x-notion-signature": `sha256=${hex("", body)}` }),
    },
  ],
  [
    "Notion's automations",
    {
      integrationId: "notion",
      verification: { scheme: "shared-secret" },
      headers: () => ({ "x-castiel-secret": SECRET }),
    },
  ],
  [
    "a Google channel",
    {
      integrationId: "google",
      verification: { scheme: "channel" },
      headers: () => ({ "x-goog-channel-token": SECRET, "x-goog-channel-id": "c" }),
    },
  ],
];

async function deliverTo(
  name: string,
  { integrationId, verification, headers }: Subject,
  body: Buffer,
): Promise<DeliveryResult> {
  const webhook = await app.register({
    integrationId,
    verification,
    webhookSecret: SECRET,
    tenantId: `tenant ${name}`,
  });
  const result = await app.deliver(webhook.registrationId, body, headers(body));
  await app.services.gatherer.flush();
  const { items } = await app.services.deliveries.list(`tenant ${name}`, webhook.registrationId, 10);
  expect(items).toMatchObject([{ verdict: "ignored", reason: expect.stringMatching(/^[a-z_]+$/) }]);
  return result;
}

describe.each(subjects)("%s", (name, subject) => {
  it.each(eventlessBodies)("finds nothing in %s, says so and records it", async (_, body) => {
    const result = await deliverTo(name, subject, Buffer.from(body));
    expect(result).toMatchObject({ kind: "receipt", receipt: { success: true, syncTriggered: false, events: [] } });
  });
});

describe("an id that JSON has rounded", () => {
  it.each([
    ["GitHub", '{"action":"opened","issue":{"id":9007199254740993}}'],
    ["Notion", '{"type":"page.created","entity":{"id":9007199254740993}}'],
    ["Salesforce", '{"action":"created","sobject":{"name":"Contact","fields":{"Id":12345678901234567890}}}'],
    ["Slack", '{"type":"event_callback","event":{"type":"file_created","file_id":1e300}}'],
  ])("is no id for %s", async (name, body) => {
    const subject = subjects.find(([known]) => known === name)?.[1];
    if (!subject) throw new Error("no such subject");
    expect(await deliverTo(name, subject, Buffer.from(body))).toMatchObject({ receipt: { events: [] } });
  });
});

describe("Google's Pub/Sub", () => {
  const deliver = async (body: string | Buffer) => {
    const verification = { serviceAccountEmail, audience };
    const webhook = await app.register({ integrationId: "google", verification });
    const token = issuer.mint({ audience, serviceAccountEmail, now: noon });
    return app.deliver(webhook.registrationId, body, { authorization: `Bearer ${token}` });
  };

  it.each(eventlessBodies.filter(([name]) => name !== "nothing"))(
    "takes %s for a message, whole, because a message may hold anything",
    async (_, body) => {
      const result = await deliver(body);
      expect(result).toMatchObject({
        receipt: { eventName: "pubsub_message.occurred", events: [{ syncTriggered: true }] },
      });
    },
  );

  it.each([
    ["data that is no base64", { data: "%%%" }],
    ["data that is no text", { data: 7 }],
    ["data that is no JSON", { data: Buffer.from("{").toString("base64") }],
    ["deep data", { data: Buffer.from(nested(5000)).toString("base64") }],
    ["attributes that are a list", { attributes: ["ce-type"] }],
    ["an event type that is none", { attributes: { "ce-type": "x".repeat(100_000), "ce-id": "1", "ce-source": "s" } }],
    ["a batch that is none", { attributes: { "ce-type": "google.workspace.chat.message.v1.batchCreated" } }],
    [
      "a history beyond 2^53",
      { data: Buffer.from('{"emailAddress":"a@b.c","historyId":9007199254740993}').toString("base64") },
    ],
  ])("takes %s for what it is", async (_, message) => {
    const result = await deliver(JSON.stringify({ message: { messageId: "1", ...message }, subscription: "s" }));
    if (result.kind !== "receipt") throw new Error("a handshake came instead of a receipt");
    const [event] = result.receipt.events;
    if (event) expect(event).toMatchObject({ entityType: "pubsub_message", eventType: "occurred", entityId: "1" });
    else expect(result.receipt.ignored).toBe("unknown_shape");
  });

  it("finds nothing in nothing", async () => {
    expect(await deliver("")).toMatchObject({ receipt: { events: [], ignored: "unknown_shape" } });
  });
});

describe("an Outbound Message of the right organisation", () => {
  const organizationId = "00Dxx0000001gEREAY";
  const soap = (content: string) =>
    `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${organizationId}</OrganizationId>${content}</notifications></e:Body></e:Envelope>`;

  it.each([
    ["an empty notification", "<Notification/>"],
    ["an id alone", "<Notification><Id>04l</Id></Notification>"],
    ["two records", "<Notification><Id>04l</Id><sObject/><sObject/></Notification>"],
    ["a long id", `<Notification><Id>${"x".repeat(500_000)}</Id><sObject/></Notification>`],
  ])("is acknowledged and recorded although nothing is found in %s", async (_, content) => {
    const verification = { scheme: "outbound-message", organizationId };
    const webhook = await app.register({ verification, tenantId: "tenant soap" });
    const result = await app.deliver(webhook.registrationId, soap(content), {});
    expect(result).toMatchObject({ reply: { status: 200 }, receipt: { events: [], ignored: "unknown_shape" } });
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant soap", webhook.registrationId, 10);
    expect(items).toMatchObject([{ verdict: "ignored", reason: "unknown_shape" }]);
  });
});

describe("the webhook of an Outbound Message", () => {
  it.each(eventlessBodies)("is not proved by %s, and the reason is recorded", async (_, body) => {
    const verification = { scheme: "outbound-message", organizationId: "00Dxx0000001gEREAY" };
    const webhook = await app.register({ verification, tenantId: "tenant no soap" });
    expect(await codeOf(app.deliver(webhook.registrationId, Buffer.from(body), {}))).toBe("delivery_refused");
    await app.services.gatherer.flush();
    const { items } = await app.services.deliveries.list("tenant no soap", webhook.registrationId, 10);
    expect(items).toMatchObject([{ verdict: "refused", reason: "body_malformed" }]);
  });
});
