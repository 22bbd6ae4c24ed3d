import { createHmac } from "node:crypto";
import type { HookTarget } from "../../shared/core/provider-hook";
import type { RegisterRequest } from "../../shared/usecases/register-webhook";
import { provisionWebhook } from "../../shared/usecases/provision-webhook";
import { renewHooks } from "../../shared/usecases/renew-hooks";
import { requireOwn } from "../../shared/usecases/require-own";
import { saveConnection } from "../../shared/usecases/save-connection";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { connect, connectionKey } from "../support/connections";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";
import { GitHubStandIn } from "../support/vendors/github";
import type { GitHubHook } from "../support/vendors/github-hooks";

/** A webhook that is set up at GitHub by its API, from the registration to its end. */
let github: GitHubStandIn;
let app: TestApp;
let hooks: GitHubHook[];

beforeEach(async () => {
  github = await GitHubStandIn.start();
  app = await openTestApp({
    GITHUB_API_URL: github.server.url,
    GITHUB_TOKEN_URL: github.tokenUrl,
    OUTBOUND_ALLOW_LOOPBACK: "true",
  });
  hooks = [];
  github.hooks.owners.set("repos/acme/app", hooks);
  await connect(app, "github", { kind: "bearer", token: github.tokens.accessToken });
});
afterEach(async () => {
  await app.close();
  await github.server.stop();
});

const target: HookTarget = { kind: "repository", repository: "acme/app" };
const own = (registrationId: string) => ({ tenantId: "tenant-123", registrationId });
const register = (overrides: Partial<RegisterRequest> = {}) =>
  app.register({ integrationId: "github", events: ["issues.*"], provision: true, target, ...overrides });
const view = (registrationId: string) => requireOwn(app.services, own(registrationId));
const health = async (registrationId: string) => healthOf(app.services, await view(registrationId));
const MINUTE = 60_000;
const DAY = 86_400_000;

/** A delivery of the hook, signed as GitHub signs. */
function deliver(hook: GitHubHook | undefined, event = "ping", body: object = { zen: "…", hook_id: hook?.id }) {
  const bytes = JSON.stringify(body);
  const signature = createHmac("sha256", hook?.config.secret ?? "")
    .update(bytes)
    .digest("hex");
  return app.deliver(hook?.config.url.split("/").at(-1) ?? "", bytes, {
    "x-github-event": event,
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-hub-signature-256": `sha256=${signature}`,
  });
}

describe("registering with provision", () => {
  it("makes the hook at the provider, with our URL, our secret and the events that were asked for", async () => {
    const webhook = await register({ events: ["issues.*", "pull_request.created"] });
    expect(webhook).toMatchObject({ status: "active", provisioning: { target, state: "ready" } });
    expect(hooks).toEqual([
      {
        id: expect.any(Number),
        name: "web",
        active: true,
        events: ["issues", "meta", "pull_request"],
        config: {
          url: webhook.webhookUrl,
          content_type: "json",
          insecure_ssl: "0",
          secret: webhook.webhookSecret,
        },
      },
    ]);
    expect(webhook.setup).toEqual([expect.stringMatching(/^Nothing: we set it up at GitHub/)]);
  });

  it("makes a hook of an organisation", async () => {
    const ofOrganisation: GitHubHook[] = [];
    github.hooks.owners.set("orgs/acme", ofOrganisation);
    const webhook = await register({ target: { kind: "organization", organization: "acme" } });
    expect(webhook.status).toBe("active");
    expect(ofOrganisation).toHaveLength(1);
  });

  it("takes deliveries that come before we know of the hook, and waits until then", async () => {
    const received: Promise<unknown>[] = [];
    const release = github.server.hold(({ method }) => method === "POST");
    github.hooks.made = (hook) => {
      received.push(deliver(hook).finally(release));
      return undefined;
    };
    const webhook = await register();
    expect(await Promise.all(received)).toMatchObject([{ kind: "handshake" }]);
    expect(webhook).toMatchObject({ status: "active", isVerified: true });
  });

  it("asks the connection's own GitHub", async () => {
    const other = await GitHubStandIn.start();
    other.hooks.owners.set("repos/acme/app", []);
    await connect(app, "github", { kind: "bearer", token: other.tokens.accessToken }, { baseUrl: other.server.url });
    await register();
    expect(other.hooks.owners.get("repos/acme/app")).toHaveLength(1);
    expect(github.server.calls).toEqual([]);
    await other.server.stop();
  });

  it("gives steps in its place for providers that have no API for it", async () => {
    const webhook = await app.register({ integrationId: "salesforce", provision: true });
    expect(webhook.status).toBe("active");
    expect(webhook.setup[0]).toMatch(/^Salesforce has no API/);
    expect(webhook.setup.length).toBeGreaterThan(2);
    expect(webhook).not.toHaveProperty("provisioning");
  });

  it.each([
    ["a target is missing", { target: undefined }, "invalid_request"],
    ["nobody asked for it", { provision: false }, "invalid_request"],
    ["the target is another provider's", { integrationId: "slack" }, "invalid_request"],
    ["there is no connection", { connectionId: "unknown" }, "connection_not_found"],
  ] as const)("refuses where %s, and leaves nothing behind", async (_, overrides, code) => {
    const request = { integrationId: "github", provision: true, target, ...overrides };
    const { target: wanted, ...rest } = request;
    expect(await codeOf(app.register({ ...rest, ...(wanted && { target: wanted }) }))).toBe(code);
    expect(github.server.calls).toEqual([]);
    app.advance(DAY);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
  });

  it("refuses a connection without credentials", async () => {
    await saveConnection(app.services, connectionKey(app, { connectionId: "empty" }), {});
    expect(await codeOf(register({ connectionId: "empty" }))).toBe("credentials_missing");
  });
});

