import { generateKeyPairSync } from "node:crypto";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type CosmosOptions, openCosmosDocuments } from "../../../shared/adapters/cosmos/documents";
import type { Documents } from "../../../shared/core/ports";
import { makeNote, type Note } from "../../contracts/documents";
import { createCosmosDatabase } from "../../support/cosmos-database";
import { CosmosServer } from "../../support/cosmos-server";
import { selfSignedCertificate } from "../../support/self-signed-certificate";

type Credential = Extract<CosmosOptions, { readonly endpoint: string }>["credential"];

const trusted = getCACertificates();
let server: CosmosServer;
let store: ReturnType<typeof openCosmosDocuments> | undefined;

beforeAll(async () => {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const cert = selfSignedCertificate(keys, "localhost");
  setDefaultCACertificates([...trusted, cert]);
  server = await CosmosServer.start({ cert, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString() });
  await createCosmosDatabase(server.connectionString, "castiel");
});
afterEach(() => store?.close());
afterAll(async () => {
  setDefaultCACertificates(trusted);
  await server.stop();
});

function openAs(credential: Credential): Documents<Note> {
  store = openCosmosDocuments({ endpoint: server.endpoint, credential, database: "castiel", requestTimeoutMs: 2000 });
  return store.collection<Note>("registrations");
}

describe("an account reached by an identity", () => {
  it("gets the identity's token for it with each request, and is asked for no account key or region", async () => {
    const scopes: unknown[] = [];
    const notes = openAs({
      getToken: async (scope) => {
        scopes.push(scope);
        return { token: "token-1", expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    });
    const before = server.seen.length;
    await notes.create(makeNote("p", "a"));
    expect((await notes.get("p", "a"))?.value.id).toBe("a");
    expect(scopes).toEqual([[`${server.endpoint}/.default`]]);
    const requests = server.seen.slice(before);
    expect(requests.map(({ path }) => path)).not.toContain("/");
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(
      new Set(["type=aad&ver=1.0&sig=token-1"]),
    );
  });

  it("is unavailable while there is no token", async () => {
    const notes = openAs({ getToken: () => Promise.reject(new Error("no identity here")) });
    await expect(notes.get("p", "a")).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("is unavailable while the token does not come", async () => {
    const notes = openAs({ getToken: () => new Promise(() => undefined) });
    await expect(notes.get("p", "a")).rejects.toMatchObject({
      code: "store_unavailable",
      detail: "Cosmos DB, get: TimeoutError",
    });
  });
});
