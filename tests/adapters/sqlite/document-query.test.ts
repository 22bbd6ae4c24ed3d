import { DatabaseSync } from "node:sqlite";
import { toCursor } from "../../../shared/core/document-cursor";
import type { DocumentQuery } from "../../../shared/core/ports";
import { toSql } from "../../../shared/adapters/sqlite/document-query";
import { migrate } from "../../../shared/adapters/sqlite/migrate";
import { migrations } from "../../../shared/adapters/sqlite/schema";

let database: DatabaseSync;
beforeEach(() => {
  database = new DatabaseSync(":memory:");
  migrate(database, undefined, migrations);
});
afterEach(() => database.close());

/** How SQLite goes about a query: one line a step. */
function planOf(query: DocumentQuery): unknown[] {
  const { sql, values } = toSql("delivery-lines", query, 0);
  const steps = database.prepare(`explain query plan select body from documents where ${sql}`).all(...values);
  return steps.map(({ detail }) => detail);
}

const search = "SEARCH documents USING INDEX sqlite_autoindex_documents_1";

describe.each(["asc", "desc"] as const)("a query of documents in the order of their ids, %s", (direction) => {
  const query = { pk: "p", where: { kind: "x" }, orderBy: { field: "id", direction }, limit: 10 } as const;

  it("goes to the first of a range of ids, and ends with the last", () => {
    const ids = { from: "b", before: "d" };
    expect(planOf({ ...query, ids })).toEqual([`${search} (collection=? AND pk=? AND id>? AND id<?)`]);
  });

  it("goes to where the page before ended", () => {
    const cursor = toCursor("delivery-lines", query, { id: "c" });
    const place = direction === "asc" ? "id>?" : "id<?";
    expect(planOf({ ...query, cursor })).toEqual([`${search} (collection=? AND pk=? AND ${place})`]);
  });

  it("goes to where the page before ended within a range of ids, and not to the end of the range", () => {
    const cursor = toCursor("delivery-lines", query, { id: "c" });
    const ranged = { ...query, ids: { from: "b", before: "d" }, cursor };
    expect(planOf(ranged)).toEqual([`${search} (collection=? AND pk=? AND id>? AND id<?)`]);
    // A plan does not tell by which of two conditions; a plus leaves but one.
    expect(toSql("delivery-lines", ranged, 0).sql).toContain(direction === "asc" ? "+id >= ?" : "+id < ?");
  });
});
