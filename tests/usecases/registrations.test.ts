import { WebhookError } from "../../shared/core/errors";
import { confirmWebhook } from "../../shared/usecases/confirm-webhook";
import { listWebhooks } from "../../shared/usecases/list-webhooks";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { requireOwn } from "../../shared/usecases/require-own";
import { serviceHealth } from "../../shared/usecases/service-health";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { codeOf, contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp();
});
afterEach(() => app.close());

const own = (registrationId: string) => ({ tenantId: "tenant-123", registrationId });

describe("registering", () => {
  it("hands out a URL and a secret of 32 random bytes, and keeps the secret out of the document", async () => {
    const webhook = await app.register();
    expect(webhook.webhookUrl).toBe(`https://hooks.example.com/webhooks/${webhook.registrationId}`);
    expect(webhook.registrationId).toMatch(/^webhook-[a-z2-7]{16}-[a-z2-7]{26}$/);
    const { webhookSecret = "" } = webhook;
    expect(Buffer.from(webhookSecret.replace("whsec_", ""), "base64")).toHaveLength(32);
    const stored = await app.services.registrations.find(webhook.registrationId);
    expect(JSON.stringify(stored)).not.toContain(webhookSecret);
  });

  it("verifies a generated secret by the seed's scheme and an imported one by the provider's own", async () => {
    expect((await app.register({ integrationId: "notion" })).verification.scheme).toBe("seed");
    const imported = await app.register({ integrationId: "notion", webhookSecret: "secret_notion" });
    expect(imported.verification.scheme).toBe("native");
    expect(imported.secretOrigin).toBe("imported");
    expect(imported.webhookSecret).toBeUndefined();
  });

  it("keeps a Google webhook waiting until the service account is known, and says what is missing", async () => {
    const webhook = await app.register({ integrationId: "google" });
    expect(webhook).toMatchObject({ status: "pending_verification", secretOrigin: "none" });
    expect(webhook.webhookSecret).toBeUndefined();
    expect(webhook.verification.audience).toBe(webhook.webhookUrl);
    expect(webhook.setup.join(" ")).toContain("serviceAccountEmail");
    const verification = { serviceAccountEmail: "push@project.iam.gserviceaccount.com" };
    const updated = await updateWebhook(app.services, own(webhook.registrationId), { verification });
    expect(updated.status).toBe("active");
  });

  it.each([
    [{ integrationId: "myspace" }, "unknown_integration"],
    [{ events: [] }, "invalid_request"],
    [{ events: ["Con tact"] }, "invalid_request"],
    [{ verification: { scheme: "telepathy" } }, "invalid_request"],
    [{ verification: { serviceAccountEmail: "a@b.example" } }, "invalid_request"],
  ])("refuses %j with %s and stores nothing", async (overrides, code) => {
    expect(await codeOf(app.register(overrides))).toBe(code);
    expect((await listWebhooks(app.services, { tenantId: "tenant-123", limit: 10 })).webhooks).toEqual([]);
  });
});

