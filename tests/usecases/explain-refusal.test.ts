import { createHmac } from "node:crypto";
import { WebhookError } from "../../shared/core/errors";
import { confirmCandidate } from "../../shared/usecases/pending-secrets";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp();
});
afterEach(() => app.close());

const [FIRST, SECOND, THIRD, FOURTH] = ["first", "second", "third", "fourth"].map(
  (name) => `whsec_${Buffer.from(`${name} secret of the webhook, long enough`).toString("base64")}`,
) as [string, string, string, string];
const body = '{"action":"opened","issue":{"id":1}}';
const seconds = String(noon / 1000);

const hmac = (key: string | Buffer, text: string, algorithm = "sha256") => createHmac(algorithm, key).update(text);
const rawKey = (secret: string) => Buffer.from(secret.slice("whsec_".length), "base64");

/** How each provider's deliveries are signed with a secret. */
const signers = {
  github: (secret) => ({ "x-hub-signature-256": `sha256=${hmac(secret, body).digest("hex")}` }),
  salesforce: (secret) => ({ "x-salesforce-event-signature": `sha256=${hmac(secret, body).digest("hex")}` }),
  notion: (secret) => ({ "x-notion-signature": `sha256=${hmac(secret, body).digest("hex")}` }),
  slack: (secret) => ({
    "x-slack-request-timestamp": seconds,
    "x-slack-signature": `v0=${hmac(secret, `v0:${seconds}:${body}`).digest("hex")}`,
  }),
  standard: (secret) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${hmac(rawKey(secret), `msg_1.${seconds}.${body}`).digest("base64")}`,
  }),
  stripe: (secret) => ({ "stripe-signature": `t=${seconds},v1=${hmac(secret, `${seconds}.${body}`).digest("hex")}` }),
  shopify: (secret) => ({ "x-shopify-hmac-sha256": hmac(secret, body).digest("base64") }),
  cloudevents: (secret) => ({ authorization: `Bearer ${secret}` }),
} as const satisfies Record<string, (secret: string) => Record<string, string>>;

async function lastRefusal(registrationId: string) {
  await app.services.gatherer.flush();
  const { items } = await app.services.deliveries.list("tenant-123", registrationId, 50);
  return items.find(({ verdict }) => verdict === "refused");
}

async function change(registrationId: string, webhookSecret: string): Promise<void> {
  await updateWebhook(app.services, { tenantId: "tenant-123", registrationId }, { webhookSecret });
}

async function gitHubWebhook(): Promise<string> {
  return (await app.register({ integrationId: "github", webhookSecret: FIRST })).registrationId;
}

describe("a delivery that is signed with a secret which was replaced", () => {
  it.each(Object.keys(signers) as (keyof typeof signers)[])("is refused, and the owner reads why: %s", async (id) => {
    const { registrationId } = await app.register({ integrationId: id, webhookSecret: FIRST });
    const deliver = (secret: string) => app.deliver(registrationId, body, signers[id](secret));
    await expect(deliver(FIRST)).resolves.toMatchObject({ kind: "receipt" });
    await change(registrationId, SECOND);
    expect(await codeOf(deliver(FIRST))).toBe("delivery_refused");
    expect(await lastRefusal(registrationId)).toMatchObject({ reason: "previous_secret" });
    await expect(deliver(SECOND)).resolves.toMatchObject({ kind: "receipt" });
  });

  it("is told from one that is signed with a secret which this webhook never had", async () => {
    const registrationId = await gitHubWebhook();
    await change(registrationId, SECOND);
    expect(await codeOf(app.deliver(registrationId, body, signers.github(THIRD)))).toBe("delivery_refused");
    expect(await lastRefusal(registrationId)).toMatchObject({ reason: "signature_mismatch" });
  });

  it("is known by the last two secrets, no more", async () => {
    const registrationId = await gitHubWebhook();
    for (const secret of [SECOND, THIRD, FOURTH]) await change(registrationId, secret);
    const reasons: unknown[] = [];
    for (const secret of [FIRST, SECOND, THIRD]) {
      await codeOf(app.deliver(registrationId, body, signers.github(secret)));
      app.advance(1000);
      reasons.push((await lastRefusal(registrationId))?.reason);
    }
    expect(reasons).toEqual(["signature_mismatch", "previous_secret", "previous_secret"]);
  });

  it("is known where the secret gave way to the provider's own, which the owner confirmed", async () => {
    const { registrationId, webhookSecret = "" } = await app.register({
      integrationId: "notion",
      verification: { scheme: "native" },
    });
    await app.deliver(registrationId, JSON.stringify({ verification_token: SECOND }), {});
    const stored = await app.services.registrations.find(registrationId);
    const [candidate] = stored?.value.candidateSecrets ?? [];
    if (!stored || !candidate) throw new Error("no secret waits to be confirmed");
    await confirmCandidate(app.services, stored.value, candidate.candidateId);
    expect(await codeOf(app.deliver(registrationId, body, signers.notion(webhookSecret)))).toBe("delivery_refused");
    expect(await lastRefusal(registrationId)).toMatchObject({ reason: "previous_secret" });
  });

  it("says in the webhook's health what to do about it", async () => {
    const registrationId = await gitHubWebhook();
    await change(registrationId, SECOND);
    await codeOf(app.deliver(registrationId, body, signers.github(FIRST)));
    const stored = await app.services.registrations.find(registrationId);
    if (!stored) throw new Error("the webhook is gone");
    const { recommendations } = await healthOf(app.services, stored.value);
    expect(recommendations.join()).toContain("a secret that this webhook had before");
    expect(recommendations.join()).toContain("let the sender use the present secret");
  });
});

describe("looking for a secret that was replaced", () => {
  it("reads no secret where there was never another", async () => {
    const registrationId = await gitHubWebhook();
    await app.deliver(registrationId, body, signers.github(FIRST));
    const reads = jest.spyOn(app.services.secrets, "get");
    await codeOf(app.deliver(registrationId, body, signers.github(SECOND)));
    // The present one, because the registration is read anew after a mismatch.
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it("is bounded to ten refusals at once and then one a second, however many come", async () => {
    await app.close();
    app = await openTestApp({ RATE_LIMIT_UNVERIFIED: "1000" });
    const registrationId = await gitHubWebhook();
    await change(registrationId, SECOND);
    await app.deliver(registrationId, body, signers.github(SECOND));
    const version = (await app.services.registrations.find(registrationId))?.value.formerSecretVersions?.[0];
    const reads = jest.spyOn(app.services.secrets, "get");
    const readsAfter = async (deliveries: number) => {
      reads.mockClear();
      for (let n = 0; n < deliveries; n++) await codeOf(app.deliver(registrationId, body, signers.github(FIRST)));
      return reads.mock.calls.filter(([, asked]) => asked === version).length;
    };
    expect(await readsAfter(30)).toBe(10);
    app.advance(1000);
    expect(await readsAfter(30)).toBe(1);
  });

  it("changes nothing about the refusal while the secrets cannot be read", async () => {
    const registrationId = await gitHubWebhook();
    await change(registrationId, SECOND);
    await app.deliver(registrationId, body, signers.github(SECOND));
    jest.spyOn(app.services.secrets, "get").mockRejectedValue(new WebhookError("secrets_unavailable"));
    expect(await codeOf(app.deliver(registrationId, body, signers.github(FIRST)))).toBe("delivery_refused");
    expect(await lastRefusal(registrationId)).toMatchObject({ reason: "signature_mismatch" });
  });
});
