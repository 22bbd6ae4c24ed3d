import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import Account from "@vercel/cosmosdb-server/lib/account";
import Documents from "@vercel/cosmosdb-server/lib/account/documents";
import Items from "@vercel/cosmosdb-server/lib/account/items";
import findRoute from "@vercel/cosmosdb-server/lib/routes";

type Answer = Readonly<Record<string, unknown>> | undefined;
type Params = Readonly<{ dbId: string; collId?: string }>;
type Handler = (
  account: Account,
  request: IncomingMessage,
  response: ServerResponse,
  params: Params,
) => Promise<Answer>;

const MAX_BODY_BYTES = 2 * 1024 * 1024;
const OWNER_NOT_FOUND = "1003";

/** The request that is being answered: its partition key, and the account's clock. */
const requests = new AsyncLocalStorage<{ readonly partition: unknown; readonly now: () => number }>();

/**
 * The emulated account of `@vercel/cosmosdb-server`, in memory, with what that package leaves out and our adapter stands
 * on: a query keeps to the partition of its request, documents expire, a body of more than 2 MB is refused, and a missing
 * container is told from a missing document. docs/azure-backends.md lists what it still lacks.
 */
export class CosmosAccount {
  readonly #account: Account;
  readonly #now: () => number;

  /** `now`, in milliseconds since 1970, rules when documents expire. */
  constructor(port: number, now: () => number) {
    this.#account = new Account("127.0.0.1", port);
    this.#now = now;
  }

  /** Answers one request of the REST interface. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const header = request.headers["x-ms-documentdb-partitionkey"]?.toString();
    const partition = header === undefined ? undefined : (JSON.parse(header) as readonly unknown[])[0];
    const answer = await requests.run({ partition, now: this.#now }, () => this.#handle(request, response));
    const etag = answer?.["_etag"];
    if (typeof etag === "string") response.setHeader("etag", etag);
    response.setHeader("content-type", "application/json");
    response.setHeader("x-ms-activity-id", randomUUID());
    response.setHeader("x-ms-request-charge", "1");
    response.end(JSON.stringify(answer));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    // The package calls any[] what is the parameters of the path, and their handler.
    const route = findRoute(request) as [Params, Handler] | undefined;
    if (route === undefined) return refuse(response, 400, "There is no such route.");
    const [params, handler] = route;
    if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) {
      return refuse(response, 413, "The request is too large.");
    }
    if (params.collId !== undefined && !hasCollection(this.#account, params.dbId, params.collId)) {
      response.setHeader("x-ms-substatus", OWNER_NOT_FOUND);
      return refuse(response, 404, "The owner of the resource does not exist.");
    }
    return handler(this.#account, request, response, params);
  }
}

function hasCollection(account: Account, database: string, collection: string): boolean {
  // Typed as if it were always there; of a collection that is not, nothing can be read.
  return Boolean(account.database(database).collection(collection).read());
}

function refuse(response: ServerResponse, status: number, message: string): Answer {
  response.statusCode = status;
  return { code: String(status), message };
}

/** When each document expires, by its `_rid`. In milliseconds, where `_ts` would know whole seconds only. */
const expiries = new WeakMap<Documents, Map<string, number>>();

function expiriesOf(documents: Documents): Map<string, number> {
  const known = expiries.get(documents) ?? new Map<string, number>();
  expiries.set(documents, known);
  return known;
}

function now(): number {
  return requests.getStore()?.now() ?? Date.now();
}

function sweep(documents: Documents): void {
  const expiring = expiriesOf(documents);
  for (const [rid, expiresAt] of expiring) {
    if (expiresAt > now()) continue;
    expiring.delete(rid);
    const document = documents._data.get(rid)?.read();
    if (document === undefined) continue;
    documents._data.delete(rid);
    documents._index.delete(documents._getId("/id", document.id, documents._getPartition(document)));
  }
}

/** Does `work` as if the documents of the request's partition were all that there are. */
function withinPartition(documents: Documents, work: () => unknown): unknown {
  const partition = requests.getStore()?.partition;
  sweep(documents);
  if (partition === undefined) return work();
  const all = documents._data;
  documents._data = new Map([...all].filter(([, item]) => documents._getPartition(item.read()) === partition));
  try {
    return work();
  } finally {
    documents._data = all;
  }
}

Object.assign(Documents.prototype, {
  _set(this: Documents, data: Parameters<Documents["_set"]>[0]) {
    const defaultTtl: unknown = this._parent.read()["defaultTtl"];
    const ttl = Number(data["ttl"] ?? defaultTtl);
    if (defaultTtl !== undefined && ttl > 0) expiriesOf(this).set(data._rid, now() + ttl * 1000);
    else expiriesOf(this).delete(data._rid);
    return Items.prototype._set.call(this, data);
  },
  _item(this: Documents, ...key: Parameters<Documents["_item"]>) {
    sweep(this);
    return Items.prototype._item.apply(this, key);
  },
  query(this: Documents, ...query: Parameters<Documents["query"]>) {
    return withinPartition(this, () => Items.prototype.query.apply(this, query));
  },
  read(this: Documents, ...page: Parameters<Documents["read"]>) {
    return withinPartition(this, () => Items.prototype.read.apply(this, page));
  },
});
