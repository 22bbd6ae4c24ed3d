/** What the product needs from the outside world. Each port has one contract suite in `tests/contracts/`. */

/** What every stored document has. `id` is unique within the partition `pk`. */
export interface Document {
  readonly id: string;
  readonly pk: string;
  readonly tenantId: string;
  readonly schemaVersion: number;
  /** Seconds after its last write at which the document disappears; absent = never. */
  readonly ttl?: number;
}

/** A document as it was read, with the tag that a later `replace` must name. */
export interface Stored<T extends Document> {
  readonly value: T;
  readonly etag: string;
}

/**
 * Ids between two, the first included and the second not; neither needs to be one that there is. Ids are compared by their
 * characters, as ASCII orders them: every store agrees on those.
 */
export interface IdRange {
  readonly from: string;
  readonly before: string;
}

/** A query within one partition. Every filter is an equality on a top-level field. */
export interface DocumentQuery {
  readonly pk: string;
  readonly where?: Readonly<Record<string, string | number | boolean>>;
  /** Only these. In the order of the ids, the store goes to the first of them without reading those before it. */
  readonly ids?: IdRange;
  /** A top-level field; ties are broken by id, so that paging is stable. Default: by id, ascending. */
  readonly orderBy?: { readonly field: string; readonly direction: "asc" | "desc" };
  /** At most this many documents a page; 1 to 1,000. */
  readonly limit: number;
  /** Opaque; from an earlier page of the same query, which may have had another `limit` and other `ids`. */
  readonly cursor?: string;
}

/** One page of a query; `cursor` is absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

/**
 * One collection of documents. Keys and sizes are limited as in `document-rules.ts`: beyond them a write throws a
 * RangeError, and a read finds nothing.
 * Every method throws `store_unavailable` when the store cannot be reached or cannot write.
 */
export interface Documents<T extends Document> {
  get(pk: string, id: string): Promise<Stored<T> | undefined>;
  /** @throws {WebhookError} `document_exists` */
  create(document: T): Promise<Stored<T>>;
  /** @throws {WebhookError} `document_changed` if the document is not (any more) the one with this etag, or is gone */
  replace(document: T, etag: string): Promise<Stored<T>>;
  upsert(document: T): Promise<Stored<T>>;
  /**
   * Adds to one to ten numeric top-level fields atomically (a missing field counts as 0); creates `initial` plus the
   * deltas if there is none.
   */
  increment(initial: T, deltas: Readonly<Record<string, number>>): Promise<void>;
  /** True if there was one. */
  delete(pk: string, id: string): Promise<boolean>;
  /** @throws {WebhookError} `invalid_cursor` */
  query(query: DocumentQuery): Promise<Page<T>>;
}

/** Opens collections by name; a collection exists as soon as it is opened. */
export interface DocumentStore {
  collection<T extends Document>(name: CollectionName): Documents<T>;
}

/** The collections (containers on Azure) of the product. */
export const collectionNames = [
  "registrations",
  "deliveries",
  "delivery-lines",
  "health",
  "shards",
  "sync-tasks",
  "connections",
  "rate-limits",
  "mappings",
  "conflicts",
  "match-keys",
  "hook-ledgers",
  "routes",
  "repairs",
  "replays",
  "held-events",
  "audit",
  "change-positions",
  "alerts",
  "alert-channels",
] as const;

/** One of {@link collectionNames}. */
export type CollectionName = (typeof collectionNames)[number];

/** A message for the event queue. `messageId` is what duplicate detection goes by (at most 128 characters). */
export interface QueueMessage {
  readonly messageId: string;
  /** A JSON object. */
  readonly body: object;
}