describe("changing a webhook", () => {
  it("replaces events, metadata and retry policy and leaves the rest", async () => {
    const webhook = await app.register({ metadata: { team: "sales" } });
    const retryPolicy = { maxRetries: 7 };
    const updated = await updateWebhook(app.services, own(webhook.registrationId), { events: ["Lead.*"], retryPolicy });
    expect(updated).toMatchObject({
      events: ["Lead.*"],
      metadata: { team: "sales" },
      retryPolicy: { maxRetries: 7, backoffSeconds: 60 },
    });
  });

  it("takes a new secret at once, by the provider's own scheme", async () => {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    const webhookSecret = "a secret of their own";
    const updated = await updateWebhook(app.services, own(webhook.registrationId), { webhookSecret });
    expect(updated).toMatchObject({ secretOrigin: "imported", verification: { scheme: "native" } });
    expect(await codeOf(app.deliverSigned(webhook, contactBody()))).toBe("delivery_refused");
    await expect(app.deliverSigned({ ...webhook, webhookSecret }, contactBody())).resolves.toBeDefined();
  });

  it("switches a webhook off and on again", async () => {
    const webhook = await app.register();
    await updateWebhook(app.services, own(webhook.registrationId), { status: "inactive" });
    expect(await codeOf(app.deliverSigned(webhook, contactBody()))).toBe("registration_not_found");
    await updateWebhook(app.services, own(webhook.registrationId), { status: "active" });
    await expect(app.deliverSigned(webhook, contactBody())).resolves.toBeDefined();
  });

  it("leaves the status alone unless it is named: what is off stays off, what failed stays failed", async () => {
    const { registrationId } = await app.register();
    const change = (request: object) => updateWebhook(app.services, own(registrationId), request);
    await change({ status: "inactive" });
    expect((await change({ events: ["Lead.*"] })).status).toBe("inactive");
    await change({ status: "active" });
    await app.services.registrations.update(registrationId, (current) => ({ ...current, status: "failed" }));
    expect((await change({ metadata: { team: "sales" } })).status).toBe("failed");
    expect((await change({ status: "active" })).status).toBe("active");
  });

  it("does not switch on what still lacks a setting", async () => {
    const { registrationId } = await app.register({ integrationId: "google" });
    const updated = await updateWebhook(app.services, own(registrationId), { status: "active" });
    expect(updated.status).toBe("pending_verification");
  });

  it("says that the webhook is gone where it is deleted meanwhile", async () => {
    const { registrationId } = await app.register();
    jest.spyOn(app.services.registrations, "update").mockResolvedValue(undefined);
    expect(await codeOf(updateWebhook(app.services, own(registrationId), { events: ["*"] }))).toBe(
      "registration_not_found",
    );
  });

  it("knows no integration that this version no longer has, and still shows its webhook", async () => {
    const { registrationId } = await app.register();
    await app.services.registrations.update(registrationId, (current) => ({ ...current, integrationId: "myspace" }));
    const attempts = [
      updateWebhook(app.services, own(registrationId), { events: ["*"] }),
      listWebhooks(app.services, { tenantId: "tenant-123", limit: 1, health: new Set(["healthy"]) }),
    ];
    for (const attempt of attempts) expect(await codeOf(attempt)).toBe("unknown_integration");
    const { webhooks } = await listWebhooks(app.services, { tenantId: "tenant-123", limit: 1 });
    expect(webhooks).toMatchObject([{ registrationId, integrationId: "myspace", setup: [] }]);
  });

  it("refuses a secret for a provider that proves itself by tokens", async () => {
    const webhook = await app.register({ integrationId: "google" });
    const attempt = updateWebhook(app.services, own(webhook.registrationId), { webhookSecret: "something" });
    expect(await codeOf(attempt)).toBe("invalid_request");
  });

  it("is for the webhook's own tenant alone, and another tenant cannot tell that it exists", async () => {
    const webhook = await app.register();
    const foreign = { tenantId: "tenant-456", registrationId: webhook.registrationId };
    expect(await codeOf(requireOwn(app.services, foreign))).toBe("registration_not_found");
    expect(await codeOf(updateWebhook(app.services, foreign, { events: ["*"] }))).toBe("registration_not_found");
    expect(await codeOf(unregisterWebhook(app.services, foreign))).toBe("registration_not_found");
    expect(await codeOf(confirmWebhook(app.services, foreign, {}))).toBe("registration_not_found");
  });
});

describe("unregistering", () => {
  it("forgets the registration, its secret and its counters, and receives no more", async () => {
    const webhook = await app.register();
    await app.deliverSigned(webhook, contactBody());
    await app.services.gatherer.flush();
    await unregisterWebhook(app.services, own(webhook.registrationId));
    expect(await codeOf(app.deliverSigned(webhook, contactBody()))).toBe("registration_not_found");
    expect(await app.services.secrets.get(webhook.registrationId)).toBeUndefined();
    expect((await serviceHealth(app.services)).registrationsCount).toBe(0);
  });
});

describe("listing", () => {
  it("pages through a tenant's webhooks with an opaque cursor, each once", async () => {
    for (let made = 0; made < 5; made++) await app.register({ connectionId: `conn-${made}` });
    await app.register({ tenantId: "tenant-456" });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listWebhooks(app.services, {
        tenantId: "tenant-123",
        limit: 2,
        ...(cursor ? { cursor } : {}),
      });
      seen.push(...page.webhooks.map((webhook) => webhook.connectionId));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(["conn-0", "conn-1", "conn-2", "conn-3", "conn-4"]);
  });

  it("narrows by integration and by health", async () => {
    const [salesforce] = [await app.register(), await app.register({ integrationId: "github" })];
    const list = (request: object) => listWebhooks(app.services, { tenantId: "tenant-123", limit: 10, ...request });
    expect((await list({ integrationId: "github" })).webhooks).toHaveLength(1);
    expect((await list({ health: new Set(["degraded", "failed"]) })).webhooks).toEqual([]);
    await codeOf(app.deliver(salesforce.registrationId, "{}", {}));
    const [unhealthy] = (await list({ health: new Set(["degraded", "failed"]) })).webhooks;
    expect(unhealthy).toMatchObject({ registrationId: salesforce.registrationId, health: { failureCount: 1 } });
  });

  it("is searched by a text, in any case, further than one page", async () => {
    for (const team of ["North", "South", "North-East"]) await app.register({ metadata: { team } });
    await app.register({ connectionId: "northern-org", events: ["Account.*"] });
    const find = async (text: string, limit = 10) =>
      (await listWebhooks(app.services, { tenantId: "tenant-123", limit, text })).webhooks;
    expect(await find("NORTH")).toHaveLength(3);
    expect(await find("account")).toHaveLength(1);
    expect(await find("south", 1)).toMatchObject([{ metadata: { team: "South" } }]);
    expect(await find("nobody", 1)).toEqual([]);
  });

  it("refuses a cursor that it did not give out", async () => {
    const attempt = listWebhooks(app.services, { tenantId: "tenant-123", limit: 2, cursor: "made-up" });
    expect(await codeOf(attempt)).toBe("invalid_cursor");
  });
});

