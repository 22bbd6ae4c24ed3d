import { randomUUID } from "node:crypto";
import { openCosmosDocuments } from "../../../shared/adapters/cosmos/documents";
import { compositeIndexFor } from "../../../shared/adapters/cosmos/document-query";
import type { DocumentStore } from "../../../shared/core/ports";
import { describeDocumentQueries } from "../../contracts/document-queries";
import { describeDocuments } from "../../contracts/documents";
import type { Subject } from "../../contracts/subject";
import { createCosmosDatabase } from "../../support/cosmos-database";
import { CosmosServer } from "../../support/cosmos-server";

const directions = ["asc", "desc"] as const;
/** What the suite orders by, besides what our repositories order by. */
const suiteIndexes = {
  deliveries: ["at", "n", "rank"].flatMap((field) =>
    directions.map((direction) => compositeIndexFor({ field, direction })),
  ),
};

let server: CosmosServer;
beforeAll(async () => {
  server = await CosmosServer.start();
  await createCosmosDatabase(server.connectionString, "castiel", suiteIndexes);
});
afterAll(() => server.stop());

async function open(): Promise<Subject<DocumentStore>> {
  const store = openCosmosDocuments({
    connectionString: server.connectionString,
    database: "castiel",
    requestTimeoutMs: 2000,
  });
  return {
    port: store,
    now: () => server.now(),
    passTime: async (ms) => server.passTime(ms),
    breakDown: () => server.stop(),
    close: async () => {
      await store.close();
      await server.restart();
    },
  };
}

describe("documents in Cosmos DB", () => {
  describeDocuments(open);
});

describe("queries of documents in Cosmos DB", () => {
  describeDocumentQueries(open);
});
