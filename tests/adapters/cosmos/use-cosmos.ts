import { type CosmosOptions, openCosmosDocuments } from "../../../shared/adapters/cosmos/documents";
import type { Documents, DocumentStore } from "../../../shared/core/ports";
import type { Note } from "../../contracts/documents";
import { createCosmosDatabase } from "../../support/cosmos-database";
import { CosmosServer } from "../../support/cosmos-server";

/** The stand-in with a database `castiel`, and a store on it. */
export interface Cosmos {
  readonly server: CosmosServer;
  /** A store of its own connection; closed after the test. */
  open(options?: Partial<CosmosOptions>): DocumentStore & { close(): Promise<void> };
  /** The collection `deliveries` of such a store. */
  notes(): Documents<Note>;
}

type Indexes = Parameters<typeof createCosmosDatabase>[2];

/** Starts the stand-in before the tests of the suite around the call, and mends it after each. */
export function useCosmos(furtherIndexes?: Indexes): Cosmos {
  let server: CosmosServer | undefined;
  const running = (): CosmosServer => {
    if (server === undefined) throw new Error("only within a test");
    return server;
  };
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await CosmosServer.start();
    await createCosmosDatabase(server.connectionString, "castiel", furtherIndexes);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    running().recover();
    await running().restart();
  });
  afterAll(() => running().stop());
  const open: Cosmos["open"] = (options) => {
    const { connectionString } = running();
    const store = openCosmosDocuments({ connectionString, database: "castiel", requestTimeoutMs: 4000, ...options });
    opened.push(store);
    return store;
  };
  return {
    get server() {
      return running();
    },
    open,
    notes: () => open().collection<Note>("deliveries"),
  };
}
