import fc from "fast-check";
import type { Registration } from "../../shared/core/registration";
import { HookLedgers } from "../../shared/repositories/hook-ledgers";
import { Registrations } from "../../shared/repositories/registrations";
import { provisionWebhook } from "../../shared/usecases/provision-webhook";
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

/** Whatever happens in whatever order, in the end the provider has one hook for each webhook, as the webhook has it. */
type Step =
  | { readonly kind: "register" | "unregister" | "lose_answer" | "remove_there" }
  | { readonly kind: "change_events"; readonly events: readonly string[] }
  | { readonly kind: "change_secret"; readonly secret: string }
  | { readonly kind: "fail"; readonly status: number }
  | { readonly kind: "die"; readonly write: number; readonly takesEffect: boolean }
  | { readonly kind: "pass_time"; readonly minutes: number };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.constantFrom<Step>({ kind: "register" }, { kind: "register" }, { kind: "unregister" }),
    fc.constantFrom<Step>({ kind: "lose_answer" }, { kind: "remove_there" }),
    fc.record({ kind: fc.constant("change_events"), events: fc.constantFrom(["push"], ["issues.*", "push"], ["*"]) }),
    fc.record({ kind: fc.constant("change_secret"), secret: fc.constantFrom("secret one", "secret two") }),
    fc.record({ kind: fc.constant("fail"), status: fc.constantFrom(401, 403, 404, 422, 429, 500) }),
    fc.record({ kind: fc.constant("die"), write: fc.integer({ min: 1, max: 8 }), takesEffect: fc.boolean() }),
    fc.record({ kind: fc.constant("pass_time"), minutes: fc.integer({ min: 1, max: 90 }) }),
  ),
  { minLength: 1, maxLength: 25 },
);

const tenantId = "tenant-123";
const events = new Map([
  [JSON.stringify(["push"]), ["meta", "push"]],
  [JSON.stringify(["issues.*", "push"]), ["issues", "meta", "push"]],
  [JSON.stringify(["*"]), ["*"]],
]);

class World {
  readonly hooks: GitHubHook[] = [];
  readonly services: Services;
  readonly #app: TestApp;
  readonly #github: GitHubStandIn;
  readonly #store = openTestStore();
  readonly #mortal = new MortalStore(this.#store.documents);

  private constructor(app: TestApp, github: GitHubStandIn) {
    this.#app = app;
    this.#github = github;
    const stores = { registrations: new Registrations(this.#mortal), hookLedgers: new HookLedgers(this.#mortal) };
    this.services = { ...app.services, ...stores };
    github.hooks.owners.set("repos/acme/app", this.hooks);
  }

  static async open(): Promise<World> {
    const github = await GitHubStandIn.start();
    const { url } = github.server;
    const app = await openTestApp({ GITHUB_API_URL: url, OUTBOUND_ALLOW_LOOPBACK: "true" });
    await connect(app, "github", { kind: "bearer", token: github.tokens.accessToken });
    return new World(app, github);
  }

  async registered(): Promise<readonly Registration[]> {
    const found: Registration[] = [];
    const tenantKey = this.services.tenantKeyOf(tenantId);
    for await (const one of this.services.registrations.listAll({ tenantId, tenantKey })) found.push(one);
    return found;
  }

  async take(step: Step): Promise<void> {
    const [services, app, github, mortal] = [this.services, this.#app, this.#github, this.#mortal];
    const [{ id: registrationId } = { id: "" }] = await this.registered().catch(() => []);
    const key = { tenantId, registrationId };
    switch (step.kind) {
      case "register":
        await registerWebhook(services, { ...request, tenantId });
        return;
      case "unregister":
        return unregisterWebhook(services, key);
      case "change_events":
        await updateWebhook(services, key, { events: step.events });
        return;
      case "change_secret":
        await updateWebhook(services, key, { webhookSecret: step.secret });
        return;
      case "remove_there":
        this.hooks.splice(0, 1);
        return;
      case "lose_answer":
        github.hooks.made = () => ((github.hooks.made = () => undefined), { instead: "hang_up" });
        return;
      case "fail":
        github.server.interrupt({ status: step.status });
        return;
      case "die":
        mortal.dieAt(step.write, step.takesEffect);
        return;
      case "pass_time":
        // What died is started again by then.
        mortal.revive();
        app.advance(step.minutes * 60_000);
        await renewHooks(services);
    }
  }

  /** Nothing fails any more, and hours go by; owners whose hook was removed ask for it. */
  async settle(): Promise<void> {
    this.#github.server.recover();
    this.#github.hooks.made = () => undefined;
    for (let hour = 0; hour < 6; hour++) await this.take({ kind: "pass_time", minutes: 70 });
    for (const { id: registrationId } of await this.registered())
      await provisionWebhook(this.services, { tenantId, registrationId });
  }

  async close(): Promise<void> {
    await this.#app.close();
    await this.#store.close();
    await this.#github.server.stop();
  }
}

const request = {
  integrationId: "github",
  connectionId: "conn-123",
  events: ["push"],
  provision: true,
  target: { kind: "repository", repository: "acme/app" },
} as const;

describe("whatever happens to webhooks that are set up at their provider", () => {
  it("in the end there is one hook for each, with its events and its secret, and none besides", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const world = await World.open();
        try {
          for (const step of sequence) await world.take(step).catch(() => undefined);
          await world.settle();
          const wanted = await Promise.all(
            (await world.registered()).map(async (webhook) => ({
              id: webhook.id,
              state: webhook.provisioning?.state,
              events: events.get(JSON.stringify(webhook.events)),
              secret: await world.services.secrets.get(webhook.id, webhook.secretVersion),
            })),
          );
          const standing = world.hooks.map((hook) => ({
            id: hook.config.url.split("/").at(-1),
            state: "ready",
            events: hook.events,
            secret: hook.config.secret,
          }));
          const byId = (a: { id?: string | undefined }, b: { id?: string | undefined }) =>
            (a.id ?? "") < (b.id ?? "") ? -1 : 1;
          expect(standing.sort(byId)).toEqual(wanted.sort(byId));
        } finally {
          await world.close();
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
