import type { ConflictRules, Mapping } from "../../shared/core/mapping";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { type CustomRule, decide } from "../../shared/sync/conflict-rules";
import { deleteShard, restoreShard } from "../../shared/usecases/delete-shard";
import { editShard } from "../../shared/usecases/edit-shard";
import { listConflicts } from "../../shared/usecases/list-conflicts";
import { resolveConflict } from "../../shared/usecases/resolve-conflict";
import { makeEvent, noon } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { codeOf } from "../support/test-app";

let world: SyncWorld;
afterEach(() => world.close());

const mappingWith = (conflicts: ConflictRules): Mapping => ({
  shardTypeId: "contact",
  direction: "inbound",
  fields: { name: { from: "Name" }, notes: { from: "Notes" }, tags: { from: "Tags" }, phone: { from: "Phone" } },
  conflicts,
});

/** An event of the provider, `minutes` after noon. */
const at = (minutes: number, data: object, overrides: Partial<WebhookEvent> = {}): WebhookEvent =>
  makeEvent({
    version: { kind: "time", value: noon + minutes * 60_000 },
    occurredAt: new Date(noon + minutes * 60_000).toISOString(),
    data: { ...data },
    ...overrides,
  });

const shardKey = async () => ({ tenantId: "tenant-123", subject: "ada", shardId: (await world.shard()).id });
const edit = async (fields: Record<string, unknown>) => editShard(world.services, await shardKey(), { fields });

/** A record at noon, an edit ten minutes later, and the provider's change at `minutes`. */
async function dispute(conflicts: ConflictRules, minutes: number, edited: object, changed: object) {
  world = await openSyncWorld({ mapping: mappingWith(conflicts) });
  await world.sync(at(0, { Name: "Ada", Notes: "first", Tags: ["a"], Phone: "1" }));
  world.app.advance(10 * 60_000);
  await edit({ ...edited });
  world.app.advance(10 * 60_000);
  return world.sync(at(minutes, changed));
}

describe("where both sides changed a field since the base, to different values", () => {
  const custom = (name: string): ConflictRules => ({ strategy: "custom", custom: name });
  const merge = (notes: "local" | "remote" | "newest" | "concat"): ConflictRules => ({
    strategy: "merge",
    fields: { notes, tags: notes },
  });

  it.each<[string, ConflictRules, number, object, object, object]>([
    [
      "source_wins takes the provider's",
      { strategy: "source_wins" },
      5,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "theirs" },
    ],
    [
      "destination_wins keeps Castiel's",
      { strategy: "destination_wins" },
      15,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "mine" },
    ],
    [
      "newest_wins takes the provider's later change",
      { strategy: "newest_wins" },
      15,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "theirs" },
    ],
    [
      "newest_wins keeps Castiel's later change",
      { strategy: "newest_wins" },
      5,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "mine" },
    ],
    [
      "newest_wins takes the provider's at the same time",
      { strategy: "newest_wins" },
      10,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "theirs" },
    ],
    ["merge local", merge("local"), 15, { notes: "mine" }, { Notes: "theirs" }, { notes: "mine" }],
    ["merge remote", merge("remote"), 5, { notes: "mine" }, { Notes: "theirs" }, { notes: "theirs" }],
    ["merge newest", merge("newest"), 5, { notes: "mine" }, { Notes: "theirs" }, { notes: "mine" }],
    [
      "merge is newest for a field that is not named",
      merge("local"),
      15,
      { name: "Eve" },
      { Name: "Bob" },
      { name: "Bob" },
    ],
    [
      "merge concat puts texts one below the other",
      merge("concat"),
      15,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "mine\ntheirs" },
    ],
    [
      "merge concat puts lists together",
      merge("concat"),
      15,
      { tags: ["a", "b"] },
      { Tags: ["a", "c"] },
      { tags: ["a", "b", "c"] },
    ],
    [
      "merge concat takes the side that has something",
      merge("concat"),
      15,
      { notes: "mine" },
      { Notes: null },
      { notes: "mine" },
    ],
    [
      "merge concat takes the provider's over a cleared field",
      merge("concat"),
      15,
      { notes: null },
      { Notes: "theirs" },
      { notes: "theirs" },
    ],
    [
      "merge concat is newest for what cannot be put together",
      merge("concat"),
      15,
      { notes: 1 },
      { Notes: "theirs" },
      { notes: "theirs" },
    ],
    [
      "custom asks the rule that is registered",
      custom("longest"),
      5,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "theirs" },
    ],
    [
      "custom asks the rule, the other way",
      custom("longest"),
      15,
      { notes: "much longer" },
      { Notes: "theirs" },
      { notes: "much longer" },
    ],
    ["custom union of lists", custom("union"), 15, { tags: ["x"] }, { Tags: ["y"] }, { tags: ["x", "y"] }],
    ["custom union of what is no list is newest", custom("union"), 5, { phone: 2 }, { Phone: 3 }, { phone: 2 }],
    [
      "manual keeps Castiel's until somebody decides",
      { strategy: "manual" },
      15,
      { notes: "mine" },
      { Notes: "theirs" },
      { notes: "mine" },
    ],
  ])("%s", async (_, rules, minutes, edited, changed, expected) => {
    const { result } = await dispute(rules, minutes, edited, changed);
    expect((await world.shard()).structuredData).toMatchObject(expected);
    const fields = Object.keys(edited);
    if (rules.strategy === "manual") expect(result).toMatchObject({ conflictId: expect.any(String) });
    else expect(result).toMatchObject({ settledConflicts: fields });
  });

  it("asks a person where a custom rule is not registered any more", async () => {
    world = await openSyncWorld();
    const dispute = { field: "a", base: 1, local: 2, remote: 3, localAt: 1, remoteAt: 2 };
    const customRules = new Map<string, CustomRule>();
    expect(decide(dispute, { rules: { strategy: "custom", custom: "gone" }, customRules })).toEqual({ take: "person" });
  });

  it("takes a rule from code by its name", async () => {
    const first: CustomRule = ({ local, remote }) => ({ take: "value", value: `${String(remote)}+${String(local)}` });
    const mapping = mappingWith({ strategy: "custom", custom: "plus" });
    world = await openSyncWorld({ mapping, customRules: new Map([["plus", first]]) });
    await world.sync(at(0, { Notes: "first" }));
    await edit({ notes: "mine" });
    await world.sync(at(1, { Notes: "theirs" }));
    expect((await world.shard()).structuredData).toMatchObject({ notes: "theirs+mine" });
  });
});

