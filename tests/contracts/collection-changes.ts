import type { ChangesOutcome, RecordChange } from "../../shared/core/collection-changes";
import type { ConnectionKey, RecordReference } from "../../shared/core/record-reader";
import { connect } from "../support/connections";
import { noon } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";
import type { StandIn, Tokens } from "../support/vendors/stand-in";
import { failureOf } from "./record-reader";

/** A vendor's stand-in with a collection in it, and what can happen to that. */
export interface ChangesSubject {
  readonly integrationId: string;
  readonly server: StandIn;
  readonly tokens: Tokens;
  /** Settings that point the app at the stand-in. */
  readonly env: Readonly<Record<string, string>>;
  readonly collection: RecordReference;
  /** One that is not there, or not to be seen. */
  readonly invisible?: RecordReference;
  /** Makes a record in it, or changes it, at a time (ISO 8601). */
  change(id: string, at: string): void;
  remove(id: string, at: string): void;
  /** From now on no page holds more than this. */
  limitPages(size: number): void;
  /** The vendor forgets where everybody was. */
  forget(): void;
  stop(): Promise<void>;
}

type Page = Extract<ChangesOutcome, { readonly kind: "page" }>;

/** A time so many minutes before noon. */
const before = (minutes: number): string => new Date(noon - minutes * 60_000).toISOString();

/** What following a collection has in common, whoever the vendor is. */
export function describeCollectionChanges(open: () => Promise<ChangesSubject>): void {
  let subject: ChangesSubject;
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await open();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
    key = await connect(app, subject.integrationId, { kind: "bearer", token: subject.tokens.accessToken });
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });

  const read = (position?: string, since = before(60)): Promise<ChangesOutcome> =>
    app.services.collectionChanges.read(key, {
      collection: subject.collection,
      since,
      ...(position === undefined ? {} : { position }),
    });
  const demandPage = (outcome: ChangesOutcome): Page => {
    if (outcome.kind !== "page") throw new Error(`${outcome.kind} is no page`);
    return outcome;
  };
  /** All pages from a position on. */
  const readAll = async (from?: string): Promise<{ changes: RecordChange[]; pages: number; position: string }> => {
    const changes: RecordChange[] = [];
    let page = demandPage(await read(from));
    let pages = 1;
    for (; page.hasMore && pages < 50; pages++) {
      changes.push(...page.changes);
      page = demandPage(await read(page.position));
    }
    changes.push(...page.changes);
    return { changes, pages, position: page.position };
  };
  const idsOf = (changes: readonly RecordChange[]) => changes.map(({ reference }) => reference.entityId).sort();

  it("begins with what changed since a moment, and goes on from there", async () => {
    subject.change("old", before(90));
    subject.change("new", before(30));
    const { changes, position } = await readAll();
    expect(idsOf(changes)).toEqual(["new"]);
    expect((await readAll(position)).changes).toEqual([]);
    subject.change("newer", before(10));
    subject.change("old", before(5));
    expect(idsOf((await readAll(position)).changes)).toEqual(["newer", "old"]);
  });

  it("tells page after page, and loses nothing between them", async () => {
    const ids = Array.from({ length: 7 }, (_, index) => `r${index}`);
    for (const id of ids) subject.change(id, before(30));
    subject.limitPages(3);
    const first = await readAll();
    expect([idsOf(first.changes), first.pages]).toEqual([ids, 3]);
    for (const id of ids) subject.change(id, before(20));
    const second = await readAll(first.position);
    expect([idsOf(second.changes), second.pages]).toEqual([ids, 3]);
  });

  it("loses nothing that changes while the first pages are read", async () => {
    for (const id of ["r0", "r1", "r2"]) subject.change(id, before(30));
    subject.limitPages(2);
    const first = demandPage(await read());
    subject.change("r0", before(20));
    subject.change("r9", before(20));
    const { changes, position } = await readAll(first.position);
    const later = await readAll(position);
    expect(idsOf([...first.changes, ...changes, ...later.changes])).toEqual(
      expect.arrayContaining(["r0", "r1", "r2", "r9"]),
    );
    expect(idsOf([...changes, ...later.changes])).toEqual(expect.arrayContaining(["r0", "r9"]));
  });

  it("tells a record once, however often it changed, and that it was deleted", async () => {
    subject.change("kept", before(40));
    subject.change("gone", before(40));
    const { position } = await readAll();
    for (const minutes of [30, 20]) subject.change("kept", before(minutes));
    subject.change("gone", before(20));
    subject.remove("gone", before(10));
    const { changes } = await readAll(position);
    expect(idsOf(changes)).toEqual(["gone", "kept"]);
    expect(changes.find(({ reference }) => reference.entityId === "gone")).toMatchObject({ kind: "deleted" });
  });

  it("gives references by which the records can be read", async () => {
    subject.change("kept", before(30));
    const [change] = (await readAll()).changes;
    if (!change) throw new Error("nothing was told");
    const outcome = await app.services.records.read(key, change.reference);
    expect(outcome).toMatchObject(
      change.kind === "found" ? { kind: "found", record: change.record, version: change.version } : { kind: "found" },
    );
  });

  it("says of a position that the vendor forgot that it is of no use, and begins anew", async () => {
    subject.change("kept", before(30));
    const { position } = await readAll();
    subject.forget();
    expect(await read(position)).toEqual({ kind: "expired" });
    expect(idsOf((await readAll()).changes)).toEqual(["kept"]);
  });

  it("says of a first page whose next one the vendor forgot the same", async () => {
    for (const id of ["r0", "r1", "r2"]) subject.change(id, before(30));
    subject.limitPages(2);
    const { position, hasMore } = demandPage(await read());
    expect(hasMore).toBe(true);
    subject.server.interrupt({ status: 410, json: { error: { code: 410 } } });
    expect(await read(position)).toEqual({ kind: "expired" });
  });

  it("asks the vendor nothing without credentials, nor for what is no collection", async () => {
    const { collection } = subject;
    const query = { collection, since: before(60) };
    const nobody = { ...key, connectionId: "nobody's" };
    expect(await app.services.collectionChanges.read(nobody, query)).toEqual({ kind: "no_credentials" });
    for (const other of [
      { ...collection, entityType: "no_such_thing" },
      { ...collection, entityId: ".." },
    ]) {
      expect(await app.services.collectionChanges.read(key, { ...query, collection: other })).toEqual({
        kind: "unsupported",
      });
    }
    expect(app.services.collectionChanges.covers(subject.integrationId, collection.entityType)).toBe(true);
    expect(app.services.collectionChanges.covers(subject.integrationId, "no_such_thing")).toBe(false);
    expect(subject.server.calls).toEqual([]);
  });

  it("tells nothing of a collection that is not to be seen", async () => {
    const { invisible } = subject;
    if (!invisible) return;
    const query = { collection: invisible, since: before(60) };
    expect(await app.services.collectionChanges.read(key, query)).toEqual({ kind: "unsupported" });
  });

  it("says of an answer that is in no reference that it is unknown", async () => {
    subject.server.interrupt({ status: 418 });
    expect(await failureOf(read())).toMatchObject({ reason: "provider_answer_unknown" });
    subject.server.interrupt({ json: {} });
    expect(await failureOf(read())).toMatchObject({ reason: "provider_answer_unknown" });
    const { position } = await readAll();
    subject.server.interrupt({ json: {} });
    expect(await failureOf(read(position))).toMatchObject({ reason: "provider_answer_unknown" });
  });
}
