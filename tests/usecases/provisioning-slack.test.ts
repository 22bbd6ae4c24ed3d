import type { HookTarget } from "../../shared/core/provider-hook";
import { renewHooks } from "../../shared/usecases/renew-hooks";
import { registerWebhook, type RegisterRequest } from "../../shared/usecases/register-webhook";
import { requireOwn } from "../../shared/usecases/require-own";
import { saveConnection } from "../../shared/usecases/save-connection";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { connect, connectionKey } from "../support/connections";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";
import { SlackStandIn } from "../support/vendors/slack";

/** A Slack app whose event subscriptions are set by its manifest. */
let slack: SlackStandIn;
let app: TestApp;

const present = {
  display_information: { name: "Castiel" },
  settings: {
    event_subscriptions: { request_url: "https://old.example.com", bot_events: ["app_mention"], user_events: ["x"] },
    socket_mode_enabled: false,
  },
};

beforeEach(async () => {
  slack = await SlackStandIn.start();
  slack.now = noon;
  slack.manifests.set("A1", present);
  app = await openTestApp({ SLACK_API_URL: `${slack.server.url}/api`, OUTBOUND_ALLOW_LOOPBACK: "true" });
  await connect(app, "slack", { kind: "bearer", token: slack.tokens.accessToken });
});
afterEach(async () => {
  await app.close();
  await slack.server.stop();
});

const HOUR = 3_600_000;
const own = (registrationId: string) => ({ tenantId: "tenant-123", registrationId });
const view = (registrationId: string) => requireOwn(app.services, own(registrationId));
const target: HookTarget = { kind: "slack_app", appId: "A1", botEvents: ["message.channels"] };
const register = (overrides: Partial<RegisterRequest> = {}) =>
  app.register({ integrationId: "slack", webhookSecret: "signing secret", provision: true, target, ...overrides });

describe("the manifest of a Slack app", () => {
  it("gets our URL and the events, and keeps all else that is in it", async () => {
    const webhook = await register();
    expect(webhook).toMatchObject({ status: "active", provisioning: { target, state: "ready" } });
    expect(slack.manifests.get("A1")).toEqual({
      display_information: { name: "Castiel" },
      settings: {
        event_subscriptions: {
          request_url: webhook.webhookUrl,
          bot_events: ["app_mention", "message.channels"],
          user_events: ["x"],
        },
        socket_mode_enabled: false,
      },
    });
  });

  it("gets the URL of a shared webhook, by a connection that the target names", async () => {
    const named = { ...target, connectionId: "conn-123" };
    const shared = await registerWebhook(app.services, {
      tenantId: "tenant-123",
      integrationId: "slack",
      routing: "workspace",
      webhookSecret: "signing secret",
      provision: true,
      target: named,
    });
    expect(shared).toMatchObject({ routing: "workspace", provisioning: { state: "ready" } });
    expect(slack.manifests.get("A1")?.settings.event_subscriptions?.request_url).toBe(shared.webhookUrl);
  });

  it("has no subscriptions any more once the webhook is unregistered", async () => {
    const { registrationId } = await register();
    await unregisterWebhook(app.services, own(registrationId));
    expect(slack.manifests.get("A1")).toEqual({
      display_information: { name: "Castiel" },
      settings: { socket_mode_enabled: false },
    });
  });

  it("is left alone if it delivers elsewhere by now, or is gone", async () => {
    const [first, second] = [await register(), await register()];
    await unregisterWebhook(app.services, own(first.registrationId));
    expect(slack.manifests.get("A1")?.settings.event_subscriptions?.request_url).toBe(second.webhookUrl);
    slack.manifests.delete("A1");
    await unregisterWebhook(app.services, own(second.registrationId));
    app.advance(24 * HOUR);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
  });

  it.each([
    ["there is no such app", { ...target, appId: "A2" }, "target_not_found"],
    ["Slack refuses it", { ...target, botEvents: ["nonsense"] }, "provider_rejected"],
  ])("waits where %s", async (_, wanted, reason) => {
    const webhook = await register({ target: wanted as HookTarget });
    expect(webhook).toMatchObject({ status: "pending_provider", provisioning: { reason } });
  });

  it("wants the signing secret, because deliveries cannot be verified without it", async () => {
    const { webhookSecret: _, ...request } = { integrationId: "slack", webhookSecret: "", provision: true, target };
    expect(await codeOf(app.register(request))).toBe("invalid_request");
  });

  it("is changed by a connection of its own, whose configuration token is rotated", async () => {
    await saveConnection(app.services, connectionKey(app, { integrationId: "slack", connectionId: "configuration" }), {
      auth: {
        kind: "oauth2",
        tokenUrl: `${slack.server.url}/api/tooling.tokens.rotate`,
        clientId: "none",
        clientSecret: "none",
        refreshToken: slack.tokens.refreshToken,
      },
    });
    const { registrationId } = await register({ target: { ...target, connectionId: "configuration" } as HookTarget });
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    const rotations = () => slack.server.calls.filter((call) => call.endsWith("tooling.tokens.rotate")).length;
    expect(rotations()).toBe(1);
    app.advance(13 * HOUR);
    slack.now += 13 * HOUR;
    await unregisterWebhook(app.services, own(registrationId));
    expect(rotations()).toBe(2);
    expect(slack.manifests.get("A1")?.settings.event_subscriptions).toBeUndefined();
  });

  it("wants that connection to be there", async () => {
    const elsewhere = { ...target, connectionId: "unknown" } as HookTarget;
    expect(await codeOf(register({ target: elsewhere }))).toBe("connection_not_found");
  });
});