describe("the handshake in which Notion brings its token", () => {
  const token = "secret_notionVerificationToken1";
  const hello = JSON.stringify({ verification_token: token });

  it("keeps the token, shows it once to the owner, and makes it the secret when the owner confirms", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    expect(await app.deliver(webhook.registrationId, hello, {})).toMatchObject({
      kind: "handshake",
      reply: { status: 200 },
    });
    const first = await confirmWebhook(app.services, own(webhook.registrationId), {});
    if (!("candidates" in first)) throw new Error("no candidates");
    expect(first.candidates).toMatchObject([{ secret: token }]);
    const again = await confirmWebhook(app.services, own(webhook.registrationId), {});
    expect(JSON.stringify(again)).not.toContain(token);
    const candidateId = first.candidates[0]?.candidateId ?? "";
    const confirmed = await confirmWebhook(app.services, own(webhook.registrationId), { candidateId });
    expect(confirmed).toMatchObject({ secretOrigin: "captured", verification: { scheme: "native" } });
    const headers = { "x-notion-signature": seedSignature({ webhookSecret: token }, "{}") };
    expect(await app.deliver(webhook.registrationId, "{}", headers)).toMatchObject({ kind: "receipt" });
  });

  it("keeps three at most, none twice, and starts afresh when the owner discards them", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    for (const suffix of ["a", "a", "b", "c", "d"]) {
      await app.deliver(webhook.registrationId, JSON.stringify({ verification_token: `secret_${suffix}` }), {});
    }
    const shown = await confirmWebhook(app.services, own(webhook.registrationId), {});
    expect(
      JSON.stringify(shown)
        .match(/secret_[a-z]/g)
        ?.sort(),
    ).toEqual(["secret_a", "secret_b", "secret_c"]);
    await confirmWebhook(app.services, own(webhook.registrationId), { discard: true });
    await app.deliver(webhook.registrationId, hello, {});
    expect(JSON.stringify(await confirmWebhook(app.services, own(webhook.registrationId), {}))).toContain(token);
  });

  it("is refused once a genuine delivery has come, or where the secret was imported", async () => {
    const verified = await app.register({ integrationId: "notion" });
    await app.services.registrations.update(verified.registrationId, (current) => ({ ...current, isVerified: true }));
    expect(await codeOf(app.deliver(verified.registrationId, hello, {}))).toBe("delivery_refused");
    const imported = await app.register({ integrationId: "notion", webhookSecret: "secret_theirs" });
    expect(await codeOf(app.deliver(imported.registrationId, hello, {}))).toBe("delivery_refused");
  });

  it("keeps three at most when they come at the same moment, and none for a webhook that is verified meanwhile", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    const offer = (suffix: number) =>
      app.deliver(webhook.registrationId, JSON.stringify({ verification_token: `secret_${suffix}` }), {});
    await Promise.all([1, 2, 3, 4, 5].map(offer));
    const stored = await app.services.registrations.find(webhook.registrationId);
    expect(stored?.value.candidateSecrets).toHaveLength(3);
    const [view] = (await listWebhooks(app.services, { tenantId: "tenant-123", limit: 1 })).webhooks;
    expect(view?.candidateSecrets).toBe(3);
  });

  it("costs the secret store three writes and no read, however many come, at once or one after the other", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    const [set, get] = [jest.spyOn(app.services.secrets, "set"), jest.spyOn(app.services.secrets, "get")];
    const offer = (suffix: number) =>
      app.deliver(webhook.registrationId, JSON.stringify({ verification_token: `secret_${suffix}` }), {});
    await app.services.cache.find(webhook.registrationId);
    const reads = get.mock.calls.length;
    await Promise.all(Array.from({ length: 10 }, (_, suffix) => offer(suffix)));
    for (const suffix of [1, 2, 11, 12]) await offer(suffix);
    expect(set).toHaveBeenCalledTimes(3);
    const ofCandidates = get.mock.calls.slice(reads).filter(([name]) => name.includes("candidate"));
    expect(ofCandidates).toEqual([]);
  });

  it("leaves no secret behind where the webhook is deleted while it is kept", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    const { secrets } = app.services;
    const set = secrets.set.bind(secrets);
    const names: string[] = [];
    jest.spyOn(secrets, "set").mockImplementation(async (name, value) => {
      names.push(name);
      await unregisterWebhook(app.services, own(webhook.registrationId));
      return set(name, value);
    });
    await app.deliver(webhook.registrationId, hello, {});
    expect(names).toHaveLength(1);
    expect(await secrets.get(names[0] ?? "")).toBeUndefined();
  });

  it.each([
    ["deleted", (id: string) => unregisterWebhook(app.services, own(id)), "delete"],
    ["switched off to be deleted", (id: string) => unregisterWebhook(app.services, own(id)), "update"],
    ["given its secret", (id: string) => updateWebhook(app.services, own(id), { webhookSecret: "theirs" }), "update"],
    ["cleared of candidates", (id: string) => confirmWebhook(app.services, own(id), { discard: true }), "update"],
  ] as const)("leaves no secret behind that comes just before the webhook is %s", async (_, end, step) => {
    const { registrationId } = await app.register({ integrationId: "notion" });
    const { secrets, registrations } = app.services;
    // Uses up the early re-read, so that the handshake below goes by what the cache holds.
    await codeOf(app.deliver(registrationId, "{}", {}));
    const set = jest.spyOn(secrets, "set");
    const original = registrations[step].bind(registrations) as (...values: unknown[]) => Promise<never>;
    jest.spyOn(registrations, step).mockImplementationOnce(async (...values: unknown[]) => {
      await app.deliver(registrationId, hello, {});
      return original(...values);
    });
    await end(registrationId);
    const kept = set.mock.calls.map(([name]) => name).filter((name) => name.includes("candidate"));
    for (const name of kept) expect(await secrets.get(name)).toBeUndefined();
  });

  it("shows a secret once it is there, also where the owner asked while it was being kept", async () => {
    const { registrationId } = await app.register({ integrationId: "notion" });
    const show = () => confirmWebhook(app.services, own(registrationId), {});
    const { secrets } = app.services;
    const set = secrets.set.bind(secrets);
    jest.spyOn(secrets, "set").mockImplementationOnce(async (name, value) => {
      expect(JSON.stringify(await show())).not.toContain(token);
      return set(name, value);
    });
    await app.deliver(registrationId, hello, {});
    expect(JSON.stringify(await show())).toContain(token);
  });

  it("gives the place back where the secret could not be kept, so that the next attempt may have it", async () => {
    const { registrationId } = await app.register({ integrationId: "notion" });
    jest.spyOn(app.services.secrets, "set").mockRejectedValueOnce(new WebhookError("secrets_unavailable"));
    expect(await codeOf(app.deliver(registrationId, hello, {}))).toBe("secrets_unavailable");
    await app.deliver(registrationId, hello, {});
    expect(await confirmWebhook(app.services, own(registrationId), {})).toMatchObject({
      candidates: [{ secret: token }],
    });
  });

  it("tells the owner in the webhook's health that a secret waits to be confirmed", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    await app.deliver(webhook.registrationId, hello, {});
    const stored = await app.services.registrations.find(webhook.registrationId);
    if (!stored) throw new Error("the webhook is gone");
    const { recommendations } = await healthOf(app.services, stored.value);
    expect(recommendations.join(" ")).toContain("/confirm");
  });

  it("confirms nothing for a webhook that is deleted meanwhile", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    await app.deliver(webhook.registrationId, hello, {});
    const shown = await confirmWebhook(app.services, own(webhook.registrationId), {});
    const candidateId = "candidates" in shown ? (shown.candidates[0]?.candidateId ?? "") : "";
    jest.spyOn(app.services.registrations, "update").mockResolvedValue(undefined);
    const attempt = confirmWebhook(app.services, own(webhook.registrationId), { candidateId });
    expect(await codeOf(attempt)).toBe("registration_not_found");
  });

  it("refuses to confirm what was never offered", async () => {
    const webhook = await app.register({ integrationId: "notion" });
    const attempt = confirmWebhook(app.services, own(webhook.registrationId), { candidateId: "made-up" });
    expect(await codeOf(attempt)).toBe("invalid_candidate");
  });
});