/** The durable queue between receiving and synchronising. */
export interface EventQueue {
  /** The largest message body it takes, in bytes of JSON. */
  readonly maxMessageBytes: number;
  /**
   * Resolves once all messages are durable: all of them or none. Messages that are too many for one step of the queue may be
   * there in part when a send fails: whoever repeats it must use the same ids, and whoever receives must bear repetitions.
   * Answers per message whether it was known already and so dropped; a queue that cannot tell answers false.
   * `signal` ends the waiting at once; a message that was under way then may still arrive.
   * @throws {WebhookError} `queue_unavailable`
   * @throws {RangeError} a message is larger than `maxMessageBytes`, or its id too long; then none is queued
   */
  send(messages: readonly QueueMessage[], signal?: AbortSignal): Promise<readonly boolean[]>;
  /** Like `send`, but the message becomes visible at `at` (milliseconds since 1970). */
  schedule(message: QueueMessage, at: number): Promise<void>;
  /**
   * Lets this id be sent again before its window is over, because the message with it had no effect. A queue that cannot
   * does nothing.
   */
  forget(messageId: string): Promise<void>;
  /** What it holds, as far as it can tell; `undefined` if it can tell nothing. */
  depth(): Promise<QueueDepth | undefined>;
  /**
   * What the queue gave up itself, newest first, of as many as it can look at.
   * @throws {WebhookError} `queue_unavailable`
   */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
}

/** How much a queue holds. What is absent it cannot tell: Service Bus tells counts only to who may manage the queue. */
export interface QueueDepth {
  readonly active?: number;
  readonly scheduled?: number;
  readonly deadLettered?: number;
  /** Milliseconds since 1970; since when the message that waits longest could be received. `null` if none waits. */
  readonly oldestAt?: number | null;
}

/** A message taken under a lock (peek-lock), as Service Bus hands it to its trigger. */
export interface LockedMessage {
  readonly messageId: string;
  /** JSON text. */
  readonly body: string;
  readonly lockToken: string;
  /** Starts at 1. */
  readonly deliveryCount: number;
  /** Milliseconds since 1970. */
  readonly enqueuedAt: number;
  readonly sequenceNumber: number;
}

/** A dead letter with its reason. */
export interface DeadLetter {
  readonly messageId: string;
  readonly body: string;
  readonly reason: string;
  readonly deliveryCount: number;
  readonly deadLetteredAt: number;
}

/** The receiving side of the embedded queue; on Azure the platform's trigger does this. */
export interface LockingQueue extends EventQueue {
  /** Up to `max` visible messages, locked for `lockMs`; a message whose lock ran out is visible again. */
  receive(max: number, lockMs: number): Promise<readonly LockedMessage[]>;
  /** False if the lock was lost meanwhile. */
  complete(lockToken: string): Promise<boolean>;
  /** Makes it visible at once; after its last allowed delivery it becomes a dead letter. False if the lock was lost. */
  abandon(lockToken: string, reason?: string): Promise<boolean>;
  /** False if the lock was lost. */
  renew(lockToken: string, lockMs: number): Promise<boolean>;
  /** Called whenever a message may have become receivable in this process. Returns a function that stops it. */
  onMessage(listener: () => void): () => void;
}

/**
 * Named secrets with versions. Names: `[0-9a-z-]{1,127}`. Values: at most 25 KB.
 * Every method throws `secrets_unavailable` when the store cannot be reached.
 */
export interface SecretStore {
  /** The named version, by default the newest; `undefined` if there is none. */
  get(name: string, version?: string): Promise<string | undefined>;
  /** Adds a version and answers its name. */
  set(name: string, value: string): Promise<string>;
  /** Newest first. */
  versions(name: string): Promise<readonly string[]>;
  /** Deletes all versions. True if there was one. */
  delete(name: string): Promise<boolean>;
}

/** Bytes too large for a message. Throws `store_unavailable` when it cannot be reached. */
export interface PayloadStore {
  /** Overwrites. The payload disappears by itself `ttlSeconds` later. */
  put(key: string, bytes: Uint8Array, ttlSeconds: number): Promise<void>;
  get(key: string): Promise<Buffer | undefined>;
  /** True if there was one. */
  delete(key: string): Promise<boolean>;
}

/** Milliseconds since 1970. */
export type Clock = () => number;

/** How serious a log line is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Writes one structured line. Fields hold codes, ids and numbers; never bodies, signatures, tokens or personal data. */
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;
