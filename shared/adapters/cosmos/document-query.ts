import type { SqlParameter, SqlQuerySpec } from "@azure/cosmos";
import { type CursorPosition, readCursor } from "../../core/document-cursor";
import { checkFieldName } from "../../core/document-rules";
import { WebhookError } from "../../core/errors";
import type { CollectionName, DocumentQuery } from "../../core/ports";

type OrderBy = NonNullable<DocumentQuery["orderBy"]>;

/** Two properties that a query is ordered by, as an indexing policy names them. */
export type CompositeIndex = readonly { readonly path: string; readonly order: "ascending" | "descending" }[];

/**
 * The composite indexes that the containers must have: Cosmos DB answers 400 to an order by two properties without one
 * (learn.microsoft.com/azure/cosmos-db/index-policy, "Composite indexes"). One for each `orderBy` of the repositories,
 * because ties are broken by id. With such an index, documents without the field are found too, before all others.
 */
export const compositeIndexes: Readonly<Partial<Record<CollectionName, readonly CompositeIndex[]>>> = {
  deliveries: [compositeIndexFor({ field: "receivedAt", direction: "desc" })],
  "held-events": [compositeIndexFor({ field: "receivedOrder", direction: "asc" })],
  conflicts: [compositeIndexFor({ field: "detectedAt", direction: "desc" })],
  "hook-ledgers": [compositeIndexFor({ field: "dueAt", direction: "asc" })],
};

/** The index that a query ordered in this way needs. */
export function compositeIndexFor({ field, direction }: OrderBy): CompositeIndex {
  return [
    { path: `/${field}`, order: direction === "asc" ? "ascending" : "descending" },
    { path: "/id", order: "ascending" },
  ];
}

const byId: OrderBy = { field: "id", direction: "asc" };

/** Tests for the types that a field may have, in the order in which Cosmos DB sorts them. */
const typesInOrder: readonly { readonly name: string; readonly test: (path: string) => string }[] = [
  { name: "undefined", test: (path) => `NOT IS_DEFINED(${path})` },
  { name: "null", test: (path) => `IS_NULL(${path})` },
  { name: "boolean", test: (path) => `IS_BOOL(${path})` },
  { name: "number", test: (path) => `IS_NUMBER(${path})` },
  { name: "string", test: (path) => `IS_STRING(${path})` },
];

/**
 * The query in Cosmos DB's SQL, from its cursor on. The cursor is a place in the order and not one of Cosmos DB's
 * continuation tokens, which can be large, and end with the service's own state.
 * @throws {WebhookError} `invalid_cursor`
 * @throws {RangeError} a field name that is not one word
 */
export function toSqlQuery(collection: string, query: DocumentQuery): SqlQuerySpec {
  // The request names the partition as well. Said twice, it holds even if the SDK should fan a query out.
  const conditions = ["c.pk = @pk"];
  const parameters: SqlParameter[] = [{ name: "@pk", value: query.pk }];
  for (const [field, wanted] of Object.entries(query.where ?? {})) {
    const name = `@where${parameters.length}`;
    conditions.push(`${toPath(field)} = ${name}`);
    parameters.push({ name, value: wanted });
  }
  if (query.ids !== undefined) {
    conditions.push(`${toPath("id")} >= @first`, `${toPath("id")} < @before`);
    parameters.push({ name: "@first", value: query.ids.from }, { name: "@before", value: query.ids.before });
  }
  const orderBy = query.orderBy ?? byId;
  if (query.cursor !== undefined) {
    const position = readCursor(collection, query, query.cursor);
    conditions.push(toCondition(orderBy, position));
    parameters.push(...toParameters(position));
  }
  return { query: `SELECT * FROM c WHERE ${conditions.join(" AND ")} ORDER BY ${toOrder(orderBy)}`, parameters };
}

/** In brackets, because a field may be called as a word of the language is. */
function toPath(field: string): string {
  return `c["${checkFieldName(field)}"]`;
}

function toOrder({ field, direction }: OrderBy): string {
  const order = `${toPath(field)} ${direction.toUpperCase()}`;
  return field === "id" ? order : `${order}, ${toPath("id")} ASC`;
}

/**
 * True of what comes after a position: the same value and a later id, or a later value, or a value of a later type.
 * Comparing values of two types is neither true nor false in Cosmos DB.
 */
function toCondition({ field, direction }: OrderBy, { sortKey }: CursorPosition): string {
  const after = direction === "asc" ? ">" : "<";
  if (field === "id") return `${toPath("id")} ${after} @id`;
  const path = toPath(field);
  const rank = typesInOrder.findIndex(({ name }) => name === (sortKey === null ? "null" : typeof sortKey));
  if (rank === -1) throw new WebhookError("invalid_cursor");
  const laterTypes = direction === "asc" ? typesInOrder.slice(rank + 1) : typesInOrder.slice(0, rank);
  const same = sortKey === undefined ? `NOT IS_DEFINED(${path})` : `${path} = @sortKey`;
  const alternatives = [
    `(${same} AND ${toPath("id")} > @id)`,
    ...(sortKey === undefined ? [] : [`${path} ${after} @sortKey`]),
    ...laterTypes.map(({ test }) => test(path)),
  ];
  return `(${alternatives.join(" OR ")})`;
}

function toParameters({ sortKey, id }: CursorPosition): SqlParameter[] {
  const parameters: SqlParameter[] = [{ name: "@id", value: id }];
  // Anything but these has been refused when the condition was made.
  if (sortKey !== undefined) parameters.push({ name: "@sortKey", value: sortKey as string | number | boolean | null });
  return parameters;
}
