import { randomInt } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type CursorPosition, toCursor } from "../../core/document-cursor";
import { addDeltas, checkDeltas, checkDocumentKeys, pageLimit, serialiseDocument } from "../../core/document-rules";
import { WebhookError } from "../../core/errors";
import type {
  Clock,
  CollectionName,
  Document,
  DocumentQuery,
  Documents,
  DocumentStore,
  Page,
  Stored,
} from "../../core/ports";
import { toSql } from "./document-query";
import type { GroupCommit } from "./group-commit";
import { SWEEP_ROWS, sweepInGroups } from "./sweep";
import { orUnavailable, readOrUnavailable } from "./unavailable";

/** Enough not to meet again: an etag that came twice would hide a change. */
const ETAGS = 2 ** 48 - 1;

interface Row {
  readonly body: string;
  readonly etag: number;
}

/** Documents as rows of JSON. Writes go through the group commit; reads are answered at once. */
export class SqliteDocuments implements DocumentStore {
  readonly #database: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #now: Clock;
  readonly #sweep: StatementSync;

  constructor(database: DatabaseSync, commits: GroupCommit, now: Clock) {
    this.#database = database;
    this.#commits = commits;
    this.#now = now;
    this.#sweep = database.prepare(
      `delete from documents where rowid in (select rowid from documents where expires_at <= ? limit ${SWEEP_ROWS})`,
    );
  }

  collection<T extends Document>(name: CollectionName): Documents<T> {
    return new SqliteCollection<T>(this.#database, this.#commits, this.#now, name);
  }

  /** Deletes some of the documents whose time has come. */
  async sweep(): Promise<void> {
    const now = this.#now();
    await sweepInGroups(this.#commits, () => this.#sweep.run(now));
  }
}

class SqliteCollection<T extends Document> implements Documents<T> {
  readonly #database: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #now: Clock;
  readonly #name: string;
  readonly #statements: Record<"get" | "create" | "replace" | "upsert" | "delete", StatementSync>;

  constructor(database: DatabaseSync, commits: GroupCommit, now: Clock, name: string) {
    this.#database = database;
    this.#commits = commits;
    this.#now = now;
    this.#name = name;
    this.#statements = prepareStatements(database);
  }

  get(pk: string, id: string): Promise<Stored<T> | undefined> {
    return readOrUnavailable("store_unavailable", () => this.#read(pk, id));
  }

  create(document: T): Promise<Stored<T>> {
    return this.#write(document, (body, etag, expiresAt) => {
      const { pk, id } = document;
      const now = this.#now();
      const { changes } = this.#statements.create.run(this.#name, pk, id, body, etag, expiresAt, now);
      if (changes === 0) throw new WebhookError("document_exists");
    });
  }

  replace(document: T, etag: string): Promise<Stored<T>> {
    return this.#write(document, (body, newEtag, expiresAt) => {
      const key = [this.#name, document.pk, document.id] as const;
      const { changes } = this.#statements.replace.run(body, newEtag, expiresAt, ...key, Number(etag), this.#now());
      if (changes === 0) throw new WebhookError("document_changed");
    });
  }

  upsert(document: T): Promise<Stored<T>> {
    return this.#write(document, (body, etag, expiresAt) => {
      this.#statements.upsert.run(this.#name, document.pk, document.id, body, etag, expiresAt);
    });
  }

  async increment(initial: T, deltas: Readonly<Record<string, number>>): Promise<void> {
    checkDocumentKeys(initial);
    checkDeltas(deltas);
    await this.#commit(() => {
      const next = addDeltas(this.#read(initial.pk, initial.id)?.value ?? initial, deltas);
      const body = serialiseDocument(next);
      this.#statements.upsert.run(this.#name, next.pk, next.id, body, randomInt(1, ETAGS), this.#expiryOf(next));
    });
  }

  delete(pk: string, id: string): Promise<boolean> {
    return this.#commit(() => this.#statements.delete.run(this.#name, pk, id, this.#now()).changes > 0);
  }

  query(query: DocumentQuery): Promise<Page<T>> {
    return readOrUnavailable("store_unavailable", () => this.#page(query));
  }

  #read(pk: string, id: string): Stored<T> | undefined {
    const row = this.#statements.get.get(this.#name, pk, id, this.#now());
    return row === undefined ? undefined : toStored<T>(row);
  }

  async #write(
    document: T,
    statement: (body: string, etag: number, expiresAt: number | null) => void,
  ): Promise<Stored<T>> {
    checkDocumentKeys(document);
    const body = serialiseDocument(document);
    const etag = randomInt(1, ETAGS);
    await this.#commit(() => statement(body, etag, this.#expiryOf(document)));
    return { value: document, etag: String(etag) };
  }

  #commit<R>(work: () => R): Promise<R> {
    return orUnavailable("store_unavailable", this.#commits.run(work));
  }

  #expiryOf({ ttl }: Document): number | null {
    return ttl === undefined ? null : this.#now() + ttl * 1000;
  }

  #page(query: DocumentQuery): Page<T> {
    const limit = pageLimit(query);
    const { sql, values, sortSql } = toSql(this.#name, query, this.#now());
    const rows = this.#database
      .prepare(`select body, etag, id, ${sortSql} as sort_key from documents where ${sql} limit ${limit + 1}`)
      .all(...values);
    const items = rows.slice(0, limit).map((row) => toStored<T>(row).value);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return last === undefined ? { items } : { items, cursor: toCursor(this.#name, query, toPosition(last)) };
  }
}

function prepareStatements(database: DatabaseSync) {
  const key = "collection = ? and pk = ? and id = ?";
  const alive = "(expires_at is null or expires_at > ?)";
  const insert = "insert into documents (collection, pk, id, body, etag, expires_at) values (?, ?, ?, ?, ?, ?)";
  const overwrite =
    "on conflict do update set body = excluded.body, etag = excluded.etag, expires_at = excluded.expires_at";
  return {
    get: database.prepare(`select body, etag from documents where ${key} and ${alive}`),
    create: database.prepare(`${insert} ${overwrite} where documents.expires_at <= ?`),
    replace: database.prepare(
      `update documents set body = ?, etag = ?, expires_at = ? where ${key} and etag = ? and ${alive}`,
    ),
    upsert: database.prepare(`${insert} ${overwrite}`),
    delete: database.prepare(`delete from documents where ${key} and ${alive}`),
  };
}

function toStored<T extends Document>(row: object): Stored<T> {
  // The columns are those of the select, and the body is what `serialiseDocument` made of a T.
  const { body, etag } = row as Row;
  return { value: JSON.parse(body) as T, etag: String(etag) };
}

function toPosition(row: object): CursorPosition {
  // The columns are those of the select.
  const { sort_key: sortKey, id } = row as { sort_key: unknown; id: string };
  return { sortKey, id };
}
