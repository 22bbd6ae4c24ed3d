import fc from "fast-check";
import type { Registration } from "../../shared/core/registration";
import { HookLedgers } from "../../shared/repositories/hook-ledgers";
import { Registrations } from "../../shared/repositories/registrations";
import { provisionWebhook } from "../../shared/usecases/provision-webhook";
import { registerWebhook, type RegisterRequest } from "../../shared/usecases/register-webhook";
import { renewHooks } from "../../shared/usecases/renew-hooks";
import type { Services } from "../../shared/usecases/services";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { openTestStore } from "../adapters/sqlite/open-test-store";
import { connect } from "../support/connections";
import { noon } from "../support/make";
import { MortalStore } from "../support/mortal-store";
import { openTestApp, type TestApp } from "../support/test-app";
import { GitHubStandIn } from "../support/vendors/github";
import type { GitHubHook } from "../support/vendors/github-hooks";
import { GoogleStandIn } from "../support/vendors/google";
import type { StandIn, Tokens } from "../support/vendors/stand-in";

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

/** What delivers to a webhook at its provider, as that has it. */
interface Standing {
  readonly webhookUrl: string;
  readonly secret: string | undefined;
  /** Absent where the provider is not told of events. */
  readonly events?: readonly string[] | undefined;
}

/** A provider to set webhooks up at. */
interface Place {
  readonly server: StandIn;
  readonly tokens: Tokens;
  readonly env: Readonly<Record<string, string>>;
  readonly request: Pick<RegisterRequest, "integrationId"> & Required<Pick<RegisterRequest, "target">>;
  standing(): readonly Standing[];
  /** Somebody removes one of them there. */
  removeOne(): void;
  /** Makes the next one, and lets the answer be lost. Without one, answers as it should again. */
  loseAnswer(loses: boolean): void;
  passTime(ms: number): void;
}

const hangUp = { instead: "hang_up" } as const;

async function openGitHub(): Promise<Place> {
  const { server, tokens, hooks } = await GitHubStandIn.start();
  const there: GitHubHook[] = [];
  hooks.owners.set("repos/acme/app", there);
  return {
    server,
    tokens,
    env: { GITHUB_API_URL: server.url },
    request: { integrationId: "github", target: { kind: "repository", repository: "acme/app" } },
    standing: () => there.map(({ config: { url, secret }, events }) => ({ webhookUrl: url, secret, events })),
    removeOne: () => void there.splice(0, 1),
    loseAnswer: (loses) => {
      hooks.made = () => {
        hooks.made = () => undefined;
        return loses ? hangUp : undefined;
      };
    },
    passTime: () => undefined,
  };
}

async function openCalendar(): Promise<Place> {
  const google = await GoogleStandIn.start();
  google.now = noon;
  const { server, tokens, hooks } = google;
  return {
    server,
    tokens,
    env: { GOOGLE_API_URL: `${server.url}/{service}` },
    request: { integrationId: "google", target: { kind: "calendar", calendarId: "ada@acme.example" } },
    standing: () => hooks.openChannels.map(({ address, token }) => ({ webhookUrl: address, secret: token })),
    removeOne: () =>
      hooks.openChannels.slice(0, 1).forEach((one) => hooks.channels.splice(hooks.channels.indexOf(one), 1)),
    loseAnswer: (loses) => (hooks.answerLost = loses ? hangUp : undefined),
    passTime: (ms) => void (google.now += ms),
  };
}

const tenantId = "tenant-123";
const eventsAtGitHub = new Map([
  ["push", ["meta", "push"]],
  ["issues.*,push", ["issues", "meta", "push"]],
  ["*", ["*"]],
]);

/** Webhooks at a place, in a process that may end at any write. */
class World {
  readonly place: Place;
  readonly services: Services;
  readonly #app: TestApp;
  readonly #store = openTestStore();
  readonly #mortal = new MortalStore(this.#store.documents);

