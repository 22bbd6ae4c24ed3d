import { readCursor } from "../../core/document-cursor";
import { checkFieldName } from "../../core/document-rules";
import { WebhookError } from "../../core/errors";
import type { DocumentQuery } from "../../core/ports";

type Value = string | number;

const byId: NonNullable<DocumentQuery["orderBy"]> = { field: "id", direction: "asc" };

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
  const { field, direction } = query.orderBy ?? byId;
  const sortSql = toSortSql(field);
  const after = direction === "asc" ? ">" : "<";
  if (query.ids !== undefined) {
    conditions.push(...rangeConditions(query));
    values.push(query.ids.from, query.ids.before);
  }
  if (query.cursor !== undefined) {
    const { sortKey, id } = readPosition(collection, query, query.cursor);
    // An alternative would have SQLite read all that comes before, where it can go to an id.
    conditions.push(field === "id" ? `id ${after} ?` : `(${sortSql} ${after} ? or (${sortSql} = ? and id > ?))`);
    values.push(...(field === "id" ? [id] : [sortKey, sortKey, id]));
  }
  return { sql: `${conditions.join(" and ")} order by ${sortSql} ${direction}, id`, values, sortSql };
}

/** A plus keeps SQLite from going to that end of a range: it goes to one place alone, and the cursor's is nearer. */
function rangeConditions({ orderBy = byId, cursor }: DocumentQuery): readonly string[] {
  if (orderBy.field !== "id" || cursor === undefined) return ["id >= ?", "id < ?"];
  return orderBy.direction === "asc" ? ["+id >= ?", "id < ?"] : ["id >= ?", "+id < ?"];
}

/** By its id a document is found without looking into it. */
function toSortSql(field: string): string {
  return field === "id" ? field : `coalesce(body ->> '${toPath(field)}', -9e999)`;
}

function toPath(field: string): string {
  return `$.${checkFieldName(field)}`;
}

function readPosition(collection: string, query: DocumentQuery, cursor: string): { sortKey: Value; id: string } {
  const { sortKey, id } = readCursor(collection, query, cursor);
  if (sortKey === undefined || sortKey === null) return { sortKey: BEFORE_ALL, id };
  if (typeof sortKey !== "string" && typeof sortKey !== "number") throw new WebhookError("invalid_cursor");
  return { sortKey, id };
}
