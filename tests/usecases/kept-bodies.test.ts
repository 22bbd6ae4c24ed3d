import { createHmac } from "node:crypto";
import { sampleProviders } from "../../infra/local/samples/registry";
import { signed } from "../../infra/local/samples/sample";
import { WebhookError } from "../../shared/core/errors";
import { SyncFailure } from "../../shared/core/sync-task";
import { discardDelivery } from "../../shared/usecases/discard-delivery";
import { getDelivery, listDeliveries } from "../../shared/usecases/list-deliveries";
import { getReplay } from "../../shared/usecases/list-replays";
import { pauseWebhook, resumeWebhook } from "../../shared/usecases/pause-webhook";
import { planReplay } from "../../shared/usecases/plan-replay";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { replayDelivery } from "../../shared/usecases/replay-delivery";
import { rotateSecret } from "../../shared/usecases/rotate-secret";
import { runReplay } from "../../shared/usecases/run-replay";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { GoogleIssuer } from "../support/google-issuer";
import { noon } from "../support/make";
import { codeOf, contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

const HOUR_MS = 3_600_000;
const tenantId = "tenant-123";
const who = "token:0123456789ab";
const SIGNATURE = "x-salesforce-event-signature";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp();
});
afterEach(() => app.close());

const theirs = { webhookSecret: "the secret of the sender, which we do not have" };
const own = ({ registrationId }: NewRegistration) => ({ tenantId, registrationId });
const details = (deliveryId: string) => getDelivery(app.services, { tenantId, deliveryId });
const replay = (deliveryId: string) => replayDelivery(app.services, { tenantId, deliveryId }, who);

async function log() {
  await app.drain();
  await Promise.all([app.services.gatherer.flush(), app.services.requestKeeper.flush()]);
  return (await listDeliveries(app.services, tenantId, { fields: {}, limit: 100 })).deliveries;
}

async function newest(): Promise<string> {
  const [line] = await log();
  if (!line) throw new Error("the log is empty");
  return line.deliveryId;
}

/** Delivers what is signed with the sender's secret; answers the line of the log. */
async function deliver(webhook: NewRegistration, body: object | string, signer = theirs): Promise<string> {
  const bytes = typeof body === "string" ? body : JSON.stringify(body);
  await app
    .deliver(webhook.registrationId, bytes, { [SIGNATURE]: seedSignature(signer, bytes) })
    .catch(() => undefined);
  return newest();
}

async function shards() {
  const tenant = { tenantId, tenantKey: app.services.tenantKeyOf(tenantId) };
  return (await app.services.shards.list(tenant, { limit: 10 })).items;
}