  private constructor(app: TestApp, place: Place) {
    this.#app = app;
    this.place = place;
    const stores = { registrations: new Registrations(this.#mortal), hookLedgers: new HookLedgers(this.#mortal) };
    this.services = { ...app.services, ...stores };
  }

  static async open(place: Place): Promise<World> {
    const app = await openTestApp({ ...place.env, OUTBOUND_ALLOW_LOOPBACK: "true" });
    await connect(app, place.request.integrationId, { kind: "bearer", token: place.tokens.accessToken });
    return new World(app, place);
  }

  async registered(): Promise<readonly Registration[]> {
    const found: Registration[] = [];
    const tenantKey = this.services.tenantKeyOf(tenantId);
    for await (const one of this.services.registrations.listAll({ tenantId, tenantKey })) found.push(one);
    return found;
  }

  async take(step: Step): Promise<void> {
    const { services, place } = this;
    const [{ id: registrationId } = { id: "" }] = await this.registered().catch(() => []);
    const key = { tenantId, registrationId };
    switch (step.kind) {
      case "register": {
        const request = { ...place.request, tenantId, connectionId: "conn-123", events: ["push"], provision: true };
        await registerWebhook(services, request);
        return;
      }
      case "unregister":
        return unregisterWebhook(services, key);
      case "change_events":
        await updateWebhook(services, key, { events: step.events });
        return;
      case "change_secret":
        await updateWebhook(services, key, { webhookSecret: step.secret });
        return;
      case "remove_there": {
        place.removeOne();
        return;
      }
      case "lose_answer": {
        place.loseAnswer(true);
        return;
      }
      case "fail": {
        place.server.interrupt({ status: step.status });
        return;
      }
      case "die": {
        this.#mortal.dieAt(step.write, step.takesEffect);
        return;
      }
      case "pass_time":
        // What died is started again by then.
        this.#mortal.revive();
        this.#app.advance(step.minutes * 60_000);
        place.passTime(step.minutes * 60_000);
        await renewHooks(services);
    }
  }

  /** Nothing fails any more, and a week goes by; owners whose hook was removed ask for it. */
  async settle(): Promise<void> {
    this.place.server.recover();
    this.place.loseAnswer(false);
    for (let hour = 0; hour < 8 * 24; hour += 6) await this.take({ kind: "pass_time", minutes: 360 });
    for (const { id: registrationId } of await this.registered())
      await provisionWebhook(this.services, { tenantId, registrationId });
  }

  /** What is to stand there, by what the webhooks say. */
  async wanted(): Promise<readonly Standing[]> {
    return Promise.all(
      (await this.registered()).map(async ({ id, secretVersion, events, provisioning }) => {
        expect(provisioning).toMatchObject({ state: "ready" });
        expect(provisioning).not.toHaveProperty("reason");
        return {
          webhookUrl: `https://hooks.example.com/webhooks/${id}`,
          secret: await this.services.secrets.get(id, secretVersion),
          ...(this.place.request.integrationId === "github" && { events: eventsAtGitHub.get(events.join(",")) }),
        };
      }),
    );
  }

  async close(): Promise<void> {
    await this.#app.close();
    await this.#store.close();
    await this.place.server.stop();
  }
}

const sorted = (standing: readonly Standing[]): readonly string[] => standing.map((one) => JSON.stringify(one)).sort();

describe("whatever happens to webhooks, their provider and the process, in whatever order", () => {
  it.each([
    ["hook of GitHub", openGitHub],
    ["channel of Google", openCalendar],
  ])(
    "in the end there is one %s for each, with its secret, and none besides",
    async (_, open) => {
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const world = await World.open(await open());
          try {
            for (const step of sequence) await world.take(step).catch(() => undefined);
            await world.settle();
            expect(sorted(world.place.standing())).toEqual(sorted(await world.wanted()));
          } finally {
            await world.close();
          }
        }),
        {
          numRuns: 40,
          // A hook that was made anew, of which nobody learned.
          examples: [
            [
              [
                { kind: "register" },
                { kind: "lose_answer" },
                { kind: "remove_there" },
                { kind: "change_secret", secret: "secret one" },
              ],
            ],
          ],
        },
      );
    },
    120_000,
  );
});
