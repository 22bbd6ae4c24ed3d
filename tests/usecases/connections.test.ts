import type { AuthorisedConnection, CredentialStore } from "../../shared/core/credentials";
import type { ConnectionKey } from "../../shared/core/record-reader";
import { ConnectionCredentials } from "../../shared/usecases/connection-credentials";
import { requireConnection } from "../../shared/usecases/connection-view";
import { deleteConnection } from "../../shared/usecases/delete-connection";
import { saveConnection } from "../../shared/usecases/save-connection";
import { healthOf } from "../../shared/usecases/webhook-health";
import { WebhookError } from "../../shared/core/errors";
import { connect, connectionKey } from "../support/connections";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

const oauth2 = { kind: "oauth2", clientId: "1", clientSecret: "s", refreshToken: "r1" } as const;

let app: TestApp;
let key: ConnectionKey;
beforeEach(async () => {
  app = await openTestApp();
  key = await connect(app, "slack", oauth2);
});
afterEach(() => app.close());

/** Another instance's view of the same store. */
const instance = (): CredentialStore => new ConnectionCredentials(app.services);

async function found(store = instance()): Promise<AuthorisedConnection> {
  const connection = await store.find(key);
  if (!connection) throw new Error("no connection");
  return connection;
}

describe("the credentials of a connection", () => {
  it("are those that were last set", async () => {
    expect(await instance().open(await found())).toEqual(oauth2);
    await saveConnection(app.services, key, { auth: { kind: "bearer", token: "xoxb-2" } });
    expect(await instance().open(await found())).toEqual({ kind: "bearer", token: "xoxb-2" });
  });

  it("are one secret with a version for each change", async () => {
    const before = (await found()).auth;
    await saveConnection(app.services, key, { auth: oauth2 });
    const after = (await found()).auth;
    expect(after.secretName).toBe(before.secretName);
    expect(await app.services.secrets.versions(after.secretName)).toEqual([after.secretVersion, before.secretVersion]);
  });

  it("are not found where there are none, and gone with the connection", async () => {
    expect(await instance().find(connectionKey(app))).toBeUndefined();
    await saveConnection(app.services, connectionKey(app), {});
    expect(await instance().find(connectionKey(app))).toBeUndefined();
    const connection = await found();
    await deleteConnection(app.services, key);
    expect(await instance().find(key)).toBeUndefined();
    expect(await instance().open(connection)).toBeUndefined();
    expect(await codeOf(deleteConnection(app.services, key))).toBe("connection_not_found");
  });

  it("have another secret when a connection is made anew, because a vault keeps the old name", async () => {
    const { secretName } = (await found()).auth;
    await deleteConnection(app.services, key);
    await connect(app, "slack", oauth2);
    expect((await found()).auth.secretName).not.toBe(secretName);
  });

  it("are left of one of two that come first at the same time", async () => {
    const first = connectionKey(app, { connectionId: "new" });
    await Promise.all(
      ["a", "b"].map((token) => saveConnection(app.services, first, { auth: { kind: "bearer", token } })),
    );
    const connection = await instance().find(first);
    expect(connection && (await instance().open(connection))).toMatchObject({ kind: "bearer" });
  });

  it("are not stored where the secret store is out, nor is the connection", async () => {
    jest.spyOn(app.services.secrets, "set").mockRejectedValue(new WebhookError("secrets_unavailable"));
    const other = connectionKey(app, { connectionId: "other" });
    expect(await codeOf(saveConnection(app.services, other, { auth: oauth2 }))).toBe("secrets_unavailable");
    expect(await codeOf(requireConnection(app.services, other))).toBe("connection_not_found");
  });
});