describe("a webhook that keeps bodies", () => {
  it("shows what was sent: of what was accepted, ignored and refused", async () => {
    const webhook = await app.register({ keepBodies: true, events: ["Contact.*"] });
    const contact = JSON.stringify(contactBody("created", "003", { Name: "Ada" }));
    const account = JSON.stringify({ action: "created", sobject: { name: "Account", fields: { Id: "001" } } });
    for (const [body, signer] of [
      [contact, webhook],
      [account, webhook],
      [contact, theirs],
    ] as const) {
      const found = await details(await deliver(webhook, body, { webhookSecret: signer.webhookSecret ?? "" }));
      expect(found).toMatchObject({ body, bodyEncoding: "utf-8", replayable: true });
      expect(JSON.stringify(found)).not.toContain("request-");
      app.advance(1000);
    }
    expect((await log()).map(({ verdict }) => verdict)).toEqual(["refused", "ignored", "accepted"]);
  });

  it("keeps none of a repetition, none that is too large, and no other webhook keeps any", async () => {
    const webhook = await app.register({ integrationId: "github", keepBodies: true, ...theirs });
    const send = (id: string, title: string) => {
      const body = JSON.stringify({ action: "opened", issue: { id: 1, title }, repository: { id: 2 } });
      const signature = `sha256=${createHmac("sha256", theirs.webhookSecret).update(body).digest("hex")}`;
      const headers = { "x-hub-signature-256": signature, "x-github-event": "issues", "x-github-delivery": id };
      return app.deliver(webhook.registrationId, body, headers);
    };
    await send("small", "a small one");
    await send("small", "a small one");
    await send("large", "x".repeat(1024 * 1024));
    await app.deliverSigned(await app.register(), contactBody("created", "005", {}));
    const kept = await Promise.all((await log()).map(async ({ deliveryId }) => details(deliveryId)));
    expect(kept).toHaveLength(4);
    expect(kept.filter(({ body }) => body !== undefined)).toMatchObject([
      { verdict: "accepted", sourceDeliveryId: "small", body: expect.stringContaining("a small one") as string },
    ]);
  });

  it("keeps what is no text in base64", async () => {
    const webhook = await app.register({ keepBodies: true });
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    await app.deliver(webhook.registrationId, bytes, { [SIGNATURE]: "sha256=00" }).catch(() => undefined);
    expect(await details(await newest())).toMatchObject({ body: bytes.toString("base64"), bodyEncoding: "base64" });
  });

  it("shows no secret that a provider writes into the body", async () => {
    const webhook = await app.register({ integrationId: "graph", keepBodies: true });
    const { webhookSecret = "", registrationId } = webhook;
    const value = [{ changeType: "created", clientState: webhookSecret, resource: "Users/1/Messages/2" }];
    const body = JSON.stringify({ value });
    await app.deliver(registrationId, body, { "content-type": "application/json" });
    const found = await details(await newest());
    expect(found.body).toBe(body.replace(webhookSecret, "***"));
  });

  it("shows no secret that it had before either, and no body at all once it is gone", async () => {
    const webhook = await app.register({ integrationId: "graph", keepBodies: true });
    const { webhookSecret = "", registrationId } = webhook;
    const value = [{ changeType: "created", clientState: webhookSecret, resource: "Users/1/Messages/2" }];
    await app.deliver(registrationId, JSON.stringify({ value }), { "content-type": "application/json" });
    const deliveryId = await newest();
    await updateWebhook(app.services, own(webhook), { webhookSecret: "the second" });
    expect((await details(deliveryId)).body).toContain('"clientState":"***"');
    await rotateSecret(app.services, own(webhook), { webhookSecret: "the third" });
    expect((await details(deliveryId)).body).toContain('"clientState":"***"');
    await unregisterWebhook(app.services, own(webhook));
    expect(await details(deliveryId)).not.toHaveProperty("body");
  });

  it("keeps only so much of what nobody vouches for, and all that is genuine", async () => {
    const webhook = await app.register({ keepBodies: true });
    const { keptRefusals } = app.services.limits;
    keptRefusals.take(webhook.registrationId, noon, keptRefusals.take("another", noon).limit);
    const refused = await details(await deliver(webhook, contactBody("created", "003", {})));
    expect(refused).not.toHaveProperty("body");
    expect(refused).not.toHaveProperty("replayable");
    app.advance(1000);
    await app.deliverSigned(webhook, contactBody("created", "004", {}));
    expect(await details(await newest())).toHaveProperty("body");
    app.advance(HOUR_MS);
    expect(await details(await deliver(webhook, contactBody("created", "005", {})))).toHaveProperty("body");
  });

  it("shows no body of an event that was discarded", async () => {
    const webhook = await app.register({ keepBodies: true });
    const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(gaveUp);
    await app.deliverSigned(webhook, contactBody("created", "003", {}));
    const deliveryId = await newest();
    expect(await details(deliveryId)).toHaveProperty("body");
    await discardDelivery(app.services, { tenantId, deliveryId });
    expect(await details(deliveryId)).not.toHaveProperty("body");
  });

  it("keeps no handshake, which brings a secret that only its owner is shown, once", async () => {
    const webhook = await app.register({ integrationId: "notion", keepBodies: true });
    const body = JSON.stringify({ verification_token: "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl" });
    const send = () => app.deliver(webhook.registrationId, body, { "content-type": "application/json" });
    await send();
    await app.services.registrations.update(webhook.registrationId, (known) => ({ ...known, isVerified: true }));
    app.services.cache.forget(webhook.registrationId);
    expect(await codeOf(send())).toBe("delivery_refused");
    const kept = await Promise.all((await log()).map(({ deliveryId }) => details(deliveryId)));
    expect(kept.map(({ verdict }) => verdict).sort()).toEqual(["handshake", "refused"]);
    expect(JSON.stringify(kept)).not.toContain("secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl");
  });

  it("is none whose log must not hold some fields", async () => {
    const both = app.register({ keepBodies: true, redact: ["Email"] });
    await expect(both).rejects.toMatchObject({ code: "invalid_request", problems: [{ path: "/keepBodies" }] });
    const keeping = await app.register({ keepBodies: true });
    const redacting = await app.register({ redact: ["Email"] });
    expect(await codeOf(updateWebhook(app.services, own(keeping), { redact: ["Email"] }))).toBe("invalid_request");
    expect(await codeOf(updateWebhook(app.services, own(redacting), { keepBodies: true }))).toBe("invalid_request");
    await updateWebhook(app.services, own(redacting), { keepBodies: true, redact: [] });
    const view = await updateWebhook(app.services, own(keeping), { keepBodies: false, redact: ["Email"] });
    expect(view).not.toHaveProperty("keepBodies");
  });

  it("leaves in the store nothing that could be read there", async () => {
    const webhook = await app.register({ keepBodies: true });
    const put = jest.spyOn(app.services.payloads, "put");
    await deliver(webhook, contactBody("created", "003", { Name: "Ada Lovelace" }));
    const [[key, bytes] = ["", Buffer.alloc(0)]] = put.mock.calls;
    expect(key).toMatch(/^request-[0-9a-f]{32}$/);
    expect(Buffer.from(bytes).toString("latin1")).not.toMatch(/Ada|Lovelace|sha256/);
    // Another tenant's record that named it would find nothing.
    const stolen = { tenantId: "tenant-b", registrationId: webhook.registrationId, keptAs: key };
    expect(await app.services.keptRequests.get(stolen)).toBeUndefined();
    expect(await app.services.keptRequests.get({ ...stolen, tenantId })).toBeDefined();
  });

  it("keeps them as long as the record, and no longer than payloads", async () => {
    await app.close();
    app = await openTestApp({ DELIVERY_RETENTION_DAYS: "60" });
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("created", "003", {}));
    app.advance(44 * 24 * HOUR_MS);
    expect(await details(deliveryId)).toHaveProperty("body");
    app.advance(2 * 24 * HOUR_MS);
    const found = await details(deliveryId);
    expect(found).not.toHaveProperty("body");
    expect(await codeOf(replay(deliveryId))).toBe("delivery_not_kept");
  });
});

