import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WebhookError } from "../../../shared/core/errors";
import type { ConnectionKey, ReadOutcome } from "../../../shared/core/record-reader";
import type { Credentials } from "../../../shared/core/credentials";
import { SyncDelay } from "../../../shared/core/sync-task";
import { requireConnection } from "../../../shared/usecases/connection-view";
import { deleteConnection } from "../../../shared/usecases/delete-connection";
import { saveConnection } from "../../../shared/usecases/save-connection";
import { failureOf } from "../../contracts/record-reader";
import { connect } from "../../support/connections";
import { openTestApp, type TestApp } from "../../support/test-app";
import { GitHubStandIn } from "../../support/vendors/github";
import { SalesforceStandIn } from "../../support/vendors/salesforce";
import { useDataFolder } from "../sqlite/data-folder";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = String(privateKey.export({ type: "pkcs1", format: "pem" }));
const HOUR = 3_600_000;
const folder = useDataFolder();

let github: GitHubStandIn;
let salesforce: SalesforceStandIn;
let app: TestApp;
beforeEach(async () => {
  github = await GitHubStandIn.start();
  github.records.set("/repositories/77", { id: 77, updated_at: "2026-11-24T10:00:00Z" });
  github.appKey = publicKey;
  salesforce = await SalesforceStandIn.start();
  salesforce.add("003A", "2026-11-24T10:00:00.000+0000");
  salesforce.appKey = publicKey;
  app = await openApp();
  tick(0);
});
afterEach(async () => {
  await app.close();
  await Promise.all([github.server.stop(), salesforce.server.stop()]);
});

const openApp = (env: Record<string, string> = {}) =>
  openTestApp({
    DATA_DIRECTORY: folder(),
    OUTBOUND_ALLOW_LOOPBACK: "true",
    GITHUB_API_URL: github.server.url,
    GITHUB_TOKEN_URL: github.tokenUrl,
    ...env,
  });

/** Lets time pass on our clock and on the vendors'. */
function tick(ms: number): void {
  app.advance(ms);
  github.now = salesforce.now = app.services.now();
}

const oauth2 = (rest: object = {}): Credentials => ({
  kind: "oauth2",
  clientId: "client",
  clientSecret: "client-hunter2",
  refreshToken: github.tokens.refreshToken,
  ...rest,
});
const readRepository = (key: ConnectionKey): Promise<ReadOutcome> =>
  app.services.records.read(key, { entityType: "repository", entityId: "77" });
const readContact = (key: ConnectionKey): Promise<ReadOutcome> =>
  app.services.records.read(key, { entityType: "Contact", entityId: "003A" });
const refreshes = () => github.server.calls.filter((call) => call === "POST /login/oauth/access_token").length;

describe("an App of GitHub", () => {
  const appCredentials = { kind: "github_app", appId: "12345", installationId: "678", privateKey: pem } as const;
  const grants = () => github.server.calls.filter((call) => call.endsWith("/access_tokens")).length;

  it("signs for a token of its installation, and for the next one five minutes before that ends", async () => {
    const key = await connect(app, "github", appCredentials);
    expect(await readRepository(key)).toMatchObject({ kind: "found" });
    expect(github.server.calls[0]).toBe("POST /app/installations/678/access_tokens");
    tick(HOUR - 5 * 60_000 - 1);
    await readRepository(key);
    expect(grants()).toBe(1);
    tick(1);
    await readRepository(key);
    expect(grants()).toBe(2);
  });

  it("is asked for by one of many at a time", async () => {
    const key = await connect(app, "github", appCredentials);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => readRepository(key)));
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => expect.objectContaining({ kind: "found" })));
    expect(grants()).toBe(1);
  });

  it("needs its owner when the key is not the App's", async () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
      type: "pkcs8",
      format: "pem",
    });
    const key = await connect(app, "github", { ...appCredentials, privateKey: String(other) });
    expect(await failureOf(readRepository(key))).toMatchObject({ reason: "needs_reauth" });
    expect(await requireConnection(app.services, key)).toMatchObject({
      status: "needs_reauth",
      statusReason: "status_401",
    });
  });

  it("lists the repositories of its installation", async () => {
    const key = await connect(app, "github", appCredentials);
    await readRepository(key);
    github.server.interrupt({
      json: { total_count: 1, repositories: [{ id: 77, full_name: "acme/app", updated_at: "2026-11-24T10:00:00Z" }] },
    });
    const page = await app.services.records.list(key, { entityType: "repository", since: "2026-11-01T00:00:00Z" });
    expect(github.server.calls.at(-1)).toBe("GET /installation/repositories");
    expect(page.records).toMatchObject([{ reference: { entityType: "repository", entityId: "77" } }]);
  });
});