describe("there is no conflict", () => {
  const cases: [string, object, object, object][] = [
    ["where only the provider changed a field", { phone: "9" }, { Notes: "theirs" }, { notes: "theirs", phone: "9" }],
    ["where only Castiel changed it", { notes: "mine" }, { Notes: "first", Phone: "2" }, { notes: "mine", phone: "2" }],
    ["where both changed it to the same value", { notes: "same" }, { Notes: "same" }, { notes: "same" }],
    ["where both cleared it", { notes: null }, { Notes: null }, { notes: null }],
  ];

  it.each(cases)("%s", async (_, edited, changed, expected) => {
    const { result } = await dispute({ strategy: "manual" }, 15, edited, changed);
    expect((await world.shard()).structuredData).toMatchObject(expected);
    expect(result).not.toHaveProperty("conflictId");
    expect(result).not.toHaveProperty("settledConflicts");
    expect(await world.conflicts()).toEqual([]);
  });

  it("when the same event comes again, or an older one", async () => {
    const first = await dispute({ strategy: "newest_wins" }, 5, { notes: "mine" }, { Notes: "theirs" });
    expect(first.result).toMatchObject({ settledConflicts: ["notes"] });
    const again = await world.sync(at(5, { Notes: "theirs" }));
    expect(again.result).not.toHaveProperty("settledConflicts");
    await world.sync(at(-5, { Notes: "old" }));
    expect((await world.shard()).structuredData).toMatchObject({ notes: "mine" });
  });

  it("after an edit is reverted", async () => {
    world = await openSyncWorld({ mapping: mappingWith({ strategy: "manual" }) });
    await world.sync(at(0, { Notes: "first" }));
    await edit({ notes: "mine" });
    await editShard(world.services, await shardKey(), { revert: ["notes", "phone"] });
    expect(await world.shard()).not.toHaveProperty("edits");
    await world.sync(at(5, { Notes: "theirs" }));
    expect((await world.shard()).structuredData).toMatchObject({ notes: "theirs" });
  });

  it("because the mapping changed: edits stand, and everything else takes its new shape", async () => {
    world = await openSyncWorld({ mapping: mappingWith({ strategy: "manual" }) });
    await world.sync(at(0, { Name: "Ada", Notes: "first" }));
    await edit({ notes: "mine" });
    const upper = { from: "Notes", functions: [{ name: "upper" }] };
    const changed = mappingWith({ strategy: "manual" });
    await world.map({ ...changed, fields: { title: { from: "Name" }, notes: upper } });
    const { result } = await world.sync(at(0, { Name: "Ada", Notes: "first" }));
    expect(result).not.toHaveProperty("conflictId");
    expect(await world.shard()).toMatchObject({ structuredData: { title: "Ada", notes: "mine" } });
    expect((await world.shard()).structuredData).not.toHaveProperty("name");
  });
});

