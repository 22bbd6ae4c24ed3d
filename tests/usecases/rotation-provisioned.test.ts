import { createHmac } from "node:crypto";
import type { HookTarget } from "../../shared/core/provider-hook";
import { listAudit } from "../../shared/usecases/list-audit";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { renewHooks } from "../../shared/usecases/renew-hooks";
import { requireOwn } from "../../shared/usecases/require-own";
import { type RotateRequest, rotateSecret } from "../../shared/usecases/rotate-secret";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { connect } from "../support/connections";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";
import { GitHubStandIn } from "../support/vendors/github";
import type { GitHubHook } from "../support/vendors/github-hooks";

/** The change of a secret that we make at the provider ourselves. */
let github: GitHubStandIn;
let app: TestApp;
let hooks: GitHubHook[];
let webhook: NewRegistration;

beforeEach(async () => {
  github = await GitHubStandIn.start();
  app = await openTestApp({ GITHUB_API_URL: github.server.url, OUTBOUND_ALLOW_LOOPBACK: "true" });
  hooks = [];
  github.hooks.owners.set("repos/acme/app", hooks);
  await connect(app, "github", { kind: "bearer", token: github.tokens.accessToken });
  const target: HookTarget = { kind: "repository", repository: "acme/app" };
  webhook = await app.register({ integrationId: "github", provision: true, target });
});
afterEach(async () => {
  await app.close();
  await github.server.stop();
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const own = () => ({ tenantId: "tenant-123", registrationId: webhook.registrationId });
const rotate = (request: RotateRequest = {}) => rotateSecret(app.services, own(), request);
const view = () => requireOwn(app.services, own());
const health = async () => healthOf(app.services, await view());
const caller = { tenantId: "tenant-123", subject: "ada", scopes: new Set([]), isOperator: false } as const;
const entries = async () => (await listAudit(app.services, caller, { limit: 10 })).entries;
const secretAtGitHub = () => hooks[0]?.config.secret;

/** Both timers, as often as they run in the time. */
async function passTime(ms: number, step = 5 * MINUTE): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    app.advance(step);
    await renewHooks(app.services);
    await recomputeHealth(app.services);
  }
}

let serial = 0;
/** A delivery as GitHub makes it, by the secret that it has. */
function deliver(secret = secretAtGitHub()): Promise<string> {
  const body = JSON.stringify({ action: "opened", issue: { id: ++serial, number: serial } });
  const digest = createHmac("sha256", secret ?? "")
    .update(body)
    .digest("hex");
  return codeOf(
    app.deliver(webhook.registrationId, body, {
      "x-github-event": "issues",
      "x-github-delivery": `72d3162e-cc78-11e3-81ab-${serial}`,
      "x-hub-signature-256": `sha256=${digest}`,
    }),
  );
}

