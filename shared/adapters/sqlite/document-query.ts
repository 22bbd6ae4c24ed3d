import { hash } from "node:crypto";
import { parseJson } from "../../core/delivery-request";
import { WebhookError } from "../../core/errors";
import { at, textAt } from "../../core/json";
import type { DocumentQuery } from "../../core/ports";

const fieldName = /^[A-Za-z][A-Za-z0-9_]*$/;

type Value = string | number;

/** Where a document without the field sorts: before all others, as in Cosmos DB. JSON, and so a cursor, says null for it. */
const BEFORE_ALL = -Infinity;

/** A query as the conditions and order of a select, with the values to bind and the expression that it sorts by. */
export interface QuerySql {
  readonly sql: string;
  readonly values: readonly Value[];
  readonly sortSql: string;
}

/**
 * @throws {WebhookError} `invalid_cursor`
 * @throws {RangeError} a field name that is not one word
 */
export function toSql(collection: string, query: DocumentQuery, now: number): QuerySql {
  const conditions = ["collection = ?", "pk = ?", "(expires_at is null or expires_at > ?)"];
  const values: Value[] = [collection, query.pk, now];
  for (const [field, wanted] of Object.entries(query.where ?? {})) {
    // Compared as JSON, so that true, 1 and "1" stay three different things.
    conditions.push(`body -> '${toPath(field)}' = ?`);
    values.push(JSON.stringify(wanted));
  }
  const sortSql = query.orderBy === undefined ? "id" : `coalesce(body ->> '${toPath(query.orderBy.field)}', -9e999)`;
  const direction = query.orderBy?.direction ?? "asc";
  if (query.cursor !== undefined) {
    const { sortKey, id } = readCursor(collection, query, query.cursor);
    conditions.push(`(${sortSql} ${direction === "asc" ? ">" : "<"} ? or (${sortSql} = ? and id > ?))`);
    values.push(sortKey, sortKey, id);
  }
  return { sql: `${conditions.join(" and ")} order by ${sortSql} ${direction}, id`, values, sortSql };
}

function toPath(field: string): string {
  if (!fieldName.test(field)) throw new RangeError(`not a field name: ${field}`);
  return `$.${field}`;
}

/** The cursor after `last`. It says of which query it is, so that it cannot be used on another. */
export function toCursor(collection: string, query: DocumentQuery, last: object): string {
  const parts = { query: fingerprint(collection, query), sortKey: at(last, "sort_key"), id: at(last, "id") };
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

function readCursor(collection: string, query: DocumentQuery, cursor: string): { sortKey: Value; id: string } {
  const parts = parseJson(Buffer.from(cursor, "base64url").toString("utf8"));
  const [id, sortKey] = [textAt(parts, "id"), at(parts, "sortKey") ?? BEFORE_ALL];
  const fits = textAt(parts, "query") === fingerprint(collection, query);
  if (!fits || id === undefined || (typeof sortKey !== "string" && typeof sortKey !== "number")) {
    throw new WebhookError("invalid_cursor");
  }
  return { sortKey, id };
}

function fingerprint(collection: string, { pk, where, orderBy }: DocumentQuery): string {
  return hash("sha256", JSON.stringify([collection, pk, where ?? {}, orderBy ?? {}]), "base64url").slice(0, 16);
}