describe("the handshake of a Slack app whose secret is not known yet", () => {
  it("is answered with the challenge while the webhook waits, and accepts no event", async () => {
    const webhook = await app.register({ integrationId: "slack" });
    const body = JSON.stringify({ type: "url_verification", challenge: "abc123" });
    const reply = await app.deliver(webhook.registrationId, body, {});
    expect(reply).toMatchObject({ kind: "handshake", reply: { status: 200, body: "abc123" } });
    const event = JSON.stringify({ type: "event_callback", event_id: "Ev1", event: { type: "app_mention" } });
    expect(await codeOf(app.deliver(webhook.registrationId, event, {}))).toBe("delivery_refused");
  });
});

describe("the health of the service", () => {
  it("is counted once in five seconds, however many ask", async () => {
    await app.register();
    const count = jest.spyOn(app.services.registrations, "listTenants");
    await Promise.all(Array.from({ length: 20 }, () => serviceHealth(app.services)));
    await app.register();
    app.advance(4999);
    expect(await serviceHealth(app.services)).toMatchObject({ status: "healthy", registrationsCount: 1 });
    expect(count).toHaveBeenCalledTimes(1);
    app.advance(1);
    expect(await serviceHealth(app.services)).toMatchObject({ registrationsCount: 2 });
  });

  it("is asked for anew where it could not be found out", async () => {
    const depth = jest.spyOn(app.services.queue, "depth").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    expect(await serviceHealth(app.services)).toMatchObject({ status: "unhealthy" });
    expect(await serviceHealth(app.services)).toMatchObject({ status: "healthy" });
    expect(depth).toHaveBeenCalledTimes(2);
  });
});