describe("Salesforce's server-to-server flows", () => {
  const baseUrl = () => ({ baseUrl: salesforce.server.url });

  it.each([
    [
      "client credentials",
      { kind: "salesforce_client_credentials", clientId: "client", clientSecret: "client-hunter2" },
    ],
    [
      "a signed assertion",
      { kind: "salesforce_jwt", clientId: "client", username: "user@acme.example", privateKey: pem },
    ],
  ] as const)("get a token by %s, and another when it is refused", async (_, credentials) => {
    const key = await connect(app, "salesforce", credentials, baseUrl());
    expect(await readContact(key)).toMatchObject({ kind: "found" });
    // Nobody says how long it lives, so it is used until it is refused.
    tick(24 * HOUR);
    await readContact(key);
    salesforce.tokens.expire();
    expect(await readContact(key)).toMatchObject({ kind: "found" });
    expect(salesforce.server.calls.filter((call) => call.endsWith("/token"))).toHaveLength(2);
  });

  it.each([
    ["invalid_client", { kind: "salesforce_client_credentials", clientId: "client", clientSecret: "wrong" }],
    ["invalid_grant", { kind: "salesforce_jwt", clientId: "client", username: "nobody@acme.example", privateKey: pem }],
  ] as const)("need their owner on %s", async (statusReason, credentials) => {
    const key = await connect(app, "salesforce", credentials, baseUrl());
    expect(await failureOf(readContact(key))).toMatchObject({ reason: "needs_reauth" });
    expect(await requireConnection(app.services, key)).toMatchObject({ statusReason });
  });
});