describe("a provider that fails", () => {
  const outages = [
    ["does not answer", { status: 502 }, "provider_unreachable"],
    ["cuts the connection", { instead: "hang_up" }, "provider_unreachable"],
    ["forbids it", { status: 403, json: { message: "Resource not accessible" } }, "provider_forbidden"],
    ["rejects the hook", { status: 422, json: { errors: [{ code: "custom" }] } }, "provider_rejected"],
    ["answers what nobody knows", { json: "?" }, "provider_answer_unknown"],
  ] as const;

  it.each(outages)("and %s leaves a webhook that waits, says why, and is tried again", async (_, answer, reason) => {
    github.server.interrupt({ json: [] }, answer);
    const webhook = await register();
    expect(webhook).toMatchObject({
      status: "pending_provider",
      webhookSecret: expect.any(String),
      provisioning: { target, state: "pending", reason },
    });
    expect(await health(webhook.registrationId)).toMatchObject({
      status: "degraded",
      registrationStatus: "pending_provider",
      recommendations: [expect.stringMatching(new RegExp(`\\(${reason}(; [^)]+)?\\)\\. Next step:`))],
    });
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
    app.advance(2 * MINUTE);
    expect(await renewHooks(app.services)).toEqual({ due: 1 });
    expect((await view(webhook.registrationId)).provisioning).toEqual({ target, state: "ready" });
    expect(hooks).toHaveLength(1);
    expect((await health(webhook.registrationId)).status).toBe("healthy");
  });

  it("is quoted with its status and code, and no more", async () => {
    const errors = [{ code: "custom", message: "hunter2" }];
    github.server.interrupt({ json: [] }, { status: 422, json: { message: "hunter2", errors } });
    const { provisioning } = await register();
    expect(provisioning).toMatchObject({ reason: "provider_rejected", detail: "github: 422 custom" });
    expect(JSON.stringify(app.logged)).not.toContain("hunter2");
  });

  it("is asked again at once by its owner", async () => {
    github.server.interrupt({ status: 502 });
    const { registrationId } = await register();
    expect(await provisionWebhook(app.services, own(registrationId))).toMatchObject({ status: "active" });
    expect(hooks).toHaveLength(1);
  });

  it("is asked again by whatever change of the webhook", async () => {
    github.server.interrupt({ status: 502 });
    const { registrationId } = await register();
    const changed = await updateWebhook(app.services, own(registrationId), { metadata: { note: "again" } });
    expect(changed.status).toBe("active");
  });

  it("is asked less and less often, an hour apart at most, from the same beginning", async () => {
    github.hooks.owners.delete("repos/acme/app");
    const { registrationId } = await register();
    const first = (await view(registrationId)).provisioning;
    expect(first).toMatchObject({ reason: "target_not_found", failingSince: "2026-11-24T12:00:00.000Z" });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const { retryAt = "" } = (await view(registrationId)).provisioning ?? {};
      waits.push(Date.parse(retryAt) - app.services.now());
      app.advance(Date.parse(retryAt) - app.services.now());
      await renewHooks(app.services);
    }
    expect(waits.map((wait) => wait / MINUTE)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect((await view(registrationId)).provisioning?.failingSince).toBe(first?.failingSince);
  });

  it("is left alone until its limit is over", async () => {
    github.server.interrupt({ status: 429, headers: { "retry-after": "1000" } });
    const { registrationId } = await register();
    expect((await view(registrationId)).provisioning).toMatchObject({
      reason: "rate_limited",
      retryAt: "2026-11-24T12:16:40.000Z",
    });
  });

  it("that made the hook and lost the answer does not get a second one", async () => {
    for (let id = 1; id <= 120; id++) hooks.push({ ...otherHook, id });
    github.hooks.made = () => ({ instead: "hang_up" });
    const { registrationId, webhookUrl } = await register();
    expect((await view(registrationId)).provisioning?.reason).toBe("provider_unreachable");
    await provisionWebhook(app.services, own(registrationId));
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    expect(hooks.filter(({ config }) => config.url === webhookUrl)).toHaveLength(1);
  });
});

