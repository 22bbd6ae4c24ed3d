import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { compositeIndexFor } from "../../../shared/adapters/cosmos/document-query";
import { openCosmosDocuments } from "../../../shared/adapters/cosmos/documents";
import type { DocumentStore } from "../../../shared/core/ports";
import { describeDocumentQueries } from "../../contracts/document-queries";
import { describeDocuments, makeNote, type Note } from "../../contracts/documents";
import type { Subject } from "../../contracts/subject";
import { type CosmosDatabase, createCosmosDatabase } from "../../support/cosmos-database";
import { CosmosServer } from "../../support/cosmos-server";

/**
 * The contract suites, on the stand-in. With COSMOS_CONNECTION_STRING, or COSMOS_ENDPOINT and COSMOS_KEY, in the
 * environment they run on that account instead, in a database of their own.
 */
const { COSMOS_CONNECTION_STRING, COSMOS_ENDPOINT, COSMOS_KEY } = process.env;
const account =
  COSMOS_CONNECTION_STRING ??
  (COSMOS_ENDPOINT && COSMOS_KEY ? `AccountEndpoint=${COSMOS_ENDPOINT};AccountKey=${COSMOS_KEY};` : undefined);

/** What the suites order by, besides what our repositories order by. */
const suiteIndexes = {
  deliveries: ["at", "n", "rank"].flatMap((field) => [
    compositeIndexFor({ field, direction: "asc" }),
    compositeIndexFor({ field, direction: "desc" }),
  ]),
};
/** A real account is far away, and its throttling is part of life. */
const REQUEST_TIMEOUT_MS = account === undefined ? 4000 : 20_000;
const TEST_TIMEOUT_MS = account === undefined ? 20_000 : 300_000;
jest.setTimeout(TEST_TIMEOUT_MS);

let server: CosmosServer | undefined;
let database: CosmosDatabase;
beforeAll(async () => {
  if (account === undefined) server = await CosmosServer.start();
  const connectionString = account ?? server?.connectionString ?? "";
  database = await createCosmosDatabase(connectionString, `castiel-test-${randomUUID()}`, suiteIndexes);
});
afterAll(async () => {
  await database.delete();
  await server?.stop();
});

async function open(): Promise<Subject<DocumentStore>> {
  return server === undefined ? openOnAccount(account ?? "") : openOnServer(server);
}

async function openOnServer(standIn: CosmosServer): Promise<Subject<DocumentStore>> {
  const store = openStore(standIn.connectionString);
  return {
    port: store,
    now: () => standIn.now(),
    passTime: async (ms) => standIn.passTime(ms),
    breakDown: () => standIn.stop(),
    close: async () => {
      await store.close();
      await standIn.restart();
    },
  };
}

async function openOnAccount(connectionString: string): Promise<Subject<DocumentStore>> {
  const store = openStore(connectionString);
  return {
    port: store,
    now: Date.now,
    // The account counts in whole seconds and so up to one too many: what must outlast 2 seconds of 3 is given 1.5.
    passTime: (ms) => sleep(ms * 0.75),
    // It cannot be switched off. A closed store is what an account out of reach looks like.
    breakDown: () => store.close(),
    close: () => store.close(),
  };
}

function openStore(connectionString: string): DocumentStore & { close(): Promise<void> } {
  return openCosmosDocuments({ connectionString, database: database.name, requestTimeoutMs: REQUEST_TIMEOUT_MS });
}

describe("documents in Cosmos DB", () => {
  describeDocuments(open);

  it.each(["50%", "a b", "a+b", "a;b:c@d,e", "'q\"", "ümlaut 😀", "~0"])(
    "takes %j as an id and as a partition",
    async (key) => {
      const { port, close } = await open();
      const notes = port.collection<Note>("shards");
      const created = await notes.upsert(makeNote(key, key));
      expect(await notes.get(key, key)).toEqual(created);
      expect((await notes.query({ pk: key, limit: 1 })).items).toEqual([created.value]);
      expect(await notes.delete(key, key)).toBe(true);
      await close();
    },
  );
});

describe("queries of documents in Cosmos DB", () => {
  describeDocumentQueries(open);
});