describe("a refresh token that changes with its use", () => {
  it("gets an access token when there is none, and is not used again before that token ends", async () => {
    const key = await connect(app, "github", oauth2());
    await readRepository(key);
    tick(7 * HOUR);
    await readRepository(key);
    expect(refreshes()).toBe(1);
    tick(HOUR);
    expect(await readRepository(key)).toMatchObject({ kind: "found" });
    expect(refreshes()).toBe(2);
  });

  it("is used by one of two instances; the other finds what the first one saved", async () => {
    const key = await connect(app, "github", oauth2());
    const release = github.server.hold(({ path }) => path === "/login/oauth/access_token");
    const first = readRepository(key);
    while (refreshes() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const other = await secondInstance();
    const outcome: unknown = await other(key).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(SyncDelay);
    expect(outcome).toMatchObject({ reason: "token_refresh", at: app.services.now() + 2000 });
    release();
    expect(await first).toMatchObject({ kind: "found" });
    expect(await other(key)).toMatchObject({ kind: "found" });
    expect(refreshes()).toBe(1);
  });

  it("is used once when both find at the same moment that the access token is refused", async () => {
    const key = await connect(app, "github", oauth2({ accessToken: github.tokens.accessToken }));
    const other = await secondInstance();
    expect([await readRepository(key), await other(key)]).toMatchObject([{ kind: "found" }, { kind: "found" }]);
    github.tokens.expire();
    const outcomes = await Promise.allSettled([readRepository(key), other(key), readRepository(key), other(key)]);
    const lost = outcomes.filter(({ status }) => status === "rejected");
    expect(lost.map((result) => "reason" in result && (result.reason as SyncDelay).reason)).toEqual(
      lost.map(() => "token_refresh"),
    );
    expect([await readRepository(key), await other(key)]).toMatchObject([{ kind: "found" }, { kind: "found" }]);
    expect(refreshes()).toBe(1);
    expect(await requireConnection(app.services, key)).toMatchObject({ status: "active" });
  });

  it("is not lost while the secret store is out", async () => {
    const key = await connect(app, "github", oauth2());
    const out = jest.spyOn(app.services.secrets, "set").mockRejectedValue(new WebhookError("secrets_unavailable"));
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(readRepository(key)).rejects.toMatchObject({ code: "secrets_unavailable" });
    }
    out.mockRestore();
    expect(await readRepository(key)).toMatchObject({ kind: "found" });
    expect(refreshes()).toBe(1);
    tick(8 * HOUR);
    expect(await readRepository(key)).toMatchObject({ kind: "found" });
  });

  it("may be used again by the next who comes, where the vendor did not answer", async () => {
    const key = await connect(app, "github", oauth2());
    github.server.interrupt({ instead: "hang_up" }, { status: 503 }, { status: 429, headers: { "retry-after": "7" } });
    expect(await failureOf(readRepository(key))).toMatchObject({ reason: "provider_unreachable" });
    expect(await failureOf(readRepository(key))).toMatchObject({ reason: "provider_unreachable" });
    await expect(readRepository(key)).rejects.toMatchObject({ reason: "rate_limited", at: app.services.now() + 7000 });
    github.server.interrupt({ json: { token_type: "bearer" } });
    expect(await failureOf(readRepository(key))).toMatchObject({ reason: "provider_answer_unknown" });
    expect(await readRepository(key)).toMatchObject({ kind: "found" });
  });

  it("gives way to credentials that the owner sets meanwhile", async () => {
    const key = await connect(app, "github", oauth2());
    const release = github.server.hold(({ path }) => path === "/login/oauth/access_token");
    const reading = readRepository(key);
    while (refreshes() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const token = github.tokens.grant();
    await saveConnection(app.services, key, { auth: { kind: "bearer", token } });
    release();
    expect(await reading).toMatchObject({ kind: "found" });
    expect(github.server.requests.at(-1)?.token).toBe(token);
  });

  it("is good for nothing once the connection is deleted meanwhile", async () => {
    const key = await connect(app, "github", oauth2());
    const release = github.server.hold(({ path }) => path === "/login/oauth/access_token");
    const reading = readRepository(key);
    while (refreshes() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { auth } = await requireConnection(app.services, key);
    await deleteConnection(app.services, key);
    release();
    expect(await failureOf(reading)).toMatchObject({ reason: "needs_reauth" });
    expect(await readRepository(key)).toEqual({ kind: "no_credentials" });
    expect(await app.services.secrets.versions(auth?.secretName ?? "")).toEqual([]);
  });

  it("is nowhere to be read in the store's files or the log", async () => {
    const key = await connect(app, "github", oauth2());
    await readRepository(key);
    tick(8 * HOUR);
    await readRepository(key);
    github.tokens.revoke();
    await failureOf(readRepository(key));
    expect(refreshes()).toBe(3);
    const { logged } = app;
    await app.close();
    const stored = readFileSync(join(folder(), "castiel.sqlite"), "latin1");
    expect(stored).toContain("conn-123");
    expect(stored + JSON.stringify(logged)).not.toContain("hunter2");
  });

  /** The reader of another process on the same store. */
  async function secondInstance(): Promise<(key: ConnectionKey) => Promise<ReadOutcome>> {
    const { createRecordReader } = await import("../../../shared/adapters/vendors/record-reader.js");
    const { createVendorSessions } = await import("../../../shared/adapters/vendors/vendor-sessions.js");
    const { createOutboundHttp } = await import("../../../shared/adapters/outbound/outbound-http.js");
    const { ConnectionCredentials } = await import("../../../shared/usecases/connection-credentials.js");
    const { services, config } = app;
    const records = createRecordReader(
      createVendorSessions({
        credentials: new ConnectionCredentials(services),
        outbound: createOutboundHttp({ policy: config.outbound, timeoutMs: 5000 }),
        settings: config.vendors,
        now: services.now,
        onQuota: () => undefined,
        calls: services.metrics.outboundCalls,
        log: services.log,
      }),
    );
    return (key) => records.read(key, { entityType: "repository", entityId: "77" });
  }
});

describe("a call to a vendor", () => {
  const bearer = () => ({ kind: "bearer", token: github.tokens.accessToken }) as const;

  it("is given up when the vendor takes too long", async () => {
    await app.close();
    app = await openApp({ OUTBOUND_TIMEOUT_MS: "200" });
    const key = await connect(app, "github", bearer());
    github.server.interrupt({ instead: "nothing" });
    expect(await failureOf(readRepository(key))).toEqual({ reason: "provider_unreachable", permanent: false });
  });

  it("is counted by vendor and class of status, or as none where there is no reply", async () => {
    const key = await connect(app, "github", bearer());
    await readRepository(key);
    github.server.interrupt({ status: 503 }, { instead: "hang_up" }, { instead: "hang_up" });
    await failureOf(readRepository(key));
    await failureOf(readRepository(key));
    expect(app.services.metrics.outboundCalls.samples()).toEqual([
      { labels: ["github", "2xx"], value: 1 },
      { labels: ["github", "5xx"], value: 1 },
      { labels: ["github", "none"], value: 1 },
    ]);
  });

  it("goes nowhere that the operator does not allow any more", async () => {
    const key = await connect(app, "github", bearer(), { baseUrl: github.server.url });
    await app.close();
    app = await openApp({ OUTBOUND_ALLOW_LOOPBACK: "false" });
    expect(await failureOf(readRepository(key))).toMatchObject({ reason: "provider_host_not_allowed" });
    expect(github.server.calls).toEqual([]);
  });

  it("that answers more than anybody can use is an unknown answer", async () => {
    const key = await connect(app, "github", bearer());
    github.server.interrupt({ json: "x".repeat(9 * 1024 * 1024) });
    expect(await failureOf(readRepository(key))).toMatchObject({ reason: "provider_answer_unknown" });
  });

  it("uses an access token for no more than its own connection", async () => {
    const key = await connect(app, "github", bearer());
    const other = { ...key, connectionId: "other" };
    await saveConnection(app.services, other, { auth: { kind: "bearer", token: github.tokens.grant() } });
    await Promise.all([readRepository(key), readRepository(other)]);
    expect(github.server.requests.map(({ token }) => token).sort()).toEqual(["access-1-hunter2", "access-2-hunter2"]);
  });
});