const otherHook: GitHubHook = {
  id: 1,
  name: "web",
  active: true,
  events: ["push"],
  config: { url: "https://elsewhere.example.com", content_type: "json" },
};

describe("a webhook that is set up", () => {
  it("takes its provider along when its events change", async () => {
    const { registrationId } = await register();
    await updateWebhook(app.services, own(registrationId), { events: ["push", "pull_request.opened"] });
    expect(hooks.map(({ events }) => events)).toEqual([["meta", "pull_request", "push"]]);
    await updateWebhook(app.services, own(registrationId), { events: ["*"] });
    expect(hooks.map(({ events }) => events)).toEqual([["*"]]);
  });

  it("takes its provider along when its secret changes", async () => {
    const { registrationId } = await register();
    await updateWebhook(app.services, own(registrationId), { webhookSecret: "a new secret" });
    expect(hooks.map(({ config }) => config.secret)).toEqual(["a new secret"]);
    expect(await deliver(hooks[0])).toMatchObject({ kind: "handshake" });
  });

  it("does not trouble its provider for what is none of its business", async () => {
    const { registrationId } = await register();
    const before = github.server.calls.length;
    await updateWebhook(app.services, own(registrationId), { metadata: { note: "mine" } });
    app.advance(30 * DAY);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
    expect(github.server.calls).toHaveLength(before);
  });

  it("gets another hook in place of one that was removed at the provider", async () => {
    const { registrationId } = await register();
    hooks.splice(0);
    await updateWebhook(app.services, own(registrationId), { events: ["push"] });
    expect(hooks).toHaveLength(1);
    expect((await view(registrationId)).provisioning).toEqual({ target, state: "ready" });
    hooks.splice(0);
    await provisionWebhook(app.services, own(registrationId));
    expect(hooks).toHaveLength(1);
  });

  it("that GitHub says was deleted there is set up again by one request, and that is what the health advises", async () => {
    const { registrationId } = await register();
    await deliver(hooks[0], "meta", { action: "deleted", hook_id: hooks[0]?.id, hook: { id: hooks[0]?.id } });
    await app.drain();
    const advice = "POST /webhooks/{registrationId}/provision sets it up again.";
    expect((await health(registrationId)).recommendations).toContainEqual(expect.stringContaining(advice));
    hooks.splice(0);
    app.advance(MINUTE);
    await provisionWebhook(app.services, own(registrationId));
    await deliver(hooks[0]);
    expect(await health(registrationId)).toMatchObject({ status: "healthy", recommendations: [] });
  });

  it("is put right when its owner says so, whatever was changed at the provider", async () => {
    const { registrationId, webhookSecret = "" } = await register();
    const made = [...hooks];
    hooks.splice(0, 1, ...made.map(({ id }) => ({ ...otherHook, id })));
    await provisionWebhook(app.services, own(registrationId));
    expect(hooks).toEqual(made);
    expect(hooks.map(({ config }) => config.secret)).toEqual([webhookSecret]);
  });

  it("waits again while a change of its events has not reached the provider", async () => {
    const { registrationId } = await register();
    github.server.interrupt({ status: 502 });
    const changed = await updateWebhook(app.services, own(registrationId), { events: ["push"] });
    expect(changed).toMatchObject({ status: "pending_provider", provisioning: { reason: "provider_unreachable" } });
  });

  it("cannot be set up if that was not asked for when it was registered", async () => {
    const { registrationId } = await app.register({ integrationId: "github" });
    expect(await codeOf(provisionWebhook(app.services, own(registrationId)))).toBe("not_provisioned");
  });
});