describe("an edit", () => {
  it("records who made it and when, and what the provider said then", async () => {
    world = await openSyncWorld({ mapping: mappingWith({ strategy: "manual" }) });
    await world.sync(at(0, { Notes: "first" }));
    await edit({ notes: "mine", extra: 1 });
    const signature = { by: "ada", at: new Date(noon).toISOString() };
    expect((await world.shard()).edits).toEqual({
      notes: { value: "mine", base: "first", seen: "first", ...signature },
      extra: { value: 1, base: null, seen: null, ...signature },
    });
  });

  it("is no edit where it changes nothing", async () => {
    world = await openSyncWorld({ mapping: mappingWith({ strategy: "manual" }) });
    await world.sync(at(0, { Notes: "first" }));
    await edit({ notes: "first" });
    expect(await world.shard()).not.toHaveProperty("edits");
  });

  it("is refused with document_changed on a revision that is not the newest", async () => {
    world = await openSyncWorld();
    await world.sync(at(0, { Notes: "first" }));
    const { revision } = await world.shard();
    const attempt = editShard(world.services, await shardKey(), { fields: { notes: "x" }, revision: revision - 1 });
    expect(await codeOf(attempt)).toBe("document_changed");
    await editShard(world.services, await shardKey(), { fields: { notes: "x" }, revision });
  });

  it("stands on an entity without a mapping too, until the provider's later change", async () => {
    world = await openSyncWorld();
    const lead = (minutes: number, data: object) => at(minutes, data, { entityType: "Invoice__c", entityId: "i" });
    const { result } = await world.sync(lead(0, { Total: 1, Note: "a" }));
    const key = { tenantId: "tenant-123", subject: "ada", shardId: result?.shardId ?? "" };
    const edited = await editShard(world.services, key, { fields: { Total: 2 } });
    expect(edited).toMatchObject({ structuredData: { Total: 2, Note: "a" }, source: { Total: 1, Note: "a" } });
    await world.sync(lead(1, { Total: 3 }));
    const shard = await world.services.shards.get({ ...world.tenant, shardId: key.shardId });
    expect(shard).toMatchObject({ structuredData: { Total: 3, Note: "a" } });
    expect(shard).not.toHaveProperty("source");
  });
});