describe("the replay of a delivery that was refused", () => {
  it("is accepted once its kept bytes prove themselves with the present secret, and says where its event is", async () => {
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("created", "003", { Name: "Ada" }));
    expect(await details(deliveryId)).toMatchObject({ verdict: "refused", reason: "signature_mismatch" });
    await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    app.advance(2 * HOUR_MS);
    const { replayId, deliveries } = await replay(deliveryId);
    await app.drain();
    expect((await shards()).map(({ structuredData }) => structuredData["name"])).toEqual(["Ada"]);
    const [event = ""] = deliveries ?? [];
    expect(await details(event)).toMatchObject({
      verdict: "accepted",
      outcome: "synchronised",
      receivedAt: new Date(noon).toISOString(),
      replays: [{ replayId, requestedBy: who, outcome: "synchronised" }],
      body: expect.stringContaining("Ada") as string,
    });
    expect(await details(deliveryId)).toMatchObject({
      verdict: "refused",
      replays: [{ replayId, requestedBy: who, deliveries: [event] }],
    });
  });

  it("is refused as long as it proves nothing, with the reason for its owner, and queues nothing", async () => {
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("created", "003", {}));
    await expect(replay(deliveryId)).rejects.toMatchObject({
      code: "delivery_unproved",
      detail: "signature_mismatch",
      problems: [{ message: expect.stringContaining("another secret was used") as string }],
    });
    expect(await app.drain()).toBe(0);
    expect(await details(deliveryId)).not.toHaveProperty("replays");
  });

  it("is refused where nothing is kept", async () => {
    const webhook = await app.register();
    expect(await codeOf(replay(await deliver(webhook, contactBody("created", "003", {}))))).toBe("delivery_not_kept");
  });

  it("does not erase what came since", async () => {
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("updated", "003", { Name: "Augusta" }));
    app.advance(1000);
    await deliver(webhook, contactBody("updated", "003", { Name: "Ada" }), {
      webhookSecret: webhook.webhookSecret ?? "",
    });
    await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    await replay(deliveryId);
    await app.drain();
    expect((await shards()).map(({ structuredData }) => structuredData["name"])).toEqual(["Ada"]);
  });

  it("is one event, however often it is asked for, and whether or not the provider repeats it", async () => {
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("created", "003", { Name: "Ada" }));
    await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    const [first, second] = [await replay(deliveryId), await replay(deliveryId)];
    expect(second.deliveries).toEqual(first.deliveries);
    await app.drain();
    const lines = await log();
    expect(lines.map(({ verdict }) => verdict).sort()).toEqual(["accepted", "refused"]);
    const { replays } = await details(deliveryId);
    expect(replays?.map(({ replayId }) => replayId)).toEqual([second.replayId, first.replayId]);
  });

  it("waits with all others while the webhook is paused", async () => {
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("created", "003", { Name: "Ada" }));
    await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    await pauseWebhook(app.services, own(webhook), who);
    const { replayId, deliveries } = await replay(deliveryId);
    expect(await app.drain()).toBe(0);
    await app.services.gatherer.flush();
    expect(await details(deliveries?.[0] ?? "")).toMatchObject({ outcome: "held" });
    await resumeWebhook(app.services, own(webhook));
    await app.drain();
    expect(await details(deliveries?.[0] ?? "")).toMatchObject({ outcome: "synchronised", replayId });
  });

  it("names the line of an event that the provider had repeated by then", async () => {
    const webhook = await app.register({ integrationId: "github", keepBodies: true });
    const body = JSON.stringify({ action: "opened", issue: { id: 1 }, repository: { id: 2 } });
    const signature = `sha256=${createHmac("sha256", theirs.webhookSecret).update(body).digest("hex")}`;
    const headers = { "x-hub-signature-256": signature, "x-github-event": "issues", "x-github-delivery": "1" };
    const send = () => app.deliver(webhook.registrationId, body, headers);
    expect(await codeOf(send())).toBe("delivery_refused");
    const deliveryId = await newest();
    await updateWebhook(app.services, own(webhook), theirs);
    app.advance(HOUR_MS);
    await send();
    const repeated = await newest();
    expect((await replay(deliveryId)).deliveries).toEqual([repeated]);
    expect(await details(repeated)).toMatchObject({ outcome: "synchronised" });
  });

  it("takes the secret that is being replaced for as good as its successor", async () => {
    const webhook = await app.register({ keepBodies: true, ...theirs, verification: { scheme: "seed" } });
    const deliveryId = await deliver(webhook, contactBody("created", "003", {}), { webhookSecret: "a wrong one" });
    await updateWebhook(app.services, own(webhook), { webhookSecret: "a wrong one" });
    await rotateSecret(app.services, own(webhook), { webhookSecret: "the next one, which nobody uses" });
    expect((await replay(deliveryId)).deliveries).toHaveLength(1);
  });

  it("finds nothing where its webhook is gone or off, or asks for none of its events", async () => {
    const gone = await app.register({ keepBodies: true });
    const lost = await deliver(gone, contactBody("created", "003", {}));
    await unregisterWebhook(app.services, own(gone));
    app.advance(1000);
    expect(await codeOf(replay(lost))).toBe("registration_not_found");
    const webhook = await app.register({
      keepBodies: true,
      events: ["Lead.*"],
      ...theirs,
      verification: { scheme: "seed" },
    });
    const deliveryId = await deliver(webhook, contactBody("created", "003", {}));
    expect(await codeOf(replay(deliveryId))).toBe("nothing_to_replay");
    await updateWebhook(app.services, own(webhook), { events: ["Contact.*"] });
    expect((await replay(deliveryId)).deliveries).toHaveLength(1);
    await updateWebhook(app.services, own(webhook), { status: "inactive" });
    expect(await codeOf(replay(deliveryId))).toBe("registration_not_found");
  });

  it("is another tenant's for nobody else", async () => {
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("created", "003", {}));
    const asOther = replayDelivery(app.services, { tenantId: "tenant-b", deliveryId }, who);
    expect(await codeOf(asOther)).toBe("delivery_not_found");
  });

  it("is counted as what it was at the door, and its event as what becomes of it", async () => {
    const webhook = await app.register({ keepBodies: true });
    const deliveryId = await deliver(webhook, contactBody("created", "003", {}));
    await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    await replay(deliveryId);
    await app.drain();
    const found = await app.services.registrations.find(webhook.registrationId);
    if (!found) throw new Error("the webhook is gone");
    expect((await healthOf(app.services, found.value)).counts).toMatchObject({ refused: 1, accepted: 0, synced: 1 });
  });
});

