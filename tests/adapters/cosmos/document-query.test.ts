import { compositeIndexFor, compositeIndexes, toSqlQuery } from "../../../shared/adapters/cosmos/document-query";
import type { DocumentQuery, Documents } from "../../../shared/core/ports";
import { Conflicts } from "../../../shared/repositories/conflicts";
import { Deliveries } from "../../../shared/repositories/deliveries";
import { HeldEvents } from "../../../shared/repositories/held-events";
import { Mappings } from "../../../shared/repositories/mappings";
import { Registrations } from "../../../shared/repositories/registrations";
import { Shards } from "../../../shared/repositories/shards";
import { SyncTasks } from "../../../shared/repositories/sync-tasks";
import { makeNote, type Note } from "../../contracts/documents";
import { makeRegistration } from "../../support/make";
import { useCosmos } from "./use-cosmos";

const cosmos = useCosmos({
  deliveries: [
    compositeIndexFor({ field: "rank", direction: "asc" }),
    compositeIndexFor({ field: "rank", direction: "desc" }),
  ],
});

/** The ids of all pages, in their order. */
async function readIds(notes: Documents<Note>, query: DocumentQuery): Promise<string[]> {
  const { items, cursor } = await notes.query(query);
  const rest = cursor === undefined ? [] : await readIds(notes, { ...query, cursor });
  return [...items.map(({ id }) => id), ...rest];
}

async function fill(notes: Documents<Note>, pk: string, ranks: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [id, rank] of Object.entries(ranks))
    await notes.create(makeNote(pk, id, rank === undefined ? {} : { rank }));
}

describe("a query of Cosmos DB", () => {
  it.each([1, 2, 3])("orders values of all types as Cosmos DB does, %i a page", async (limit) => {
    const notes = cosmos.notes();
    const pk = `mixed-${limit}`;
    await fill(notes, pk, { h: "b", g: "a", f: 2, e: -1, d: true, c: false, b: null, a2: undefined, a1: undefined });
    const ascending = ["a1", "a2", "b", "c", "d", "e", "f", "g", "h"];
    const descending = ["h", "g", "f", "e", "d", "c", "b", "a1", "a2"];
    expect(await readIds(notes, { pk, orderBy: { field: "rank", direction: "asc" }, limit })).toEqual(ascending);
    expect(await readIds(notes, { pk, orderBy: { field: "rank", direction: "desc" }, limit })).toEqual(descending);
  });

  it("orders by id in both directions", async () => {
    const notes = cosmos.notes();
    await fill(notes, "by-id", { b: 1, c: 1, a: 1 });
    const inOrder = (direction: "asc" | "desc"): Promise<string[]> =>
      readIds(notes, { pk: "by-id", orderBy: { field: "id", direction }, limit: 1 });
    expect(await inOrder("asc")).toEqual(["a", "b", "c"]);
    expect(await inOrder("desc")).toEqual(["c", "b", "a"]);
  });

  it("takes a field that is called as a word of the language is", async () => {
    const notes = cosmos.notes();
    await notes.create(makeNote("words", "a", { value: 1, order: "x" }));
    expect(await readIds(notes, { pk: "words", where: { value: 1, order: "x" }, limit: 1 })).toEqual(["a"]);
  });

  it("never finds the documents of another partition, whatever it asks for", async () => {
    const notes = cosmos.notes();
    for (const pk of ["ours", "theirs"]) await fill(notes, pk, { a: 1, b: 1, c: 2 });
    const { items, cursor = "none" } = await notes.query({ pk: "ours", where: { rank: 1 }, limit: 1 });
    const next = await notes.query({ pk: "ours", where: { rank: 1 }, limit: 10, cursor });
    expect([...items, ...next.items].map(({ pk, id }) => [pk, id])).toEqual([
      ["ours", "a"],
      ["ours", "b"],
    ]);
    expect((await notes.query({ pk: "ours", where: { pk: "theirs" }, limit: 10 })).items).toEqual([]);
    await expect(notes.query({ pk: "theirs", where: { rank: 1 }, limit: 10, cursor })).rejects.toMatchObject({
      code: "invalid_cursor",
    });
  });

  it("refuses a cursor whose place is no place in the order", async () => {
    const notes = cosmos.notes();
    await fill(notes, "forged", { a: 1, b: 2 });
    const query = { pk: "forged", orderBy: { field: "rank", direction: "asc" }, limit: 1 } as const;
    const { cursor = "none" } = await notes.query(query);
    const parts: object = JSON.parse(Buffer.from(cursor, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...parts, sortKey: [] })).toString("base64url");
    await expect(notes.query({ ...query, cursor: forged })).rejects.toMatchObject({ code: "invalid_cursor" });
  });

  it("names the partition in the request and in the query itself", async () => {
    const notes = cosmos.notes();
    await notes.query({ pk: "ours", limit: 1 });
    expect(cosmos.server.seen.at(-1)).toMatchObject({ method: "POST", partitionKey: '["ours"]' });
    expect(toSqlQuery("deliveries", { pk: "ours", where: { rank: 1 }, limit: 1 })).toEqual({
      query: 'SELECT * FROM c WHERE c.pk = @pk AND c["rank"] = @where1 ORDER BY c["id"] ASC',
      parameters: [
        { name: "@pk", value: "ours" },
        { name: "@where1", value: 1 },
      ],
    });
  });

  it("names the ends of a range of ids as parameters", () => {
    const ids = { from: "a", before: "b' OR true --" };
    expect(toSqlQuery("deliveries", { pk: "ours", ids, limit: 1 })).toEqual({
      query: 'SELECT * FROM c WHERE c.pk = @pk AND c["id"] >= @first AND c["id"] < @before ORDER BY c["id"] ASC',
      parameters: [
        { name: "@pk", value: "ours" },
        { name: "@first", value: ids.from },
        { name: "@before", value: ids.before },
      ],
    });
  });

  it.each([
    ["empty", []],
    ["short", ["a"]],
  ])("reads on where a page comes %s although there is more", async (name, ids) => {
    const notes = cosmos.notes();
    await fill(notes, name, { a: 1, b: 1 });
    const body = { Documents: ids.map((id) => makeNote(name, id)), _count: ids.length };
    const page = { status: 200, headers: { "x-ms-continuation": "more" }, body };
    cosmos.server.answerNext(page, page);
    expect(await readIds(notes, { pk: name, limit: 5 })).toEqual(["a", "b"]);
  });

  it("asks nothing where no document can be", async () => {
    const notes = cosmos.notes();
    const before = cosmos.server.seen.length;
    for (const key of ["", ".", "..", "a/b", "\ud800", "x".repeat(1024)]) {
      expect(await notes.get("p", key)).toBeUndefined();
      expect(await notes.get(key, "a")).toBeUndefined();
      expect(await notes.delete("p", key)).toBe(false);
      expect(await notes.query({ pk: key, limit: 1 })).toEqual({ items: [] });
    }
    expect(cosmos.server.seen).toHaveLength(before);
  });

  it("of a single document is one request, on a new connection too", async () => {
    const notes = cosmos.notes();
    const before = cosmos.server.seen.length;
    await notes.get("p", "a");
    const paths = cosmos.server.seen.slice(before).map(({ method, path }) => `${method} ${path}`);
    expect(paths).toEqual(["GET /dbs/castiel/colls/deliveries/docs/a"]);
  });
});