describe("at a provider where we set the secret", () => {
  it("the new one is set by the timer, not before every instance knows it, and then the old one goes", async () => {
    const { webhookSecret, setup } = await rotate();
    expect(setup).toEqual([expect.stringContaining("Nothing: we change the secret at GitHub")]);
    app.advance(30_000);
    await renewHooks(app.services);
    expect(secretAtGitHub()).toBe(webhook.webhookSecret);
    expect(await deliver()).toBe("resolved");
    await passTime(5 * MINUTE);
    expect(secretAtGitHub()).toBe(webhookSecret);
    expect(hooks).toHaveLength(1);
    expect(await deliver()).toBe("resolved");
    await passTime(DAY, HOUR);
    expect(await view()).not.toHaveProperty("rotation");
    expect(await deliver()).toBe("resolved");
    expect(await deliver(webhook.webhookSecret)).toBe("delivery_refused");
  });

  it("the old one stays as long as the provider does not take the new one", async () => {
    github.hooks.owners.delete("repos/acme/app");
    await rotate({ overlapHours: 1 });
    await passTime(3 * HOUR);
    expect(await view()).toHaveProperty("rotation");
    expect((await health()).recommendations.join(" ")).toContain("is not set up at GitHub as it should be");
    expect(await deliver(webhook.webhookSecret)).toBe("resolved");
    github.hooks.owners.set("repos/acme/app", hooks);
    await passTime(2 * HOUR);
    expect(secretAtGitHub()).not.toBe(webhook.webhookSecret);
    expect(await view()).not.toHaveProperty("rotation");
    expect(await deliver()).toBe("resolved");
  });

  it("an owner in a hurry has it changed there at once, and the old one refused", async () => {
    const { webhookSecret } = await rotate();
    await rotate({ end: "finish" });
    expect(secretAtGitHub()).toBe(webhookSecret);
    expect(await deliver(webhook.webhookSecret)).toBe("delivery_refused");
    expect(await deliver()).toBe("resolved");
  });

  it("not even an owner in a hurry has the old one refused before the provider has the new one", async () => {
    await rotate();
    github.hooks.owners.delete("repos/acme/app");
    expect(await codeOf(rotate({ end: "finish" }))).toBe("secret_not_taken");
    expect(await deliver(webhook.webhookSecret)).toBe("resolved");
    github.hooks.owners.set("repos/acme/app", hooks);
    await rotate({ end: "finish" });
    expect(await deliver()).toBe("resolved");
  });

  it("a change that is cancelled is taken back there as well, and no delivery lost meanwhile", async () => {
    await rotate();
    await passTime(5 * MINUTE);
    await rotate({ end: "cancel" });
    expect(await deliver()).toBe("resolved");
    await passTime(5 * MINUTE);
    expect(secretAtGitHub()).toBe(webhook.webhookSecret);
    expect(await deliver()).toBe("resolved");
  });

  it("it is changed by itself after 90 days, and each step stands in the audit log", async () => {
    expect((await health()).secret).toMatchObject({ rotatesItself: true });
    await passTime(90 * DAY, DAY);
    expect(await view()).toMatchObject({ rotation: { startedBy: "policy" } });
    await passTime(5 * MINUTE);
    expect(secretAtGitHub()).not.toBe(webhook.webhookSecret);
    expect(await deliver()).toBe("resolved");
    await passTime(2 * DAY, HOUR);
    expect(await view()).not.toHaveProperty("rotation");
    expect(await deliver()).toBe("resolved");
    const audited = await entries();
    expect(audited.map(({ action, by }) => [action, by.subject])).toEqual([
      ["retire-secret", "service"],
      ["set-secret-at-provider", "service"],
      ["rotate-secret", "service"],
    ]);
    const [, set, begun] = audited;
    expect(set).toMatchObject({
      resource: `/webhooks/${webhook.registrationId}`,
      before: { secretVersionAtProvider: begun?.before?.["secretVersion"] },
      after: { secretVersionAtProvider: begun?.after?.["secretVersion"] },
    });
    expect(JSON.stringify(audited)).not.toContain(secretAtGitHub());
  });

  it("that it was set there stands in the audit log each time, and never where another change was made there", async () => {
    await updateWebhook(app.services, own(), { events: ["issues.*"] });
    await passTime(5 * MINUTE);
    expect(hooks[0]?.events).toContain("issues");
    expect(await entries()).toEqual([]);
    await rotate();
    await passTime(5 * MINUTE);
    await rotate({ end: "cancel" });
    await passTime(10 * MINUTE);
    const [back, forth, ...others] = await entries();
    expect(others).toEqual([]);
    expect(back).toMatchObject({ action: "set-secret-at-provider", before: forth?.after, after: forth?.before });
  });

  it("a secret that the owner brought is left to the owner", async () => {
    await rotate({ webhookSecret: "a secret that others know too" });
    await rotate({ end: "finish" });
    await passTime(91 * DAY, DAY);
    expect(await view()).not.toHaveProperty("rotation");
    expect((await health()).recommendations.join(" ")).toContain("The secret is due to be changed since");
  });
});