describe("a conflict that waits for a person", () => {
  const open = () =>
    dispute({ strategy: "manual" }, 15, { notes: "mine", phone: "9" }, { Notes: "theirs", Phone: "3" });
  const onlyConflict = async () => {
    const [conflict, ...others] = (await listConflicts(world.services, "tenant-123", { status: "open", limit: 10 }))
      .conflicts;
    expect(others).toEqual([]);
    if (!conflict) throw new Error("there is no conflict");
    return conflict;
  };
  const keyOf = (conflictId: string) => ({ tenantId: "tenant-123", subject: "eve", conflictId });

  it("keeps both versions and the base, field by field", async () => {
    await open();
    expect(await onlyConflict()).toMatchObject({
      kind: "field_mismatch",
      externalId: "003",
      fields: {
        notes: { base: "first", local: "mine", remote: "theirs" },
        phone: { base: "1", local: "9", remote: "3" },
      },
    });
  });

  it("is a concurrent update where both sides changed within a minute", async () => {
    await dispute({ strategy: "manual" }, 10.5, { notes: "mine" }, { Notes: "theirs" });
    expect(await onlyConflict()).toMatchObject({ kind: "concurrent_update" });
  });

  it.each<[string, object, object]>([
    ["for Castiel", { take: "local" }, { notes: "mine", phone: "9" }],
    ["for the provider", { take: "remote" }, { notes: "theirs", phone: "3" }],
    ["field by field", { fields: { notes: "remote", phone: "local" } }, { notes: "theirs", phone: "9" }],
    [
      "with a value of its own",
      { take: "remote", fields: { notes: { value: "both" } } },
      { notes: "both", phone: "3" },
    ],
  ])("is resolved %s, and says by whom", async (_, resolution, expected) => {
    await open();
    const { conflictId } = await onlyConflict();
    const resolved = await resolveConflict(world.services, keyOf(conflictId), resolution);
    expect(resolved).toMatchObject({ status: "resolved", settled: { by: "eve" } });
    expect((await world.shard()).structuredData).toMatchObject(expected);
    expect(await world.shard()).not.toHaveProperty("conflict");
    const again = await world.sync(at(15, { Notes: "theirs", Phone: "3" }));
    expect(again.result).toMatchObject({ change: "unchanged" });
    expect(await world.conflicts()).toEqual([]);
    expect(await codeOf(resolveConflict(world.services, keyOf(conflictId), resolution))).toBe("conflict_settled");
  });

  it("stays open, as another, for the fields that a resolution does not name", async () => {
    await open();
    const { conflictId } = await onlyConflict();
    await resolveConflict(world.services, keyOf(conflictId), { fields: { notes: "remote" } });
    const rest = await onlyConflict();
    expect(rest.conflictId).not.toBe(conflictId);
    expect(Object.keys(rest.fields)).toEqual(["phone"]);
  });

  it("follows the provider's later changes, and is over when both sides agree", async () => {
    await open();
    const { conflictId } = await onlyConflict();
    await world.sync(at(16, { Notes: "newer" }));
    const newer = await onlyConflict();
    expect(newer.conflictId).not.toBe(conflictId);
    expect(newer.fields["notes"]).toEqual({ base: "first", local: "mine", remote: "newer" });
    expect(await codeOf(resolveConflict(world.services, keyOf(conflictId), { take: "local" }))).toBe(
      "conflict_settled",
    );
    await world.sync(at(17, { Notes: "mine", Phone: "9" }));
    expect(await world.conflicts()).toEqual([]);
    expect(await world.conflicts("superseded")).toHaveLength(2);
    expect((await world.shard()).structuredData).toMatchObject({ notes: "mine", phone: "9" });
  });

  it("is decided by another edit of the field", async () => {
    await open();
    await edit({ notes: "theirs", phone: "3" });
    expect(await world.conflicts()).toEqual([]);
    expect((await world.conflicts("resolved"))[0]).toMatchObject({ settled: { by: "ada" } });
  });

  it("refuses a resolution of fields that are not in it", async () => {
    await open();
    const { conflictId } = await onlyConflict();
    const attempt = resolveConflict(world.services, keyOf(conflictId), { fields: { name: "local" } });
    expect(await codeOf(attempt)).toBe("invalid_request");
    expect(await codeOf(resolveConflict(world.services, keyOf("conflict-x"), { take: "local" }))).toBe(
      "conflict_not_found",
    );
  });

  it("is not shown where a killed task left only its document", async () => {
    world = await openSyncWorld({ mapping: mappingWith({ strategy: "manual" }) });
    await world.sync(at(0, { Notes: "first" }));
    await edit({ notes: "mine" });
    world.store.dieAt(3, false);
    await expect(world.sync(at(5, { Notes: "theirs" }))).rejects.toThrow();
    world.store.revive();
    expect(await world.conflicts()).toHaveLength(1);
    expect((await listConflicts(world.services, "tenant-123", { status: "open", limit: 10 })).conflicts).toEqual([]);
    await world.sync(at(6, { Notes: "newer" }));
    expect((await onlyConflict()).fields["notes"]).toMatchObject({ remote: "newer" });
  });
});