describe("the composite indexes", () => {
  it("are all that the lists of the repositories need", async () => {
    const store = cosmos.open();
    const registration = makeRegistration();
    const tenant = { tenantId: registration.tenantId, tenantKey: registration.pk };
    const registrations = new Registrations(store);
    await registrations.create(registration);
    expect((await registrations.list(tenant, { limit: 10 })).items).toEqual([registration]);
    for await (const { id } of registrations.listTenants()) expect(id).toBe(registration.pk);
    expect.assertions(9);
    expect((await new Shards(store).list(tenant, { limit: 10 })).items).toEqual([]);
    expect((await new Deliveries(store).list(tenant.tenantId, registration.id, 10)).items).toEqual([]);
    expect((await new SyncTasks(store).list(tenant, { limit: 10 })).items).toEqual([]);
    expect((await new Conflicts(store).list(tenant, { limit: 10 })).items).toEqual([]);
    expect((await new Mappings(store).list(tenant, { limit: 10 })).items).toEqual([]);
    expect(await new HeldEvents(store).oldest(tenant.tenantId, registration.id, 10)).toEqual([]);
    const oldestFirst = { fields: {}, since: 0, until: 0, limit: 10, oldestFirst: true };
    expect((await new Deliveries(store).search(tenant, oldestFirst)).items).toEqual([]);
  });

  it("are missed where there is none", async () => {
    const query = { pk: "p", orderBy: { field: "other", direction: "asc" }, limit: 1 } as const;
    await cosmos.notes().create(makeNote("p", "a"));
    await expect(cosmos.notes().query(query)).rejects.toThrow("composite index");
  });

  it("name the field and then the id", () => {
    expect(compositeIndexes).toEqual({
      deliveries: [
        [
          { path: "/receivedAt", order: "descending" },
          { path: "/id", order: "ascending" },
        ],
      ],
      "held-events": [
        [
          { path: "/receivedOrder", order: "ascending" },
          { path: "/id", order: "ascending" },
        ],
      ],
      conflicts: [
        [
          { path: "/detectedAt", order: "descending" },
          { path: "/id", order: "ascending" },
        ],
      ],
      "hook-ledgers": [
        [
          { path: "/dueAt", order: "ascending" },
          { path: "/id", order: "ascending" },
        ],
      ],
    });
  });
});
