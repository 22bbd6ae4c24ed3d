import { WebhookError } from "../../shared/core/errors";
import { receiveDelivery } from "../../shared/usecases/receive-delivery";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { type NewRegistration, registerWebhook } from "../../shared/usecases/register-webhook";
import { requireOwn } from "../../shared/usecases/require-own";
import { rotateSecret } from "../../shared/usecases/rotate-secret";
import type { Services } from "../../shared/usecases/services";
import { healthOf } from "../../shared/usecases/webhook-health";
import { contactBody, seedSignature } from "../support/test-app";

/** Two instances on the same back ends, each with a cache of its own, and a clock that both go by. */
export interface Instances {
  readonly one: Services;
  readonly other: Services;
  advance(ms: number): void;
  close(): Promise<void>;
}

const HOUR = 3_600_000;
const AT_ONCE = 60;

/** The change of a secret while its provider delivers: no genuine delivery is refused, whatever instance it comes to. */
export function describeRotationUnderLoad(open: () => Promise<Instances>): void {
  let instances: Instances;
  let webhook: NewRegistration;
  beforeEach(async () => {
    instances = await open();
    webhook = await registerWebhook(instances.one, {
      tenantId: "tenant-123",
      integrationId: "salesforce",
      connectionId: "conn-123",
      events: ["*"],
    });
  }, 60_000);
  afterEach(() => instances.close(), 30_000);

  const own = () => ({ tenantId: "tenant-123", registrationId: webhook.registrationId });
  let serial = 0;

  /** `accepted`, or the code of the refusal. */
  async function deliver(services: Services, secret: string): Promise<string> {
    const id = `003-${++serial}`;
    const body = JSON.stringify(contactBody("updated", id));
    const signature = seedSignature({ webhookSecret: secret }, body);
    try {
      await receiveDelivery(services, {
        registrationId: webhook.registrationId,
        headers: new Headers({ "x-salesforce-event-signature": signature, "x-salesforce-event-id": id }),
        readBody: () => Promise.resolve(Buffer.from(body)),
        remoteAddress: "203.0.113.7",
      });
      return "accepted";
    } catch (error) {
      return error instanceof WebhookError ? error.code : String(error);
    }
  }

  /** Many deliveries at once to both instances, signed by these in turn; answers what became of them, each answer once. */
  async function load(...secrets: readonly string[]): Promise<readonly string[]> {
    const { one, other } = instances;
    const attempts = Array.from({ length: AT_ONCE }, (_, index) =>
      deliver(Math.floor(index / secrets.length) % 2 === 0 ? one : other, secrets[index % secrets.length] ?? ""),
    );
    return [...new Set(await Promise.all(attempts))];
  }

  /** The same with strangers among them, who are refused or, when they are too many, answered 429. */
  async function loadAmongForgeries(...secrets: readonly string[]): Promise<readonly string[]> {
    const forged = [instances.one, instances.other].map((services) => deliver(services, "whsec_forged"));
    const genuine = await load(...secrets);
    for (const answer of await Promise.all(forged)) expect(["delivery_refused", "rate_limited"]).toContain(answer);
    return genuine;
  }

  it("is noticed at once by an instance that still holds the webhook as it was", async () => {
    const old = webhook.webhookSecret ?? "";
    expect(await load(old)).toEqual(["accepted"]);
    const { webhookSecret: next = "" } = await rotateSecret(instances.one, own(), {});
    expect(await load(next, old)).toEqual(["accepted"]);
  });

  it("loses no genuine delivery from the first to the last, though strangers knock all the time", async () => {
    const { one, other, advance } = instances;
    const old = webhook.webhookSecret ?? "";
    expect(await loadAmongForgeries(old)).toEqual(["accepted"]);
    const [duringStart, { webhookSecret: next = "" }] = await Promise.all([
      loadAmongForgeries(old),
      rotateSecret(one, own(), { quietHours: 2 }),
    ]);
    expect(duringStart).toEqual(["accepted"]);
    expect(await loadAmongForgeries(old)).toEqual(["accepted"]);
    advance(30_000); // from here on its owner may enter the new one
    for (let round = 0; round < 5; round++) {
      expect(await loadAmongForgeries(old, next, next)).toEqual(["accepted"]);
      advance(HOUR);
    }
    await other.gatherer.flush();
    const { secret } = await healthOf(one, await requireOwn(one, own()));
    expect(secret?.rotation).toMatchObject({ currentUses: 5 * AT_ONCE * (2 / 3) });
    expect(await load(next)).toEqual(["accepted"]);
    advance(2 * HOUR);
    await other.gatherer.flush();
    const [duringEnd] = await Promise.all([loadAmongForgeries(next), recomputeHealth(one)]);
    expect(duringEnd).toEqual(["accepted"]);
    expect(await requireOwn(one, own())).not.toHaveProperty("rotation");
    advance(30_000);
    expect(await loadAmongForgeries(next)).toEqual(["accepted"]);
    for (const services of [one, other]) expect(await deliver(services, old)).toBe("delivery_refused");
  }, 60_000);
}
