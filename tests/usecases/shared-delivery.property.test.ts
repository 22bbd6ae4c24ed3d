import { createHmac } from "node:crypto";
import fc from "fast-check";
import { deleteRoute } from "../../shared/usecases/delete-route";
import { putRoute } from "../../shared/usecases/put-route";
import { registerWebhook } from "../../shared/usecases/register-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { noon } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";

/** Whatever operators map, tenants switch off and Slack sends, in any order: each event is queued for whose it is, once. */
const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const tenants = ["tenant-a", "tenant-b", "tenant-c"] as const;

const workspace = fc.constantFrom("T1", "T2", "T3", "T4");
const organisation = fc.constantFrom("E1", "E2");
const account = fc.oneof(workspace, organisation);
const tenant = fc.constantFrom(...tenants);
const orNothing = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const authorization = fc.record({ team_id: orNothing(workspace), enterprise_id: orNothing(organisation) });
/** Ids stand in every place where Slack puts some, most of which are not to count. */
const envelope = fc.record({
  team_id: orNothing(workspace),
  enterprise_id: orNothing(organisation),
  context_team_id: workspace,
  authorizations: orNothing(fc.array(authorization, { maxLength: 3 })),
  event: fc.record({ team: workspace, user_team: workspace, source_team: workspace }),
});
type Envelope = typeof envelope extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("map" as const), account, tenant }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unmap" as const), account }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("switch" as const), tenant, isOn: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("deliver" as const), envelope }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the routes say, written down once more. */
class Model {
  readonly routes = new Map<string, string>();
  readonly off = new Set<string>();

  tenantsOf({ team_id: team, enterprise_id: enterprise, authorizations }: Envelope): string[] {
    const installations =
      authorizations === null || authorizations.length === 0
        ? [{ team, enterprise }]
        : authorizations.map((each) => ({
            team: each.team_id ?? (each.enterprise_id !== null && each.enterprise_id === enterprise ? team : null),
            enterprise: each.enterprise_id,
          }));
    const found = installations.map((each) => this.#at(each.team) ?? this.#at(each.enterprise));
    return [...new Set(found)].filter((name) => name !== undefined && !this.off.has(name)).sort() as string[];
  }

  #at(id: string | null): string | undefined {
    return id === null ? undefined : this.routes.get(id);
  }
}

/** A gateway with a shared webhook, a webhook of each tenant, and the model of both. */
class World {
  readonly #model = new Model();
  readonly #app: TestApp;
  readonly #shared: string;
  readonly #targets: ReadonlyMap<string, string>;

  private constructor(app: TestApp, shared: string, targets: ReadonlyMap<string, string>) {
    this.#app = app;
    this.#shared = shared;
    this.#targets = targets;
  }

  static async open(): Promise<World> {
    const app = await openTestApp();
    const own = { tenantId: "tenant-o", integrationId: "slack", routing: "workspace", webhookSecret: SECRET } as const;
    const { registrationId } = await registerWebhook(app.services, own);
    const targets = new Map<string, string>();
    for (const tenantId of tenants) {
      targets.set(tenantId, (await app.register({ tenantId, integrationId: "slack" })).registrationId);
    }
    return new World(app, registrationId, targets);
  }

  close(): Promise<void> {
    return this.#app.close();
  }

  async take(each: Step, n: number): Promise<void> {
    if (each.kind === "map") await this.#map(each.account, each.tenant);
    else if (each.kind === "unmap") await this.#unmap(each.account);
    else if (each.kind === "switch") await this.#switch(each.tenant, each.isOn);
    else await this.#deliver(each.envelope, n);
  }

  async #map(accountId: string, name: string): Promise<void> {
    const key = { registrationId: this.#shared, accountId, subject: "test" };
    await putRoute(this.#app.services, key, { registrationId: this.#targets.get(name) ?? "" });
    this.#model.routes.set(accountId, name);
  }

  async #unmap(accountId: string): Promise<void> {
    if (!this.#model.routes.delete(accountId)) return;
    await deleteRoute(this.#app.services, { registrationId: this.#shared, accountId });
  }

  async #switch(name: string, isOn: boolean): Promise<void> {
    const key = { tenantId: name, registrationId: this.#targets.get(name) ?? "" };
    await updateWebhook(this.#app.services, key, { status: isOn ? "active" : "inactive" });
    if (isOn) this.#model.off.delete(name);
    else this.#model.off.add(name);
  }

  async #deliver(sent: Envelope, n: number): Promise<void> {
    const event = { type: "message", channel: "C1", ts: `${n}.1`, ...sent.event };
    const text = JSON.stringify({ type: "event_callback", event_id: `Ev${n}`, ...sent, event });
    const timestamp = String(noon / 1000);
    const hex = createHmac("sha256", SECRET).update(`v0:${timestamp}:${text}`).digest("hex");
    const headers = { "x-slack-signature": `v0=${hex}`, "x-slack-request-timestamp": timestamp };
    const result = await this.#app.deliver(this.#shared, text, headers);
    expect(result).toMatchObject({ receipt: { success: true } });
    expect(await this.#queuedFor()).toEqual(this.#model.tenantsOf(sent));
  }

  async #queuedFor(): Promise<string[]> {
    const { lockingQueue } = this.#app;
    const messages = await lockingQueue.receive(10, 60_000);
    for (const { lockToken } of messages) await lockingQueue.complete(lockToken);
    return messages.map(({ body }) => (JSON.parse(body) as { data: { tenantId: string } }).data.tenantId).sort();
  }
}

it("hands each delivery to the tenants that its accounts are mapped to, and to nobody else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const world = await World.open();
      for (const [n, each] of steps.entries()) await world.take(each, n);
      await world.close();
    }),
    { numRuns: 40 },
  );
}, 60_000);
