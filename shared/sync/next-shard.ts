import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ConflictKind, FieldConflict } from "../core/conflict";
import type { JsonObject } from "../core/json";
import type { MergeStrategy } from "../core/mapping";
import type { PendingConflict, Shard } from "../core/shard";
import { compareMarks, newestMark } from "./apply-event";
import type { Arbiter } from "./conflict-rules";
import { decideExistence, type Existence } from "./existence";
import { combine } from "./merge-records";
import { changeShard, fingerprintOf, isGoneAtSource, sourceOf, storedSource, timeOf } from "./shard-state";
import { fieldOf, type Merged, mergeSides, sameValue } from "./three-way";
import type { MappedFields } from "./transform";

/** What makes a shard of a provider's record: the mapping, as far as it concerns this shard. */
export interface Lens {
  readonly shardTypeId: string;
  readonly fieldsOf: (source: JsonObject) => MappedFields;
  /** The fields of the provider's record that a shard field is made of. */
  readonly sourceNamesOf: (field: string) => readonly string[];
  readonly merge: MergeStrategy;
  readonly arbiter: Arbiter;
}

/** A new state of the provider's side, not yet held against Castiel's. */
export interface SourceState {
  /** The shard with everything that is known of the provider's side but `source`. */
  readonly shard: Shard;
  readonly source: JsonObject;
  /** The provider was asked just now: nothing that we wrote to it before can still be on its way. */
  readonly isCurrent: boolean;
}

/** A shard that may be saved, and the fields on which a rule decided. */
export interface NextShard {
  readonly shard: Shard;
  readonly settled: readonly string[];
}

/** Both changed within this time: which came first means little. */
const CONCURRENT_MS = 60_000;

/** Both sides of a shard held against each other: what is shown, what stays edited, what a person has to decide. */
export function nextShard(before: Shard | undefined, state: SourceState, lens: Lens, now: number): NextShard {
  const { shard, source, isCurrent } = state;
  const { fields, issues } = lens.fieldsOf(source);
  const remote = combineWith(shard, fields, lens);
  const existence = existenceOf(shard, source, lens);
  const merged = mergeSides(
    {
      edits: existence.editsAreOver ? {} : (shard.edits ?? {}),
      before: before && shard.edits ? remoteFieldsOf(before, lens) : {},
      remote,
      remoteAt: (field) => remoteTime(shard, field, lens),
      outgoing: shard.outgoing ?? {},
      isCurrent,
    },
    lens.arbiter,
  );
  const next = changeShard(shard, {
    shardTypeId: lens.shardTypeId,
    status: shard.mergedInto !== undefined ? "merged" : existence.deleted ? "deleted" : "active",
    structuredData: merged.structuredData,
    ...storedSource(source, merged.structuredData),
    edits: Object.keys(merged.edits).length === 0 ? undefined : merged.edits,
    localDeletion: existence.localDeletion,
    kept: existence.kept,
    outgoing: shard.outgoing && stillOutgoing(shard.outgoing, remote, merged.edits),
    issues: issues.length === 0 ? undefined : issues,
    conflict: pendingConflict({ before, shard, existence, merged, lens, now }),
    revision: (before?.revision ?? 0) + 1,
  });
  return { shard: next, settled: merged.settled };
}

/** The provider's side of a shard as it is stored, in shard fields: what an edit is made against. */
export function remoteFieldsOf(shard: Shard, lens: Lens): JsonObject {
  return combineWith(shard, lens.fieldsOf(sourceOf(shard)).fields, lens);
}

/** What the provider has by now is on its way no more, and where no edit stands it does not matter. */
function stillOutgoing(outgoing: JsonObject, remote: JsonObject, edits: Merged["edits"]): JsonObject | undefined {
  const open = Object.entries(outgoing).filter(
    ([field, value]) => Object.hasOwn(edits, field) && !sameValue(fieldOf(remote, field), value),
  );
  return open.length === 0 ? undefined : Object.fromEntries(open);
}

function combineWith(shard: Shard, data: JsonObject, { merge }: Lens): JsonObject {
  if (shard.merged === undefined) return data;
  const own = { data, changedAt: timeOf(newestMark(shard)), deleted: shard.tombstone !== undefined };
  return combine(own, shard.merged, merge);
}

function existenceOf(shard: Shard, source: JsonObject, { arbiter }: Lens): Existence {
  const { edits = {}, localDeletion, kept, tombstone, successor, externalId } = shard;
  const isGone = tombstone !== undefined && isGoneAtSource(shard);
  return decideExistence(
    {
      ...(isGone ? { remoteDeletedAt: Date.parse(tombstone.deletedAt) } : {}),
      remoteChangedAt: timeOf(newestMark(shard)),
      fingerprint: () => fingerprintOf(source, shard.merged),
      edits,
      localDeletion,
      kept,
      isSucceeded: successor !== undefined && successor.entityId !== externalId,
    },
    arbiter,
  );
}

/**
 * When the provider changed a field, as far as that is known: partial events tell it by field, a whole record only for
 * the record. Where the shard shows several records, the newest of them counts.
 */
function remoteTime({ mark, fieldMarks, merged = [] }: Shard, field: string, { sourceNamesOf }: Lens): number {
  const marks = sourceNamesOf(field).map((name) => (Object.hasOwn(fieldMarks, name) ? fieldMarks[name] : undefined));
  const own = marks.map((known) => known ?? mark).reduce((a, b) => (compareMarks(b, a) > 0 ? b : a), mark);
  return Math.max(timeOf(own), ...merged.map(({ changedAt }) => changedAt));
}

interface ConflictContext {
  readonly before: Shard | undefined;
  readonly shard: Shard;
  readonly existence: Existence;
  readonly merged: Merged;
  readonly lens: Lens;
  readonly now: number;
}

/**
 * The conflict that waits for a person, if there is one. Its id is made of what it is about and of the revision that it
 * was found at: a repeated task finds the same conflict, and a later one of the same content is another.
 */
function pendingConflict(context: ConflictContext): PendingConflict | undefined {
  const { before, shard, existence, now } = context;
  const { pending: fields } = context.merged;
  if (existence.pending === undefined && Object.keys(fields).length === 0) return undefined;
  const kind = existence.pending ?? kindOf(context, fields);
  const known = before?.conflict;
  if (known?.kind === kind && isDeepStrictEqual(known.fields, fields)) return known;
  const content = JSON.stringify([shard.id, before?.revision ?? 0, kind, fields]);
  const id = `conflict-${hash("sha256", content, "hex").slice(0, 40)}`;
  return { id, kind, detectedAt: new Date(now).toISOString(), fields };
}

function kindOf({ shard, lens }: ConflictContext, fields: Readonly<Record<string, FieldConflict>>): ConflictKind {
  const isConcurrent = Object.keys(fields).some((field) => {
    const editedAt = Date.parse(shard.edits?.[field]?.at ?? "");
    return Math.abs(remoteTime(shard, field, lens) - editedAt) <= CONCURRENT_MS;
  });
  return isConcurrent ? "concurrent_update" : "field_mismatch";
}