describe("a deletion", () => {
  const deletedAt = (minutes: number) => at(minutes, {}, { eventType: "deleted", nativeType: "Contact.deleted" });

  /** A record at noon, in Castiel edited or deleted ten minutes later. */
  async function begin(strategy: ConflictRules["strategy"], act: "edit" | "delete") {
    world = await openSyncWorld({
      mapping: mappingWith({ strategy, ...(strategy === "custom" ? { custom: "longest" } : {}) }),
    });
    await world.sync(at(0, { Name: "Ada", Notes: "first" }));
    world.app.advance(10 * 60_000);
    await (act === "edit" ? edit({ notes: "mine" }) : deleteShard(world.services, await shardKey()));
    world.app.advance(10 * 60_000);
  }

  it.each<[ConflictRules["strategy"], number, "active" | "deleted"]>([
    ["source_wins", 5, "deleted"],
    ["destination_wins", 15, "active"],
    ["newest_wins", 5, "active"],
    ["newest_wins", 15, "deleted"],
    ["merge", 5, "active"],
    ["merge", 15, "deleted"],
    ["manual", 15, "active"],
    ["custom", 15, "deleted"],
  ])(
    "at the provider of what was edited here: %s, %d minutes later, leaves it %s",
    async (strategy, minutes, status) => {
      await begin(strategy, "edit");
      await world.sync(deletedAt(minutes));
      const shard = await world.shard();
      expect(shard).toMatchObject({ status, structuredData: { notes: status === "active" ? "mine" : "first" } });
      expect(shard.conflict?.kind).toBe(strategy === "manual" ? "deleted_on_source" : undefined);
      await world.sync(deletedAt(minutes));
      expect((await world.shard()).status).toBe(status);
    },
  );

  it.each<[ConflictRules["strategy"], number, "active" | "deleted"]>([
    ["source_wins", 5, "active"],
    ["destination_wins", 15, "deleted"],
    ["newest_wins", 5, "deleted"],
    ["newest_wins", 15, "active"],
    ["merge", 15, "active"],
    ["manual", 15, "deleted"],
    ["custom", 15, "active"],
  ])("here of what the provider changed: %s, %d minutes later, leaves it %s", async (strategy, minutes, status) => {
    await begin(strategy, "delete");
    await world.sync(at(minutes, { Notes: "theirs" }));
    const shard = await world.shard();
    expect(shard.status).toBe(status);
    expect(shard.conflict?.kind).toBe(strategy === "manual" ? "deleted_on_destination" : undefined);
    await world.sync(at(minutes, { Notes: "theirs" }));
    expect((await world.shard()).status).toBe(status);
  });

  it("on one side alone is no conflict", async () => {
    await begin("manual", "delete");
    await world.sync(at(0, { Name: "Ada", Notes: "first" }));
    expect(await world.shard()).toMatchObject({ status: "deleted" });
    expect(await world.conflicts()).toEqual([]);
    await world.sync(deletedAt(5));
    expect(await world.shard()).toMatchObject({ status: "deleted" });
    expect(await world.shard()).not.toHaveProperty("localDeletion");
    await world.sync(at(6, { Name: "Ada" }, { eventType: "restored" }));
    expect(await world.shard()).toMatchObject({ status: "active" });
  });

  it("of a shard that nobody edited follows the provider, and so does its restoration", async () => {
    world = await openSyncWorld({ mapping: mappingWith({ strategy: "manual" }) });
    await world.sync(at(0, { Name: "Ada" }));
    expect((await world.sync(deletedAt(1))).result).toMatchObject({ change: "deleted" });
    expect(await world.shard()).toMatchObject({ status: "deleted", structuredData: { name: "Ada" } });
    expect((await world.sync(at(2, {}, { eventType: "restored" }))).result).toMatchObject({ change: "restored" });
    expect(await world.shard()).toMatchObject({ status: "active", structuredData: { name: "Ada" } });
  });

  it.each<["edit" | "delete", "local" | "remote", "active" | "deleted"]>([
    ["edit", "local", "active"],
    ["edit", "remote", "deleted"],
    ["delete", "local", "deleted"],
    ["delete", "remote", "active"],
  ])("that waits for a person after an %s here is resolved for %s: %s", async (act, take, status) => {
    await begin("manual", act);
    await world.sync(act === "edit" ? deletedAt(15) : at(15, { Notes: "theirs" }));
    const [conflict] = await world.conflicts();
    const key = { tenantId: "tenant-123", subject: "eve", conflictId: conflict?.id ?? "" };
    const withoutSide = resolveConflict(world.services, key, { fields: { notes: "local" } });
    expect(await codeOf(withoutSide)).toBe("invalid_request");
    await resolveConflict(world.services, key, { take });
    expect((await world.shard()).status).toBe(status);
    await world.sync(act === "edit" ? deletedAt(15) : at(15, { Notes: "theirs" }));
    expect((await world.shard()).status).toBe(status);
    expect(await world.conflicts()).toEqual([]);
  });

  it("here is taken back by restoring, and a restored shard stays although the provider deleted the record", async () => {
    await begin("newest_wins", "delete");
    await restoreShard(world.services, await shardKey());
    expect(await world.shard()).toMatchObject({ status: "active" });
    await world.sync(deletedAt(15));
    expect(await world.shard()).toMatchObject({ status: "deleted" });
    await restoreShard(world.services, await shardKey());
    expect(await world.shard()).toMatchObject({ status: "active", kept: { by: "ada" } });
    await world.sync(deletedAt(15));
    expect(await world.shard()).toMatchObject({ status: "active" });
    await world.sync(at(16, { Name: "Eve" }, { eventType: "created" }));
    expect(await world.shard()).toMatchObject({ status: "active", structuredData: { name: "Eve" } });
    expect(await world.shard()).not.toHaveProperty("kept");
  });

  it("leaves nothing to edit, and repeats without effect", async () => {
    await begin("manual", "delete");
    const { revision } = await world.shard();
    expect(await codeOf(edit({ notes: "x" }))).toBe("shard_not_active");
    await deleteShard(world.services, await shardKey());
    expect((await world.shard()).revision).toBe(revision);
    const unknown = { tenantId: "tenant-123", subject: "ada", shardId: "shard-unknown" };
    expect(await codeOf(deleteShard(world.services, unknown))).toBe("shard_not_found");
  });
});
