import { createHmac } from "node:crypto";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";
import { healthOf } from "../../shared/usecases/webhook-health";
import type { RegisterRequest } from "../../shared/usecases/register-webhook";

/** Slack's deliveries through the whole gateway: what is answered, what is recorded, what is queued. */
const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const FORM = "application/x-www-form-urlencoded";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp();
});
afterEach(() => app.close());

const register = (overrides: Partial<RegisterRequest> = {}) =>
  app.register({ integrationId: "slack", webhookSecret: SIGNING_SECRET, ...overrides });

function deliver(registrationId: string, body: string, headers: Record<string, string> = {}) {
  const timestamp = String(noon / 1000);
  const hex = createHmac("sha256", SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest("hex");
  const signed = { "x-slack-signature": `v0=${hex}`, "x-slack-request-timestamp": timestamp };
  return app.deliver(registrationId, body, { ...signed, ...headers });
}

const envelope = (event: object, eventId = "Ev1") =>
  JSON.stringify({ type: "event_callback", team_id: "T1", api_app_id: "A1", event_id: eventId, event });
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const message = { type: "message", channel: "C1", ts: "1795510001.000200", text: "Hello" };

async function recordsOf(registrationId: string) {
  await app.services.gatherer.flush();
  return (await app.services.deliveries.list("tenant-123", registrationId, 10)).items;
}

async function adviceFor(registrationId: string): Promise<string> {
  const stored = await app.services.registrations.find(registrationId);
  if (!stored) throw new Error("the webhook is gone");
  return (await healthOf(app.services, stored.value)).recommendations.join(" ");
}

describe("what our own app did in Slack", () => {
  const verification = { ignoreBotIds: ["B1", "U9"], ignoreAppIds: ["A1"] };

  it.each([
    ["a message of our bot", { ...message, bot_id: "B1" }],
    ["a message of our bot's user", { ...message, user: "U9" }],
    ["a message of our app", { ...message, app_id: "A1" }],
    ["a message with our app's profile", { ...message, bot_profile: { app_id: "A1" } }],
    [
      "a change of our message",
      { type: "message", subtype: "message_changed", channel: "C1", message: { ts: "1.5", bot_id: "B1" } },
    ],
    [
      "a deletion of our message",
      { ...message, subtype: "message_deleted", deleted_ts: "1.5", previous_message: { bot_id: "B1" } },
    ],
    [
      "a reaction of our bot's user",
      { type: "reaction_added", user: "U9", reaction: "x", item: { channel: "C1", ts: "1.5" } },
    ],
  ])("is acknowledged, recorded as our own, and not queued: %s", async (_, event) => {
    const webhook = await register({ verification });
    const body = envelope(event);
    expect(await deliver(webhook.registrationId, body)).toMatchObject({
      receipt: { success: true, ignored: "own_bot" },
    });
    expect(await recordsOf(webhook.registrationId)).toMatchObject([
      { verdict: "ignored", reason: "own_bot", deliveryId: "Ev1" },
    ]);
    const all = await register();
    expect(await deliver(all.registrationId, body)).toMatchObject({ receipt: { syncTriggered: true } });
  });

  it("is not what others did, although the envelope always names our app", async () => {
    const webhook = await register({ verification });
    const result = await deliver(
      webhook.registrationId,
      envelope({ ...message, bot_id: "B2", app_id: "A2", user: "U1" }),
    );
    expect(result).toMatchObject({ receipt: { syncTriggered: true } });
  });
});

describe("a mention in Slack, which comes as two events", () => {
  it("is one record", async () => {
    const webhook = await register();
    await deliver(webhook.registrationId, envelope(message, "Ev1"));
    await deliver(webhook.registrationId, envelope({ ...message, type: "app_mention" }, "Ev2"));
    expect(await app.drain()).toBe(2);
    const tenant = { tenantId: "tenant-123", tenantKey: app.services.tenantKeyOf("tenant-123") };
    const { items } = await app.services.shards.list(tenant, { limit: 10 });
    expect(items).toMatchObject([{ entityType: "message", externalId: "C1:1795510001.000200" }]);
  });
});

describe("Slack's retries", () => {
  const retry = { "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout" };

  it("are taken where the first attempt did not arrive, and the record says which attempt it was", async () => {
    const webhook = await register();
    expect(await deliver(webhook.registrationId, envelope(message), retry)).toMatchObject({
      receipt: { syncTriggered: true },
    });
    await app.drain();
    const attempt = { number: 1, reason: "http_timeout" };
    expect(await recordsOf(webhook.registrationId)).toMatchObject([{ verdict: "accepted", attempt }]);
    expect(app.logged).toContainEqual({
      level: "info",
      event: "delivery.repeated",
      fields: { registrationId: webhook.registrationId, ...attempt },
    });
  });

  it("are duplicates where it did, and the record says which attempt it was", async () => {
    const webhook = await register();
    await deliver(webhook.registrationId, envelope(message));
    expect(await deliver(webhook.registrationId, envelope(message), retry)).toMatchObject({
      receipt: { duplicate: true },
    });
    expect(await recordsOf(webhook.registrationId)).toMatchObject([{ verdict: "duplicate", attempt: { number: 1 } }]);
  });

  it("are not asked for where a delivery is refused, whatever the reason", async () => {
    const webhook = await register();
    const noRetry = { headers: { "x-slack-no-retry": "1" } };
    await expect(app.deliver(webhook.registrationId, "{}", {})).rejects.toMatchObject(noRetry);
    const stale = { "x-slack-request-timestamp": "1" };
    await expect(deliver(webhook.registrationId, "{}", stale)).rejects.toMatchObject(noRetry);
    const github = await app.register({ integrationId: "github" });
    await expect(app.deliver(github.registrationId, "{}", {})).rejects.toMatchObject({ headers: {} });
  });
});

describe("Slack's rate limit", () => {
  it("is counted and told in the webhook's health", async () => {
    const webhook = await register();
    const limited = JSON.stringify({ type: "app_rate_limited", team_id: "T1", minute_rate_limited: 1 });
    for (let sent = 0; sent < 2; sent++) await deliver(webhook.registrationId, limited);
    expect(await adviceFor(webhook.registrationId)).toMatch(/Slack limits the rate .* \(2 times so far/);
  });

  it("tells that the app was uninstalled, once, however often Slack repeats it", async () => {
    const webhook = await register();
    const body = envelope({ type: "app_uninstalled" });
    await deliver(webhook.registrationId, body);
    expect(await adviceFor(webhook.registrationId)).toContain("Slack says that the app was uninstalled");
    await deliver(webhook.registrationId, body);
    expect(await adviceFor(webhook.registrationId)).not.toContain("times so far");
    app.advance(1000);
    await deliver(webhook.registrationId, envelope(message, "Ev2"), {});
    expect(await adviceFor(webhook.registrationId)).not.toContain("uninstalled");
  });
});

describe("Slack's check of the certificate", () => {
  const body = form({ ssl_check: "1", token: "old" });
  const headers = { "content-type": FORM };

  it("is answered with an empty 200 to anyone at any time, and counts as nothing", async () => {
    const webhook = await register();
    await codeOf(app.deliver(webhook.registrationId, "{}", {}));
    expect(await app.deliver(webhook.registrationId, body, headers)).toEqual({
      kind: "handshake",
      reply: { status: 200 },
    });
    const verdicts = (await recordsOf(webhook.registrationId)).map(({ verdict, reason }) => `${verdict} ${reason}`);
    expect(verdicts.sort()).toEqual(["handshake url_check", "refused header_missing"]);
    expect(await adviceFor(webhook.registrationId)).toContain("The signature header is missing");
    expect((await app.services.registrations.find(webhook.registrationId))?.value.isVerified).toBe(false);
  });

  it("is answered where it is signed, too, and refused where it is signed wrongly", async () => {
    const webhook = await register();
    expect(await deliver(webhook.registrationId, body, headers)).toMatchObject({ reply: { status: 200 } });
    const forged = {
      ...headers,
      "x-slack-signature": `v0=${"0".repeat(64)}`,
      "x-slack-request-timestamp": String(noon / 1000),
    };
    expect(await codeOf(app.deliver(webhook.registrationId, body, forged))).toBe("delivery_refused");
  });

  it("takes from the bucket of unverified attempts", async () => {
    const webhook = await register();
    const codes = new Set<string>();
    for (let sent = 0; sent < 200; sent++) codes.add(await codeOf(app.deliver(webhook.registrationId, body, headers)));
    expect(codes).toEqual(new Set(["resolved", "rate_limited"]));
  });

  it.each([
    ["of another provider's webhook", "github", body, headers],
    ["that is no form", "slack", body, {}],
    ["that says no", "slack", form({ ssl_check: "0" }), headers],
  ])("is nothing %s", async (_, integrationId, content, given) => {
    const webhook = await app.register({ integrationId });
    expect(await codeOf(app.deliver(webhook.registrationId, content, given))).toBe("delivery_refused");
  });
});

describe("what Slack's users click and type", () => {
  const payload = {
    type: "block_actions",
    trigger_id: "13345224609.738474920.8088930838d88f008e0",
    team: { id: "T1" },
    user: { id: "U1" },
    token: "old",
    response_url: "https://hooks.slack.com/actions/secret-1",
    view: { id: "V1", response_urls: [{ response_url: "https://hooks.slack.com/secret-2" }] },
    actions: [{ action_id: "approve", value: "42", action_ts: "1795510002.000300" }],
  };
  const click = form({ payload: JSON.stringify(payload) });
  const command = form({
    token: "old",
    team_id: "T1",
    command: "/weather",
    text: "94070",
    user_id: "U1",
    response_url: "https://hooks.slack.com/commands/secret-3",
    trigger_id: "13345224609.738474920.9",
  });
  const headers = { "content-type": FORM };

  it.each([click, command])(
    "is answered with an empty 200 and left alone unless it is asked for by name: %s",
    async (body) => {
      const webhook = await register({ events: ["*", "*.*", "*.occurred", "occurred"] });
      expect(await deliver(webhook.registrationId, body, headers)).toMatchObject({
        reply: { status: 200 },
        receipt: { syncTriggered: false },
      });
      expect(await recordsOf(webhook.registrationId)).toMatchObject([{ verdict: "ignored", reason: "not_asked_for" }]);
    },
  );

  it.each([
    ["interaction", click, "interaction.block_actions"],
    ["interaction.*", click, "interaction.block_actions"],
    ["interaction.block_actions", click, "interaction.block_actions"],
    ["slash_command", command, "slash_command.weather"],
    ["slash_command.*", command, "slash_command.weather"],
    ["slash_command.weather", command, "slash_command.weather"],
  ])("is an event for %s, without what lets others act in the user's name", async (pattern, body, nativeType) => {
    const webhook = await register({ events: [pattern] });
    const result = await deliver(webhook.registrationId, body, headers);
    expect(result).toMatchObject({
      reply: { status: 200 },
      receipt: { nativeType, eventType: "occurred", syncTriggered: true },
    });
    const [queued] = await app.lockingQueue.receive(1, 60_000);
    const { data } = JSON.parse(queued?.body ?? "").data;
    expect(JSON.stringify(data)).not.toMatch(/secret-|old|trigger_id/);
    expect(await deliver(webhook.registrationId, body, headers)).toMatchObject({ receipt: { duplicate: true } });
  });
});
