import { HookLedgers } from "../../shared/repositories/hook-ledgers";
import { Registrations } from "../../shared/repositories/registrations";
import { registerWebhook } from "../../shared/usecases/register-webhook";
import { renewHooks } from "../../shared/usecases/renew-hooks";
import type { Services } from "../../shared/usecases/services";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { openTestStore } from "../adapters/sqlite/open-test-store";
import { connect } from "../support/connections";
import { MortalStore } from "../support/mortal-store";
import { openTestApp, type TestApp } from "../support/test-app";
import { GitHubStandIn } from "../support/vendors/github";
import type { GitHubHook } from "../support/vendors/github-hooks";

/** A process that ends at each of its writes in turn, before the write takes effect and after, and another that goes on. */
let github: GitHubStandIn;
let app: TestApp;
let store: ReturnType<typeof openTestStore>;
let mortal: MortalStore;
let services: Services;
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
  store = openTestStore();
  mortal = new MortalStore(store.documents);
  services = { ...app.services, registrations: new Registrations(mortal), hookLedgers: new HookLedgers(mortal) };
});
afterEach(async () => {
  await app.close();
  await store.close();
  await github.server.stop();
});

const tenantId = "tenant-123";
const register = () =>
  registerWebhook(services, {
    tenantId,
    integrationId: "github",
    connectionId: "conn-123",
    events: ["issues.*"],
    provision: true,
    target: { kind: "repository", repository: "acme/app" },
  });
const registered = async () => {
  const found = [];
  for await (const one of services.registrations.listAll({ tenantId, tenantKey: services.tenantKeyOf(tenantId) }))
    found.push(one);
  return found;
};

/** Does the work in a process that ends at a write; answers whether it came to that. The next one takes over later. */
async function killed(work: Promise<unknown>, moment: Moment): Promise<boolean> {
  await work.catch(() => undefined);
  const hasEnded = mortal.writes >= moment.write;
  mortal.revive();
  app.advance(6 * 60_000);
  await renewHooks(services);
  return hasEnded;
}

interface Moment {
  readonly write: number;
  readonly takesEffect: boolean;
}

/** Every moment at which a process may end, until it gets to its end before. */
async function atEachMoment(attempt: (moment: Moment) => Promise<boolean>): Promise<number> {
  for (let write = 1; ; write++) {
    for (const takesEffect of [false, true]) {
      if (!(await attempt({ write, takesEffect }))) return write - 1;
    }
  }
}

async function removeAll(): Promise<void> {
  for (const { id } of await registered()) await unregisterWebhook(services, { tenantId, registrationId: id });
  app.advance(6 * 60_000);
  await renewHooks(services);
  expect(hooks).toEqual([]);
  app.advance(24 * 3_600_000);
  expect(await renewHooks(services)).toEqual({ due: 0 });
}

describe("whenever a process ends", () => {
  it("while it registers, there is one hook for each webhook that is there, and none without", async () => {
    const writes = await atEachMoment(async (moment) => {
      mortal.dieAt(moment.write, moment.takesEffect);
      const hasEnded = await killed(register(), moment);
      const webhooks = await registered();
      expect(webhooks.map(({ provisioning }) => provisioning?.state)).toEqual(hooks.map(() => "ready"));
      expect(hooks.map(({ config }) => config.url.split("/").at(-1))).toEqual(webhooks.map(({ id }) => id));
      await removeAll();
      return hasEnded;
    });
    expect(writes).toBeGreaterThan(4);
  });

  it("while it changes a webhook, the provider has it as the webhook says", async () => {
    await atEachMoment(async (moment) => {
      const { registrationId } = await register();
      mortal.dieAt(moment.write, moment.takesEffect);
      const hasEnded = await killed(
        updateWebhook(services, { tenantId, registrationId }, { events: ["push"] }),
        moment,
      );
      const [webhook] = await registered();
      const isChanged = webhook?.events.includes("push") === true;
      expect(hooks.map(({ events }) => events)).toEqual([isChanged ? ["meta", "push"] : ["issues", "meta"]]);
      await removeAll();
      return hasEnded;
    });
  });

  it("while it unregisters, no hook stays once the webhook is gone", async () => {
    await atEachMoment(async (moment) => {
      const { registrationId } = await register();
      mortal.dieAt(moment.write, moment.takesEffect);
      const hasEnded = await killed(unregisterWebhook(services, { tenantId, registrationId }), moment);
      if ((await registered()).length === 0) expect(hooks).toEqual([]);
      await removeAll();
      return hasEnded;
    });
  });
});
