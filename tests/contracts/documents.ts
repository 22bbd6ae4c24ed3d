import { randomUUID } from "node:crypto";
import type { Document, Documents, DocumentStore } from "../../shared/core/ports";
import { expectAllToReject, openForEach, type Subject } from "./subject";

/** A document as the contract suites write it. */
export interface Note extends Document {
  readonly [field: string]: unknown;
}

/** A note in partition `pk`. */
export function makeNote(pk: string, id: string, fields: object = {}): Note {
  return { ...fields, id, pk, tenantId: "tenant-123", schemaVersion: 1 };
}

const MEGABYTE = 1024 * 1024;
const notKeys = ["", "a/b", "a\\b", "a?b", "a#b", "x".repeat(1024), "é".repeat(512)];

/**
 * What every DocumentStore must do, its queries apart ({@link describeDocumentQueries}). Partitions have random names, so
 * that it can run on a store that is shared.
 */
export function describeDocuments(open: () => Promise<Subject<DocumentStore>>): void {
  const subject = openForEach(open);
  let notes: Documents<Note>;
  let pk: string;
  beforeEach(() => {
    notes = subject().port.collection<Note>("registrations");
    pk = randomUUID();
  });
  const note = (id: string, fields: object = {}): Note => makeNote(pk, id, fields);

  describe("get and create", () => {
    it("answers nothing for an id that it never saw", async () => {
      expect(await notes.get(pk, "unknown")).toBeUndefined();
    });

    it("gives back what was created, under the same etag", async () => {
      const created = await notes.create(
        note("a", { title: 'é \u0000 "quoted" \u2028 😀', deep: { list: [1, null, true] } }),
      );
      expect(await notes.get(pk, "a")).toEqual(created);
    });

    it("refuses to create what exists, and leaves it as it is", async () => {
      await notes.create(note("a", { title: "first" }));
      await expect(notes.create(note("a", { title: "second" }))).rejects.toMatchObject({ code: "document_exists" });
      expect((await notes.get(pk, "a"))?.value).toMatchObject({ title: "first" });
    });

    it("lets one of many creators of the same document win", async () => {
      const attempts = Array.from({ length: 20 }, (_, n) => notes.create(note("a", { n })));
      const outcomes = await Promise.allSettled(attempts);
      const winners = outcomes.filter(({ status }) => status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect([await notes.get(pk, "a")]).toEqual(winners.map((winner) => "value" in winner && winner.value));
    });

    it("keeps partitions apart", async () => {
      await notes.create(note("a"));
      expect(await notes.get(randomUUID(), "a")).toBeUndefined();
      await expect(notes.create(makeNote(randomUUID(), "a"))).resolves.toBeDefined();
    });

    it("keeps collections apart", async () => {
      const others = subject().port.collection<Note>("shards");
      await notes.create(note("a", { title: "a registration" }));
      expect(await others.get(pk, "a")).toBeUndefined();
      await others.create(note("a", { title: "a shard" }));
      expect((await notes.get(pk, "a"))?.value).toMatchObject({ title: "a registration" });
    });

    it("opens the same collection under the same name", async () => {
      await notes.create(note("a"));
      expect(await subject().port.collection<Note>("registrations").get(pk, "a")).toBeDefined();
    });
  });

  describe("replace and upsert", () => {
    it("replaces the document that has the etag, and gives it a new one", async () => {
      const first = await notes.create(note("a", { title: "first" }));
      const second = await notes.replace(note("a", { title: "second" }), first.etag);
      expect(second.etag).not.toBe(first.etag);
      expect(await notes.get(pk, "a")).toEqual(second);
    });

    it("refuses to replace a document that was changed meanwhile", async () => {
      const first = await notes.create(note("a", { title: "first" }));
      await notes.upsert(note("a", { title: "second" }));
      await expect(notes.replace(note("a"), first.etag)).rejects.toMatchObject({ code: "document_changed" });
      expect((await notes.get(pk, "a"))?.value).toMatchObject({ title: "second" });
    });

    it("refuses to replace a document that is gone, even if there is one of that id again", async () => {
      const first = await notes.create(note("a"));
      await notes.delete(pk, "a");
      await expect(notes.replace(note("a"), first.etag)).rejects.toMatchObject({ code: "document_changed" });
      await notes.create(note("a"));
      await expect(notes.replace(note("a"), first.etag)).rejects.toMatchObject({ code: "document_changed" });
    });

    it("lets one of many replacers with the same etag win", async () => {
      const { etag } = await notes.create(note("a"));
      const attempts = Array.from({ length: 20 }, (_, n) => notes.replace(note("a", { n }), etag));
      const outcomes = await Promise.allSettled(attempts);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("gives out no etag twice through two handles of one collection", async () => {
      const others = subject().port.collection<Note>("registrations");
      const etags = new Set<string>();
      for (let n = 0; n < 20; n++) {
        for (const { etag } of await Promise.all([notes.upsert(note("a", { n })), others.upsert(note("a", { n }))])) {
          etags.add(etag);
        }
      }
      expect(etags.size).toBe(40);
    });

    it("upserts a document whether or not there is one", async () => {
      await notes.upsert(note("a", { title: "first", old: true }));
      const second = await notes.upsert(note("a", { title: "second" }));
      expect(await notes.get(pk, "a")).toEqual(second);
      expect(second.value).not.toHaveProperty("old");
    });
  });

  describe("increment", () => {
    it("creates the initial document plus the deltas if there is none", async () => {
      await notes.increment(note("a", { accepted: 10, title: "new" }), { accepted: 2, refused: 1 });
      expect((await notes.get(pk, "a"))?.value).toEqual(note("a", { accepted: 12, refused: 1, title: "new" }));
    });

    it("adds to the fields that are there, counts missing ones as 0 and leaves the others alone", async () => {
      await notes.create(note("a", { accepted: 5, title: "kept" }));
      await notes.increment(note("a", { accepted: 100, title: "initial" }), { accepted: -2, refused: 3 });
      expect((await notes.get(pk, "a"))?.value).toEqual(note("a", { accepted: 3, refused: 3, title: "kept" }));
    });

    it("counts every one of many increments at the same time", async () => {
      await Promise.all(Array.from({ length: 25 }, () => notes.increment(note("a"), { accepted: 1, refused: 2 })));
      expect((await notes.get(pk, "a"))?.value).toMatchObject({ accepted: 25, refused: 50 });
    });

    it("changes the etag", async () => {
      const { etag } = await notes.create(note("a"));
      await notes.increment(note("a"), { accepted: 1 });
      await expect(notes.replace(note("a"), etag)).rejects.toMatchObject({ code: "document_changed" });
    });
  });

  describe("delete", () => {
    it("says whether there was a document, and takes it away", async () => {
      await notes.create(note("a"));
      expect(await notes.delete(pk, "a")).toBe(true);
      expect(await notes.get(pk, "a")).toBeUndefined();
      expect(await notes.delete(pk, "a")).toBe(false);
    });
  });

  describe("time to live", () => {
    it("keeps a document until its time has come", async () => {
      await notes.create(note("a", { ttl: 600 }));
      await subject().passTime(1000);
      expect(await notes.get(pk, "a")).toBeDefined();
    });

    it("takes an expired document for absent everywhere", async () => {
      const { etag } = await notes.create(note("a", { ttl: 2 }));
      await subject().passTime(3000);
      expect(await notes.get(pk, "a")).toBeUndefined();
      expect((await notes.query({ pk, limit: 10 })).items).toEqual([]);
      await expect(notes.replace(note("a"), etag)).rejects.toMatchObject({ code: "document_changed" });
      expect(await notes.delete(pk, "a")).toBe(false);
    });

    it("takes a new document, or starts a new count, where one has expired", async () => {
      await notes.create(note("a", { ttl: 2, count: 5 }));
      await notes.create(note("b", { ttl: 2, count: 5 }));
      await subject().passTime(3000);
      await notes.create(note("a", { title: "new" }));
      await notes.increment(note("b", { title: "new" }), { count: 1 });
      expect((await notes.get(pk, "a"))?.value).toEqual(note("a", { title: "new" }));
      expect((await notes.get(pk, "b"))?.value).toEqual(note("b", { title: "new", count: 1 }));
    });

    it("counts from the last write", async () => {
      const { etag } = await notes.create(note("a", { ttl: 3 }));
      await subject().passTime(2000);
      await notes.replace(note("a", { ttl: 3 }), etag);
      await subject().passTime(2000);
      expect(await notes.get(pk, "a")).toBeDefined();
    });
  });

  describe("limits", () => {
    it.each(notKeys)("refuses %j as an id or a partition", async (key) => {
      await expect(notes.create(note(key))).rejects.toThrow(RangeError);
      await expect(notes.upsert(makeNote(key, "a"))).rejects.toThrow(RangeError);
      await expect(notes.increment(note(key), { count: 1 })).rejects.toThrow(RangeError);
    });

    it("takes an id of 1,023 bytes", async () => {
      const id = `${"é".repeat(511)}x`;
      await notes.create(note(id));
      expect((await notes.get(pk, id))?.value.id).toBe(id);
    });

    it("refuses a document that nests too deep to be searched, and takes one that nests a hundred levels", async () => {
      const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
      const deep = (levels: number) => ({ ...note("a"), text: JSON.parse(nested(levels)) as string });
      await expect(notes.create(deep(200))).rejects.toThrow(RangeError);
      await notes.create(deep(100));
      expect(
        (await notes.query({ pk: note("a").pk, where: { tenantId: note("a").tenantId }, limit: 10 })).items,
      ).toHaveLength(1);
    });

    it("refuses a document of more than 2 MB, and takes one of nearly that", async () => {
      await expect(notes.create(note("a", { text: "x".repeat(2 * MEGABYTE) }))).rejects.toThrow(RangeError);
      const created = await notes.create(note("a", { text: "x".repeat(1.9 * MEGABYTE) }));
      await expect(notes.upsert(note("a", { text: "é".repeat(MEGABYTE) }))).rejects.toThrow(RangeError);
      expect(await notes.get(pk, "a")).toEqual(created);
    });
  });

  it("says store_unavailable, in every method, when the store cannot be reached", async () => {
    const { etag } = await notes.create(note("a"));
    await subject().breakDown();
    const attempts = [
      notes.get(pk, "a"),
      notes.create(note("b")),
      notes.replace(note("a"), etag),
      notes.upsert(note("a")),
      notes.increment(note("a"), { count: 1 }),
      notes.delete(pk, "a"),
      notes.query({ pk, limit: 1 }),
    ];
    await expectAllToReject(attempts, "store_unavailable");
  });
}
