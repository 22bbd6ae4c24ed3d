import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { DocumentQuery, Documents, DocumentStore } from "../../shared/core/ports";
import { makeNote, type Note } from "./documents";
import { openForEach, type Subject } from "./subject";

const MAX_PAGES = 200;

/** Follows the cursors to the end; fails if a page is larger than it may be. */
async function readAll(notes: Documents<Note>, query: DocumentQuery): Promise<Note[]> {
  const all: Note[] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const page = await notes.query({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    all.push(...page.items);
    cursor = page.cursor;
    if (++pages > MAX_PAGES) throw new Error("the cursors never end");
  } while (cursor !== undefined);
  return all;
}

async function idsOf(found: Promise<readonly Note[]>): Promise<string[]> {
  return (await found).map(({ id }) => id);
}

/** What the queries of every DocumentStore must do. A page may be short, or even empty, and still have a cursor. */
export function describeDocumentQueries(open: () => Promise<Subject<DocumentStore>>): void {
  const subject = openForEach(open);
  let notes: Documents<Note>;
  let pk: string;
  beforeEach(() => {
    notes = subject().port.collection<Note>("deliveries");
    pk = randomUUID();
  });
  const fill = async (fields: Readonly<Record<string, object>>): Promise<void> => {
    await Promise.all(Object.entries(fields).map(([id, more]) => notes.create(makeNote(pk, id, more))));
  };

  describe("filters", () => {
    it("finds the documents of the partition and of the collection alone, whole", async () => {
      await fill({ a: { title: "one" } });
      await notes.create(makeNote(randomUUID(), "b"));
      await subject().port.collection<Note>("shards").create(makeNote(pk, "c"));
      expect(await readAll(notes, { pk, limit: 10 })).toEqual([makeNote(pk, "a", { title: "one" })]);
    });

    it("finds those in which every filter is met", async () => {
      await fill({ a: { kind: "x", n: 1 }, b: { kind: "x", n: 2 }, c: { kind: "y", n: 1 }, d: {} });
      expect(await idsOf(readAll(notes, { pk, where: { kind: "x", n: 1 }, limit: 10 }))).toEqual(["a"]);
      expect(await idsOf(readAll(notes, { pk, where: { kind: "x" }, limit: 10 }))).toEqual(["a", "b"]);
    });

    it.each<[string, string | number | boolean]>([
      ["a", true],
      ["b", 1],
      ["c", "1"],
      ["d", "true"],
      ["e", 'it\'s "é" \\ \u2028 😀'],
      ["f", 1.5],
    ])("tells values of different types apart: only %s holds %j", async (id, value) => {
      await fill({
        a: { v: true },
        b: { v: 1 },
        c: { v: "1" },
        d: { v: "true" },
        e: { v: 'it\'s "é" \\ \u2028 😀' },
        f: { v: 1.5 },
        g: { v: null },
      });
      expect(await idsOf(readAll(notes, { pk, where: { v: value }, limit: 10 }))).toEqual([id]);
    });

    it("refuses a field name that is not one word", async () => {
      await expect(notes.query({ pk, where: { "a') or 1=1 --": 1 }, limit: 1 })).rejects.toThrow(RangeError);
      await expect(notes.query({ pk, orderBy: { field: "a.b", direction: "asc" }, limit: 1 })).rejects.toThrow(
        RangeError,
      );
    });
  });

  describe("order and paging", () => {
    it("orders by id if nothing else is asked for", async () => {
      await fill({ c: {}, a: {}, b: {}, d: {} });
      expect(await idsOf(readAll(notes, { pk, limit: 3 }))).toEqual(["a", "b", "c", "d"]);
    });

    it("orders by id the other way round, and pages so", async () => {
      await fill({ c: {}, a: {}, b: {}, d: {} });
      const orderBy = { field: "id", direction: "desc" } as const;
      expect(await idsOf(readAll(notes, { pk, orderBy, limit: 3 }))).toEqual(["d", "c", "b", "a"]);
    });

    it.each([
      ["asc", ["c", "a", "b"]],
      ["desc", ["b", "a", "c"]],
    ] as const)("orders by a field, %s", async (direction, expected) => {
      await fill({ a: { at: "2026-11-24T10:00:00Z" }, b: { at: "2026-11-24T11:00:00Z" }, c: { at: "2025-01-01" } });
      expect(await idsOf(readAll(notes, { pk, orderBy: { field: "at", direction }, limit: 2 }))).toEqual(expected);
    });

    it.each([
      ["asc", ["b", "c", "a"]],
      ["desc", ["a", "c", "b"]],
    ] as const)("puts a document without the field before all others, %s", async (direction, expected) => {
      await fill({ a: { n: 0 }, b: {}, c: { n: -5 } });
      expect(await idsOf(readAll(notes, { pk, orderBy: { field: "n", direction }, limit: 1 }))).toEqual(expected);
    });

    it("pages over equal values in the same order every time", async () => {
      await fill(Object.fromEntries(["a", "b", "c", "d", "e"].map((id) => [id, { n: 7 }])));
      const query = { pk, orderBy: { field: "n", direction: "desc" }, limit: 2 } as const;
      const first = await idsOf(readAll(notes, query));
      expect(first.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
      expect(await idsOf(readAll(notes, query))).toEqual(first);
    });

    it("neither repeats nor leaves out a document while others come and go", async () => {
      await fill({ b: {}, d: {}, f: {}, h: {} });
      const first = await notes.query({ pk, limit: 2 });
      expect(first.items.map(({ id }) => id)).toEqual(["b", "d"]);
      await notes.delete(pk, "b");
      await notes.create(makeNote(pk, "a"));
      const rest = await notes.query({ pk, limit: 2, cursor: first.cursor ?? "none" });
      expect(rest.items.map(({ id }) => id)).toEqual(["f", "h"]);
    });

    it("reads each document once, in order, whatever the values, the direction and the page size", async () => {
      const ranks = fc.array(fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }), { maxLength: 12 });
      const property = fc.asyncProperty(
        ranks,
        fc.constantFrom("asc" as const, "desc" as const),
        fc.integer({ min: 1, max: 5 }),
        async (values, direction, limit) => {
          pk = randomUUID();
          await fill(Object.fromEntries(values.map((rank, n) => [`n${n}`, rank === undefined ? {} : { rank }])));
          const found = await readAll(notes, { pk, orderBy: { field: "rank", direction }, limit });
          const read = found.map(({ rank }) => (typeof rank === "number" ? rank : -Infinity));
          const sign = direction === "asc" ? 1 : -1;
          expect(read).toEqual(values.map((rank) => rank ?? -Infinity).toSorted((a, b) => (a < b ? -sign : sign)));
          expect(new Set(found.map(({ id }) => id)).size).toBe(values.length);
        },
      );
      await fc.assert(property, { numRuns: 40 });
    });
  });

  describe("ranges of ids", () => {
    beforeEach(() => fill({ a: {}, b: { n: 1 }, c: {}, ca: { n: 1 }, d: {}, e: {} }));

    it.each([
      ["asc", ["b", "c", "ca"]],
      ["desc", ["ca", "c", "b"]],
    ] as const)("begin with the first, and end before the last, %s", async (direction, expected) => {
      const orderBy = { field: "id", direction };
      for (const limit of [1, 2, 3, 4]) {
        expect(await idsOf(readAll(notes, { pk, ids: { from: "b", before: "d" }, orderBy, limit }))).toEqual(expected);
      }
    });

    it("may have ends that are no documents", async () => {
      expect(await idsOf(readAll(notes, { pk, ids: { from: "bb", before: "dd" }, limit: 10 }))).toEqual([
        "c",
        "ca",
        "d",
      ]);
    });

    it.each([
      ["between two ids", { from: "cb", before: "d" }],
      ["that ends where it begins", { from: "c", before: "c" }],
      ["the wrong way round", { from: "d", before: "b" }],
      ["after the last", { from: "f", before: "g" }],
    ])("hold nothing where there is nothing: %s", async (_, ids) => {
      expect(await notes.query({ pk, ids, limit: 10 })).toEqual({ items: [] });
    });

    it("go together with filters", async () => {
      expect(await idsOf(readAll(notes, { pk, where: { n: 1 }, ids: { from: "c", before: "e" }, limit: 10 }))).toEqual([
        "ca",
      ]);
    });

    it("go together with an order by a field, and its pages", async () => {
      const query = { pk, ids: { from: "b", before: "d" }, orderBy: { field: "n", direction: "desc" } } as const;
      for (const limit of [1, 2, 10]) {
        expect(await idsOf(readAll(notes, { ...query, limit }))).toEqual(["b", "ca", "c"]);
      }
    });

    it("may change from page to page: the next goes on from its place", async () => {
      const { cursor = "none" } = await notes.query({ pk, ids: { from: "b", before: "d" }, limit: 1 });
      const after = async (ids: DocumentQuery["ids"]): Promise<string[]> =>
        (await notes.query({ pk, ...(ids && { ids }), limit: 10, cursor })).items.map(({ id }) => id);
      expect(await after({ from: "a", before: "e" })).toEqual(["c", "ca", "d"]);
      expect(await after({ from: "ca", before: "d" })).toEqual(["ca"]);
      expect(await after({ from: "a", before: "b" })).toEqual([]);
      expect(await after(undefined)).toEqual(["c", "ca", "d", "e"]);
    });
  });

  describe("cursors", () => {
    const firstCursor = async (query: DocumentQuery): Promise<string> => (await notes.query(query)).cursor ?? "none";

    it("refuses a cursor of another query", async () => {
      await fill({ a: { n: 1 }, b: { n: 1 }, c: { n: 1 } });
      const cursor = await firstCursor({ pk, where: { n: 1 }, limit: 1 });
      const others: DocumentQuery[] = [
        { pk, limit: 1 },
        { pk, where: { n: 2 }, limit: 1 },
        { pk, where: { n: 1 }, orderBy: { field: "n", direction: "desc" }, limit: 1 },
        { pk: randomUUID(), where: { n: 1 }, limit: 1 },
      ];
      for (const query of others) {
        await expect(notes.query({ ...query, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
      }
    });

    it("refuses a cursor of another collection", async () => {
      await fill({ a: {}, b: {} });
      const cursor = await firstCursor({ pk, limit: 1 });
      const others = subject().port.collection<Note>("shards");
      await expect(others.query({ pk, limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
    });

    it("takes a cursor with another page size", async () => {
      await fill({ a: {}, b: {}, c: {} });
      const cursor = await firstCursor({ pk, limit: 1 });
      expect((await notes.query({ pk, limit: 10, cursor })).items.map(({ id }) => id)).toEqual(["b", "c"]);
    });

    it("refuses whatever it did not give out", async () => {
      const texts = fc.oneof(
        fc.string({ unit: "binary" }),
        fc.base64String(),
        fc.json().map((json) => Buffer.from(json).toString("base64url")),
      );
      const property = fc.asyncProperty(texts, async (cursor) => {
        await expect(notes.query({ pk, limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
      });
      await fc.assert(property, { numRuns: 100 });
    });
  });
}