describe("the health timer", () => {
  it("reports each change once, and counts the failed webhooks", async () => {
    const webhook = await app.register();
    for (let sent = 0; sent < 3; sent++) await codeOf(app.deliver(webhook.registrationId, "{}", {}));
    expect(await recomputeHealth(app.services)).toEqual({ checked: 1, changed: 1, failed: 0 });
    expect(await recomputeHealth(app.services)).toEqual({ checked: 1, changed: 0, failed: 0 });
    const changes = app.logged.filter((line) => line.event === "health.changed");
    expect(changes).toMatchObject([{ level: "warn", fields: { from: "healthy", to: "failed" } }]);
    expect(await serviceHealth(app.services)).toMatchObject({ registrationsCount: 1, failedRegistrationsCount: 1 });
  });

  it("reports a recovery as well, and not as a warning", async () => {
    const webhook = await app.register();
    for (let sent = 0; sent < 3; sent++) await codeOf(app.deliver(webhook.registrationId, "{}", {}));
    await recomputeHealth(app.services);
    await app.deliverSigned(webhook, contactBody());
    app.advance(2 * 3_600_000);
    await app.deliverSigned(webhook, contactBody("updated"));
    await recomputeHealth(app.services);
    const changes = app.logged.filter((line) => line.event === "health.changed");
    expect(changes.at(-1)).toMatchObject({ level: "info", fields: { from: "failed", to: "healthy" } });
  });

  it("reports a silence that is not usual, once the webhook has told what is usual", async () => {
    const webhook = await app.register();
    for (let sent = 0; sent < 60; sent++) {
      await app.deliverSigned(webhook, contactBody("updated", `003${sent}`));
      await app.services.gatherer.flush();
      app.advance(3 * 3_600_000);
    }
    expect(await recomputeHealth(app.services)).toMatchObject({ changed: 0 });
    app.advance(9 * 3_600_000);
    expect(await recomputeHealth(app.services)).toMatchObject({ changed: 1 });
    const [view] = (
      await listWebhooks(app.services, { tenantId: "tenant-123", limit: 1, health: new Set(["degraded"]) })
    ).webhooks;
    expect(view?.health?.recommendations[0]).toMatch(/^Silent for 12 h, usually 3 h, hardly ever more than 3 h: /);
  });

  it("forgets failures that left the window", async () => {
    const webhook = await app.register();
    await codeOf(app.deliver(webhook.registrationId, "{}", {}));
    await app.deliverSigned(webhook, contactBody());
    await app.drain();
    app.advance(2 * 3_600_000);
    await recomputeHealth(app.services);
    const list = await listWebhooks(app.services, { tenantId: "tenant-123", limit: 1, health: new Set(["healthy"]) });
    expect(list.webhooks[0]?.health).toMatchObject({ failureRate: 0, failureCount: 0 });
  });
});