describe("the replay of many that were refused", () => {
  const asker = { tenantId, subject: who };
  const refused = { fields: { verdict: "refused" } } as const;

  /** Lets so many seconds pass, one by one, and drains the queue in each. */
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await app.drain();
      app.advance(1000);
    }
  }

  it("are not kept from it by one webhook that is paused and can hold no more", async () => {
    await app.close();
    app = await openTestApp({ HOLD_MAX_EVENTS: "1" });
    const [full, free] = [await app.register({ keepBodies: true }), await app.register({ keepBodies: true })];
    const first = await deliver(full, contactBody("created", "001", {}));
    for (const [webhook, id] of [
      [full, "002"],
      [free, "003"],
    ] as const) {
      app.advance(1000);
      await deliver(webhook, contactBody("created", id, {}));
    }
    for (const webhook of [full, free]) {
      await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    }
    await pauseWebhook(app.services, own(full), who);
    const { replayId } = await planReplay(app.services, asker, refused);
    await runReplay(app.services, asker, { replayId, ratePerSecond: 10 });
    // The page is done twice, because that it is over cannot be noted the first time.
    const update = app.services.replays.update.bind(app.services.replays);
    jest
      .spyOn(app.services.replays, "update")
      .mockImplementationOnce(update)
      .mockImplementationOnce(update)
      .mockRejectedValueOnce(new WebhookError("store_unavailable"));
    await pass(120);
    const run = await getReplay(app.services, tenantId, replayId);
    expect(run).toMatchObject({ status: "completed", queued: 2, skipped: { hold_full: 1 } });
    expect((await shards()).map(({ externalId }) => externalId)).toEqual(["003"]);
    expect(await codeOf(replay(first))).toBe("hold_full");
  });

  it("plans what is kept, queues what proves itself by now, and says of the rest why not", async () => {
    const webhook = await app.register({ keepBodies: true, events: ["Contact.*"] });
    for (const [index, id] of ["001", "002", "003"].entries()) {
      await deliver(webhook, contactBody("created", id, { Name: `Contact ${index}` }));
      app.advance(1000);
    }
    await deliver(webhook, contactBody("created", "004", {}), { webhookSecret: "a stranger's" });
    await deliver(webhook, { action: "created", sobject: { name: "Lead", fields: { Id: "005" } } });
    await deliver(await app.register(), contactBody("created", "006", {}));
    const { replayId, ...plan } = await planReplay(app.services, asker, refused);
    expect(plan).toMatchObject({ matched: 6, replayable: 5, notReplayable: { refused: 1 } });
    await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    await runReplay(app.services, asker, { replayId, ratePerSecond: 2 });
    await pass(5);
    const run = await getReplay(app.services, tenantId, replayId);
    expect(run).toMatchObject({
      status: "completed",
      queued: 3,
      skipped: { delivery_unproved: 1, nothing_to_replay: 1, refused: 1 },
    });
    expect((await shards()).map(({ externalId }) => externalId).sort()).toEqual(["001", "002", "003"]);
    const lines = (await log()).filter(({ replayId: by }) => by === replayId);
    expect(lines.map(({ verdict, outcome }) => [verdict, outcome])).toEqual(
      Array.from({ length: 3 }, () => ["accepted", "synchronised"]),
    );
  });
});

