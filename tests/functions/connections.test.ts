import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "../../shared/app";
import { connectionKeyOf } from "../../shared/usecases/connection-view";
import { useDataFolder } from "../adapters/sqlite/data-folder";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";

const tokens = { a: "cwt_a", b: "cwt_b", reader: "cwt_reader" };
const API_TOKENS = JSON.stringify([
  apiToken(tokens.a, "tenant-a", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.b, "tenant-b", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.reader, "tenant-a", ["webhooks.read"]),
]);
const folder = useDataFolder();

let app: App;
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS, DATA_DIRECTORY: folder() });
});
afterEach(() => app.close());

interface Target {
  readonly as?: keyof typeof tokens;
  readonly integrationId?: string;
  readonly connectionId?: string;
}

function send(name: string, { as = "a", integrationId = "github", connectionId = "conn-123" }: Target, body?: unknown) {
  return call(name, {
    method: { "put-connection": "PUT", "delete-connection": "DELETE" }[name] ?? "GET",
    headers: { authorization: `Bearer ${tokens[as]}` },
    params: name === "list-connections" ? { integrationId } : { integrationId, connectionId },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const put = (body: unknown, target: Target = {}): Promise<TestReply> => send("put-connection", target, body);
const get = (target: Target = {}): Promise<TestReply> => send("get-connection", target);

async function problemsOf(reply: Promise<TestReply>): Promise<string[]> {
  const { status, json } = await reply;
  expect({ status, code: json.code }).toEqual({ status: 400, code: "invalid_request" });
  return (json.problems as { path: string }[]).map(({ path }) => path).sort();
}

const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  type: "pkcs1",
  format: "pem",
});
const bearer = { kind: "bearer", token: "ghp_0123456789secret" };

describe("connections", () => {
  it("are created with 201, replaced with 200, read, listed, and deleted with 204", async () => {
    const created = await put({ accountLabel: "Acme on GitHub", auth: bearer });
    expect(created).toMatchObject({
      status: 201,
      json: {
        integrationId: "github",
        connectionId: "conn-123",
        accountLabel: "Acme on GitHub",
        auth: { kind: "bearer", credentialsSet: true },
        status: "active",
      },
    });
    expect((await get()).json).toEqual(created.json);
    expect(await put({ accountLabel: "Acme" })).toMatchObject({
      status: 200,
      json: { accountLabel: "Acme", auth: { credentialsSet: true }, createdAt: created.json.createdAt },
    });
    expect((await send("list-connections", {})).json.connections).toHaveLength(1);
    expect((await send("list-connections", { integrationId: "slack" })).json.connections).toEqual([]);
    expect((await send("delete-connection", {})).status).toBe(204);
    expect(await get()).toMatchObject({ status: 404, json: { code: "connection_not_found" } });
    expect((await send("delete-connection", {})).status).toBe(404);
  });

  it("may be known before they have credentials", async () => {
    expect((await put({})).json).toMatchObject({ auth: { credentialsSet: false }, status: "active" });
    expect((await send("delete-connection", {})).status).toBe(204);
  });

  it("page by a cursor", async () => {
    for (const connectionId of ["one", "two", "three"]) await put({}, { connectionId });
    const headers = { authorization: `Bearer ${tokens.a}` };
    const params = { integrationId: "github" };
    const first = await call("list-connections", { headers, params, query: { limit: "2" } });
    const cursor = first.json.nextCursor as string;
    const second = await call("list-connections", { headers, params, query: { limit: "2", cursor } });
    expect([first.json.connections.length, second.json.connections.length]).toEqual([2, 1]);
    expect(second.json.nextCursor).toBeUndefined();
    expect((await call("list-connections", { headers, params, query: { cursor: "made-up" } })).status).toBe(400);
  });

  it("are listed of all integrations, or only those that need new credentials", async () => {
    await put({ auth: bearer });
    await put({}, { integrationId: "slack", connectionId: "team" });
    await app.services.connections.update(
      connectionKeyOf(app.services, { tenantId: "tenant-a", integrationId: "github", connectionId: "conn-123" }),
      (current) => current && { ...current, status: "needs_reauth", statusReason: "status_401" },
    );
    const list = async (as: keyof typeof tokens, query: Readonly<Record<string, string>>) => {
      const { json } = await call("list-all-connections", {
        headers: { authorization: `Bearer ${tokens[as]}` },
        query,
      });
      return (json.connections as { connectionId: string }[]).map(({ connectionId }) => connectionId).sort();
    };
    expect(await list("a", {})).toEqual(["conn-123", "team"]);
    expect(await list("reader", { status: "needs_reauth" })).toEqual(["conn-123"]);
    expect(await list("a", { integrationId: "slack" })).toEqual(["team"]);
    expect(await list("b", {})).toEqual([]);
  });

  it.each(["Zoë's account / 1?", "a#b\\c", "%", "日本"])("may be called %j", async (connectionId) => {
    expect((await put({}, { connectionId })).json).toMatchObject({ connectionId });
    expect((await get({ connectionId })).json).toMatchObject({ connectionId });
  });

  it("are found by a name with a slash, which hosts leave encoded", async () => {
    await put({}, { connectionId: "team%2Fproject" });
    expect((await get({ connectionId: "team/project" })).json).toMatchObject({ connectionId: "team/project" });
  });

  it("are nobody else's, on any route", async () => {
    await put({ auth: bearer });
    expect((await get({ as: "b" })).status).toBe(404);
    expect((await send("delete-connection", { as: "b" })).status).toBe(404);
    expect((await send("list-connections", { as: "b" })).json.connections).toEqual([]);
    expect((await put({ accountLabel: "mine" }, { as: "b" })).status).toBe(201);
    expect((await get()).json).not.toHaveProperty("accountLabel");
  });

  it("want the scope to write, and to read", async () => {
    expect((await put({}, { as: "reader" })).status).toBe(403);
    expect((await send("delete-connection", { as: "reader" })).status).toBe(403);
    expect((await send("list-connections", { as: "reader" })).status).toBe(200);
    expect((await get({ as: "reader" })).status).toBe(404);
  });

  it("are of an integration that exists", async () => {
    expect(await put({}, { integrationId: "myspace" })).toMatchObject({
      status: 404,
      json: { code: "unknown_integration" },
    });
  });

  it.each([
    ["bearer", "notion", {}, { token: "secret_x" }],
    ["oauth2", "slack", {}, { clientId: "1", clientSecret: "s", refreshToken: "r" }],
    ["oauth2", "google", {}, { clientId: "1", clientSecret: "s", refreshToken: "r", accessToken: "a" }],
    ["github_app", "github", {}, { appId: "1", installationId: "2", privateKey }],
    ["google_service_account", "google", {}, { clientEmail: "a@b.example", privateKey, scopes: ["x"] }],
    [
      "salesforce_client_credentials",
      "salesforce",
      { baseUrl: "https://acme.my.salesforce.com/" },
      { clientId: "1", clientSecret: "s" },
    ],
    [
      "salesforce_jwt",
      "salesforce",
      { baseUrl: "https://acme.my.salesforce.com" },
      { clientId: "1", username: "u@acme.example", privateKey },
    ],
  ])("take %s for %s", async (kind, integrationId, rest, credentials) => {
    const reply = await put({ ...rest, auth: { kind, ...credentials } }, { integrationId });
    expect(reply).toMatchObject({ status: 201, json: { auth: { kind, credentialsSet: true } } });
  });

  it.each([
    ["an unknown kind", { auth: { kind: "password", password: "x" } }, ["/auth/kind"]],
    ["no kind", { auth: { token: "x" } }, ["/auth/kind"]],
    ["a field of another kind", { auth: { ...bearer, clientId: "x" } }, ["/auth/clientId"]],
    ["missing fields", { auth: { kind: "oauth2", clientId: "x" } }, ["/auth/clientSecret", "/auth/refreshToken"]],
    ["a token with a line break", { auth: { kind: "bearer", token: "a\nb" } }, ["/auth/token"]],
    ["an unknown field", { colour: "red" }, ["/colour"]],
    [
      "a kind of another integration",
      { auth: { kind: "salesforce_jwt", clientId: "1", username: "u", privateKey } },
      ["/auth/kind"],
    ],
    [
      "what is no key",
      { auth: { kind: "github_app", appId: "1", installationId: "2", privateKey: "key" } },
      ["/auth/privateKey"],
    ],
    ["http", { baseUrl: "http://api.github.com" }, ["/baseUrl"]],
    ["a host that is not listed", { baseUrl: "https://evil.example.com" }, ["/baseUrl"]],
    ["an address of this machine", { baseUrl: "https://127.0.0.1" }, ["/baseUrl"]],
    ["a query", { baseUrl: "https://acme.ghe.com/?x=1" }, ["/baseUrl"]],
    [
      "a token URL that is not listed",
      {
        auth: {
          kind: "oauth2",
          clientId: "1",
          clientSecret: "s",
          refreshToken: "r",
          tokenUrl: "https://evil.example.com",
        },
      },
      ["/auth/tokenUrl"],
    ],
  ])("refuse %s, and store nothing", async (_, body, paths) => {
    expect(await problemsOf(put(body))).toEqual(paths);
    expect((await get()).status).toBe(404);
  });

  it("refuse a Salesforce connection without its instance", async () => {
    const auth = { kind: "salesforce_client_credentials", clientId: "1", clientSecret: "s" };
    expect(await problemsOf(put({ auth }, { integrationId: "salesforce" }))).toEqual(["/baseUrl"]);
  });

  it("refuse an elliptic key where RSA signs", async () => {
    const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = key.export({ type: "pkcs8", format: "pem" });
    const auth = { kind: "github_app", appId: "1", installationId: "2", privateKey: pem };
    expect(await problemsOf(put({ auth }))).toEqual(["/auth/privateKey"]);
  });

  it("do not take their credentials along to another address", async () => {
    await put({ baseUrl: "https://acme.ghe.com", auth: bearer });
    expect(await problemsOf(put({ baseUrl: "https://other.ghe.com" }))).toEqual(["/auth"]);
    expect(await problemsOf(put({}))).toEqual(["/auth"]);
    expect((await put({ baseUrl: "https://acme.ghe.com/" })).status).toBe(200);
    expect((await put({ baseUrl: "https://other.ghe.com", auth: bearer })).status).toBe(200);
  });

  it("never show a credential: not in a reply, not in the store's files", async () => {
    const secrets = ["ghp_0123456789secret", "clientSecret9876", "refreshToken5432"];
    const replies = [
      await put({ auth: bearer }),
      await put({ auth: { kind: "oauth2", clientId: "1", clientSecret: secrets[1], refreshToken: secrets[2] } }),
      await put({ auth: { kind: "oauth2", clientId: "1", clientSecret: secrets[1], refreshToken: 7 } }),
      await put({ auth: { kind: "github_app", appId: "1", installationId: "2", privateKey } }),
      await get(),
      await send("list-connections", {}),
    ];
    await app.close();
    const stored = ["", "-wal"].map((suffix) => readIfThere(join(folder(), `castiel.sqlite${suffix}`))).join("\n");
    expect(stored).toContain("conn-123");
    for (const text of [JSON.stringify(replies), stored]) {
      for (const secret of [...secrets, String(privateKey).slice(100, 140)]) expect(text).not.toContain(secret);
    }
    app = await startFunctions({ API_TOKENS });
  });
});

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