describe("whoever comes at the same time", () => {
  /** Holds GitHub's answer to the hook that is made next; answers how to let go of it, once GitHub has made the hook. */
  async function holdCreation(): Promise<() => void> {
    const release = github.server.hold(({ method }) => method === "POST");
    await new Promise<void>((resolve) => {
      github.hooks.made = () => {
        resolve();
        return undefined;
      };
    });
    return release;
  }

  it("leaves it to who is at it already", async () => {
    github.server.interrupt({ status: 502 });
    const { registrationId } = await register();
    app.advance(2 * MINUTE);
    const [holding, renewing] = [holdCreation(), renewHooks(app.services)];
    const release = await holding;
    const before = github.server.calls.length;
    await renewHooks(app.services);
    expect(github.server.calls).toHaveLength(before);
    release();
    await renewing;
    expect((await view(registrationId)).provisioning?.state).toBe("ready");
    expect(hooks).toHaveLength(1);
  });

  it("is served by who is at it: a change of the events meanwhile reaches the provider", async () => {
    const [holding, registering] = [holdCreation(), register()];
    const release = await holding;
    const id = hooks[0]?.config.url.split("/").at(-1) ?? "";
    expect((await updateWebhook(app.services, own(id), { events: ["push"] })).status).toBe("pending_provider");
    release();
    expect(await registering).toMatchObject({ status: "active", events: ["push"] });
    expect(hooks.map(({ events }) => events)).toEqual([["meta", "push"]]);
  });

  it("is served by who is at it: a webhook that is deleted while it is set up leaves no hook", async () => {
    const [holding, registering] = [holdCreation(), register()];
    const release = await holding;
    await unregisterWebhook(app.services, own(hooks[0]?.config.url.split("/").at(-1) ?? ""));
    release();
    await registering;
    expect(hooks).toEqual([]);
    app.advance(DAY);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
  });
});

describe("a crash", () => {
  it("before the webhook was stored leaves nothing to be renewed", async () => {
    const { registrationId } = await register();
    const stored = await view(registrationId);
    // As if the process had ended in between: hooks are noted before the registration is stored.
    await app.services.registrations.delete(stored);
    await app.services.hookLedgers.update(registrationId, (ledger) => ({ ...ledger, dueAt: app.services.now() }));
    await renewHooks(app.services);
    expect(hooks).toEqual([]);
    app.advance(DAY);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
  });

  it("of who was at it holds up the others for five minutes", async () => {
    github.server.interrupt({ status: 502 });
    const { registrationId } = await register();
    const lease = { holder: "one that is gone", until: app.services.now() + 5 * MINUTE };
    await app.services.hookLedgers.update(registrationId, (ledger) => ({ ...ledger, lease }));
    app.advance(4 * MINUTE);
    await renewHooks(app.services);
    expect(hooks).toEqual([]);
    app.advance(MINUTE);
    await renewHooks(app.services);
    expect(hooks).toHaveLength(1);
  });
});

describe("unregistering", () => {
  it("removes the hook at the provider", async () => {
    hooks.push(otherHook);
    const { registrationId } = await register();
    await unregisterWebhook(app.services, own(registrationId));
    expect(hooks).toEqual([otherHook]);
    app.advance(30 * DAY);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
  });

  it("goes through although the provider fails, and removes the hook later", async () => {
    const { registrationId } = await register();
    github.server.interrupt({ status: 500 });
    await unregisterWebhook(app.services, own(registrationId));
    expect(await codeOf(view(registrationId))).toBe("registration_not_found");
    expect(hooks).toHaveLength(1);
    app.advance(2 * MINUTE);
    expect(await renewHooks(app.services)).toEqual({ due: 1 });
    expect(hooks).toEqual([]);
  });

  it("gives up on the hook after a week, and says what is left behind", async () => {
    const { registrationId } = await register();
    github.tokens.revoke();
    await unregisterWebhook(app.services, own(registrationId));
    for (let hour = 0; hour < 7 * 24; hour++) {
      app.advance(60 * MINUTE);
      await renewHooks(app.services);
    }
    const left = app.logged.filter(({ event }) => event === "hooks.left_behind");
    expect(left.map(({ fields }) => fields)).toEqual([
      { registrationId, integrationId: "github", kinds: ["webhook"], reason: "needs_reauth" },
    ]);
    app.advance(DAY);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
  });

  it("finds nothing to remove where nothing was made", async () => {
    github.hooks.owners.delete("repos/acme/app");
    const { registrationId } = await register();
    await unregisterWebhook(app.services, own(registrationId));
    app.advance(DAY);
    expect(await renewHooks(app.services)).toEqual({ due: 0 });
  });
});