describe("the right to use a refresh token", () => {
  it("has one instance at a time, for a minute at most", async () => {
    const connection = await found();
    expect(await instance().claimRefresh(connection)).toEqual({ kind: "claimed" });
    expect(await instance().claimRefresh(connection)).toEqual({ kind: "busy", until: app.services.now() + 60_000 });
    app.advance(60_000);
    expect(await instance().claimRefresh(connection)).toEqual({ kind: "claimed" });
  });

  it("has one of many that ask at the same moment", async () => {
    const connection = await found();
    const claims = await Promise.all(Array.from({ length: 8 }, () => instance().claimRefresh(connection)));
    expect(claims.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === "busy")).toHaveLength(7);
  });

  it("ends with the new credentials, which the others then find", async () => {
    const connection = await found();
    await instance().claimRefresh(connection);
    const fresh = { ...oauth2, refreshToken: "r2", accessToken: "a2" };
    const ended = await instance().endRefresh(connection, fresh);
    expect(ended && (await instance().open(ended))).toEqual(fresh);
    expect(await instance().claimRefresh(connection)).toMatchObject({ kind: "changed", connection: ended });
    expect(ended && (await instance().claimRefresh(ended))).toEqual({ kind: "claimed" });
  });

  it("ends without new ones where the token stays", async () => {
    const connection = await found();
    await instance().claimRefresh(connection);
    expect((await instance().endRefresh(connection))?.auth).toEqual(connection.auth);
    expect(await instance().claimRefresh(connection)).toEqual({ kind: "claimed" });
  });

  it("counts for nothing once the owner has set other credentials", async () => {
    const connection = await found();
    await instance().claimRefresh(connection);
    await saveConnection(app.services, key, { auth: { kind: "bearer", token: "theirs" } });
    const ended = await instance().endRefresh(connection, { ...oauth2, refreshToken: "r2" });
    expect(ended && (await instance().open(ended))).toEqual({ kind: "bearer", token: "theirs" });
    await instance().noteRefused(connection, "invalid_grant");
    expect((await found()).status).toBe("active");
  });

  it("is nobody's once the connection is gone", async () => {
    const connection = await found();
    await deleteConnection(app.services, key);
    expect(await instance().claimRefresh(connection)).toEqual({ kind: "changed", connection: undefined });
    expect(await instance().endRefresh(connection, oauth2)).toBeUndefined();
  });

  it("survives a change of the label", async () => {
    await instance().claimRefresh(await found());
    await saveConnection(app.services, key, { accountLabel: "Acme" });
    expect(await instance().claimRefresh(await found())).toMatchObject({ kind: "busy" });
  });
});

describe("credentials that the provider refuses", () => {
  it("show in the connection, with reason and time, until they are set anew", async () => {
    const since = new Date(app.services.now()).toISOString();
    await instance().noteRefused(await found(), "invalid_grant");
    app.advance(60_000);
    await instance().noteRefused(await found(), "token_revoked");
    expect(await found()).toMatchObject({
      status: "needs_reauth",
      statusReason: "token_revoked",
      statusChangedAt: since,
      refusedAt: app.services.now(),
    });
    await saveConnection(app.services, key, { auth: oauth2 });
    const renewed = await found();
    expect(renewed).toMatchObject({ status: "active", statusChangedAt: new Date(app.services.now()).toISOString() });
    expect(renewed).not.toHaveProperty("statusReason");
  });

  it("count again when the provider takes them again, and a label changes nothing in that", async () => {
    await instance().noteRefused(await found(), "invalid_grant");
    const { connection } = await saveConnection(app.services, key, { accountLabel: "Acme" });
    expect(connection).toMatchObject({ status: "needs_reauth", statusReason: "invalid_grant" });
    await instance().noteAccepted(await found());
    await instance().noteAccepted(await found());
    expect((await found()).status).toBe("active");
  });

  it("show in the health of a webhook", async () => {
    const { registrationId } = await app.register({ integrationId: "slack" });
    const stored = await app.services.registrations.find(registrationId);
    if (!stored) throw new Error("no registration");
    expect((await healthOf(app.services, stored.value)).recommendations).toEqual([]);
    await instance().noteRefused(await found(), "invalid_grant");
    expect((await healthOf(app.services, stored.value)).recommendations).toEqual([
      "Slack refuses the credentials of connection conn-123 since 2026-11-24T12:00:00.000Z (invalid_grant): PUT /integrations/slack/connections/{connectionId} with new ones.",
    ]);
  });
});
