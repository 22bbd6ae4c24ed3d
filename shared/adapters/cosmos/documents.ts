import {
  type Container,
  CosmosClient,
  type CosmosClientOptions,
  type FeedOptions,
  type ItemDefinition,
  type SqlQuerySpec,
} from "@azure/cosmos";
import { toCursor } from "../../core/document-cursor";
import {
  addDeltas,
  checkDeltas,
  checkDocumentKeys,
  isDocumentKey,
  pageLimit,
  serialiseDocument,
} from "../../core/document-rules";
import { type ErrorCode, WebhookError } from "../../core/errors";
import { at } from "../../core/json";
import type {
  CollectionName,
  Document,
  DocumentQuery,
  Documents,
  DocumentStore,
  Log,
  Page,
  Stored,
} from "../../core/ports";
import { CosmosCalls, type Refusal, refusalOf } from "./calls";
import { toSqlQuery } from "./document-query";

/** Which account to use: one of Azure by its endpoint and an identity, or an emulator by its connection string. */
export type CosmosAccount =
  | { readonly endpoint: string; readonly credential: NonNullable<CosmosClientOptions["aadCredentials"]> }
  | { readonly connectionString: string };

/** Where the documents are. The containers are made beforehand: an identity may not make them (docs/azure-backends.md). */
export type CosmosOptions = CosmosAccount & {
  /** The database's name. */
  readonly database: string;
  /** Milliseconds within which every operation is answered, repetitions included. */
  readonly requestTimeoutMs: number;
  readonly log?: Log;
};

const INCREMENT_ATTEMPTS = 5;

/** Opens the documents of a Cosmos DB database. Nothing is sent before the first operation. */
export function openCosmosDocuments(options: CosmosOptions): DocumentStore & { close(): Promise<void> } {
  const client = createClient(options);
  const { requestTimeoutMs: timeoutMs, log } = options;
  const calls = new CosmosCalls({ timeoutMs, ...(log ? { log } : {}) });
  const database = client.database(options.database);
  return {
    collection: <T extends Document>(name: CollectionName): Documents<T> =>
      new CosmosCollection<T>(database.container(name), calls, name),
    close: () => {
      calls.close();
      client.dispose();
      return Promise.resolve();
    },
  };
}

function createClient(options: CosmosOptions): CosmosClient {
  return new CosmosClient({
    ...("connectionString" in options
      ? { connectionString: options.connectionString }
      : { endpoint: options.endpoint, aadCredentials: options.credential }),
    connectionPolicy: {
      requestTimeout: options.requestTimeoutMs,
      // Discovery costs a request before the first one, on a cold start too, and then repeats up to 120 times what fails,
      // partly out of reach of any signal. The account's own address leads to its region of writing, and that is enough.
      enableEndpointDiscovery: false,
      enableBackgroundEndpointRefreshing: false,
      // `CosmosCalls` repeats throttled requests. The SDK would sleep for as long as the service says, however long that
      // is, while a provider gives up on its delivery after a few seconds; and nobody would learn when to come back.
      retryOptions: { maxRetryAttemptCount: 0 },
    },
  });
}

class CosmosCollection<T extends Document> implements Documents<T> {
  readonly #container: Container;
  readonly #calls: CosmosCalls;
  readonly #name: string;

  constructor(container: Container, calls: CosmosCalls, name: string) {
    this.#container = container;
    this.#calls = calls;
    this.#name = name;
  }