describe("the replay of all that came to a webhook", () => {
  it("does not take the events that it brings for more of them", async () => {
    const webhook = await app.register({ keepBodies: true });
    for (const id of ["001", "002", "003", "004"]) {
      await deliver(webhook, contactBody("created", id, {}));
      app.advance(1000);
    }
    await updateWebhook(app.services, own(webhook), { ...theirs, verification: { scheme: "seed" } });
    const asker = { tenantId, subject: who };
    const fields = { registrationId: webhook.registrationId };
    const { replayId, matched } = await planReplay(app.services, asker, { fields });
    expect(matched).toBe(4);
    await runReplay(app.services, asker, { replayId, ratePerSecond: 1 });
    for (let second = 0; second < 12; second++) {
      await app.drain();
      app.advance(1000);
    }
    const run = await getReplay(app.services, tenantId, replayId);
    expect(run).toMatchObject({ status: "completed", queued: 4, skipped: {} });
  });
});

describe("what was kept of a delivery of each provider", () => {
  const providers = [...sampleProviders.values()].filter(({ integrationId }) => integrationId !== "google");

  it.each(providers.map((provider) => [provider.integrationId, provider] as const))(
    "%s proves itself hours later, once the secret is right",
    async (integrationId, provider) => {
      app.advance(Date.now() - noon);
      const [make] = provider.events.values();
      if (!make) throw new Error("there is no sample");
      const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
      const scheme = provider.schemes.at(-1) ?? "";
      const webhook = await app.register({
        integrationId,
        keepBodies: true,
        webhookSecret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        verification: { ...provider.verification, scheme },
      });
      const { webhookUrl, registrationId } = webhook;
      const { body, headers, query } = signed(provider, make(), { secret, scheme, webhookUrl });
      expect(await codeOf(app.deliver(registrationId, body, headers, query))).toBe("delivery_refused");
      const deliveryId = await newest();
      expect(await codeOf(replay(deliveryId))).toBe("delivery_unproved");
      await updateWebhook(app.services, own(webhook), { webhookSecret: secret });
      app.advance(5 * HOUR_MS);
      expect((await replay(deliveryId)).deliveries?.length).toBeGreaterThan(0);
    },
  );

  it("google proves itself by a token that was valid at the time", async () => {
    const issuer = await GoogleIssuer.start();
    await app.close();
    app = await openTestApp({ GOOGLE_CERTIFICATES_URL: issuer.certificatesUrl });
    const verification = { serviceAccountEmail: "other@demo.iam.gserviceaccount.com" };
    const webhook = await app.register({ integrationId: "google", keepBodies: true, verification });
    const serviceAccountEmail = "push@demo.iam.gserviceaccount.com";
    const token = issuer.mint({ audience: webhook.webhookUrl, serviceAccountEmail, now: noon });
    const data = Buffer.from(JSON.stringify({ emailAddress: "ada@example.com", historyId: 7 })).toString("base64");
    const body = JSON.stringify({ message: { data, messageId: "1" }, subscription: "projects/p/subscriptions/s" });
    await app.deliver(webhook.registrationId, body, { authorization: `Bearer ${token}` }).catch(() => undefined);
    const deliveryId = await newest();
    expect(await details(deliveryId)).toMatchObject({ reason: "service_account_mismatch" });
    await updateWebhook(app.services, own(webhook), { verification: { serviceAccountEmail } });
    app.advance(5 * HOUR_MS);
    expect((await replay(deliveryId)).deliveries).toHaveLength(1);
    await issuer.close();
  });
});