  async get(pk: string, id: string): Promise<Stored<T> | undefined> {
    if (!isDocumentKey(pk) || !isDocumentKey(id)) return undefined;
    return this.#calls.run("get", async (abortSignal) => {
      const read = this.#container.item(id, pk).read<ItemDefinition>({ abortSignal });
      const { resource, statusCode: code, substatus } = await read;
      if (resource !== undefined) return toStored<T>(resource);
      // Here the SDK hands out the 404 that elsewhere it throws.
      if (refusalOf({ code, substatus }) === "absent") return undefined;
      throw Object.assign(new Error("The container cannot be read."), { code, substatus });
    });
  }

  create(document: T): Promise<Stored<T>> {
    return this.#write("create", document, { exists: "document_exists" }, (item, abortSignal) =>
      this.#container.items.create(item, { abortSignal }),
    );
  }

  replace(document: T, etag: string): Promise<Stored<T>> {
    const codes = { absent: "document_changed", changed: "document_changed" } as const;
    const accessCondition = { type: "IfMatch", condition: etag };
    return this.#write("replace", document, codes, (item, abortSignal) =>
      this.#container.item(document.id, document.pk).replace(item, { accessCondition, abortSignal }),
    );
  }

  upsert(document: T): Promise<Stored<T>> {
    return this.#write("upsert", document, {}, (item, abortSignal) =>
      this.#container.items.upsert(item, { abortSignal }),
    );
  }

  async increment(initial: T, deltas: Readonly<Record<string, number>>): Promise<void> {
    checkDocumentKeys(initial);
    checkDeltas(deltas);
    const operations = Object.entries(deltas).map(
      ([field, value]) => ({ op: "incr", path: `/${field}`, value }) as const,
    );
    const first = toItem(addDeltas(initial, deltas));
    await this.#calls.run("increment", async (abortSignal) => {
      const item = this.#container.item(initial.id, initial.pk);
      for (let attempt = 1; attempt <= INCREMENT_ATTEMPTS; attempt++) {
        if (await unlessRefused("absent", item.patch([...operations], { abortSignal }))) return;
        if (await unlessRefused("exists", this.#container.items.create(first, { abortSignal }))) return;
        // Somebody made it between the two, and it may be gone again.
      }
      throw new WebhookError("store_unavailable", { detail: "increment: the document comes and goes" });
    });
  }

  async delete(pk: string, id: string): Promise<boolean> {
    if (!isDocumentKey(pk) || !isDocumentKey(id)) return false;
    return this.#calls.run("delete", (abortSignal) =>
      unlessRefused("absent", this.#container.item(id, pk).delete({ abortSignal })),
    );
  }

  async query(query: DocumentQuery): Promise<Page<T>> {
    const sql = toSqlQuery(this.#name, query);
    if (!isDocumentKey(query.pk)) return { items: [] };
    const limit = pageLimit(query);
    const { found, hasMore } = await this.#calls.run("query", (abortSignal) =>
      readPage(this.#container, sql, { partitionKey: query.pk, maxItemCount: limit + 1, abortSignal }),
    );
    const items = found.slice(0, limit).map((item) => toStored<T>(item).value);
    const last = items.at(-1);
    if (last === undefined || (found.length <= limit && !hasMore)) return { items };
    const sortKey = query.orderBy && at(last, query.orderBy.field);
    return { items, cursor: toCursor(this.#name, query, { sortKey, id: last.id }) };
  }

  async #write(
    operation: string,
    document: T,
    codes: Readonly<Partial<Record<Refusal, ErrorCode>>>,
    send: (item: ItemDefinition, signal: AbortSignal) => Promise<{ readonly etag: string }>,
  ): Promise<Stored<T>> {
    checkDocumentKeys(document);
    const item = toItem(document);
    return this.#calls.run(operation, async (signal) => {
      try {
        const { etag } = await send(item, signal);
        return { value: document, etag };
      } catch (error) {
        const refusal = refusalOf(error);
        const code = refusal && codes[refusal];
        throw code === undefined ? error : new WebhookError(code);
      }
    });
  }
}

/** Until there is a document or there are no more: a page may come empty before the last. */
async function readPage(
  container: Container,
  sql: SqlQuerySpec,
  options: FeedOptions,
): Promise<{ readonly found: readonly ItemDefinition[]; readonly hasMore: boolean }> {
  const pages = container.items.query<ItemDefinition>(sql, options);
  for (;;) {
    const { resources, hasMoreResults } = await pages.fetchNext();
    if (resources.length > 0 || !hasMoreResults) return { found: resources, hasMore: hasMoreResults };
  }
}

/** False if the request is refused for this reason, true if it is carried out. */
async function unlessRefused(reason: Refusal, request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (refusalOf(error) === reason) return false;
    throw error;
  }
}

/** @throws {RangeError} the document is larger than 2 MB */
function toItem(document: Document): ItemDefinition {
  serialiseDocument(document);
  // The SDK adds an id where there is none, and changes nothing else.
  return document;
}

function toStored<T extends Document>(item: ItemDefinition): Stored<T> {
  const { _rid, _self, _etag, _attachments, _ts, ...value } = item;
  // Without the service's own fields it is what one of our writes made of a T.
  return { value: value as T, etag: String(_etag) };
}
