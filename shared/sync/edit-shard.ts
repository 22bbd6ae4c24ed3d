import type { FieldResolution } from "../core/conflict";
import type { JsonObject } from "../core/json";
import type { Edit, PendingConflict, Shard, Signature } from "../core/shard";
import { type Lens, nextShard, remoteFieldsOf } from "./next-shard";
import { changeShard, fingerprintOf, isGoneAtSource, type ShardChanges, sourceOf } from "./shard-state";
import { fieldOf } from "./three-way";

/** What a person changes: new values (null clears a field), and fields that are to follow the provider again. */
export interface FieldChanges {
  readonly fields?: JsonObject;
  readonly revert?: readonly string[];
}

/** How a person resolves a conflict: a side for all of it, or for those fields that `fields` does not name. */
export interface Resolution {
  readonly take?: "local" | "remote";
  readonly fields?: Readonly<Record<string, FieldResolution>>;
}

/** What a change in Castiel is made with. */
export interface Editing {
  readonly lens: Lens;
  readonly signature: Signature;
  /** Milliseconds since 1970. */
  readonly now: number;
}

type Edits = Readonly<Record<string, Edit>>;

/** The shard with fields changed by a person. A field that was in conflict is decided by that. */
export function editFields(shard: Shard, { fields = {}, revert = [] }: FieldChanges, editing: Editing): Shard {
  const remote = remoteFieldsOf(shard, editing.lens);
  const changed = Object.entries(fields).map(
    ([field, value]) => [field, editOf(value, field, remote, editing)] as const,
  );
  const kept = Object.entries(shard.edits ?? {}).filter(([field]) => !revert.includes(field));
  // What was sent to the provider and put back here has to be put back there too.
  const sent = revert.filter((field) => Object.hasOwn(shard.outgoing ?? {}, field));
  const putBack = sent.map((field) => [field, editOf(fieldOf(remote, field), field, remote, editing)] as const);
  return reconsidered(shard, { edits: Object.fromEntries([...kept, ...putBack, ...changed]) }, editing);
}

/** The shard, deleted in Castiel. */
export function deleteHere(shard: Shard, editing: Editing): Shard {
  if (shard.status === "deleted") return shard;
  const localDeletion = { ...editing.signature, basis: fingerprintOf(sourceOf(shard), shard.merged) };
  return reconsidered(shard, { localDeletion, kept: undefined }, editing);
}

/**
 * The shard, back from a deletion in Castiel, or kept in Castiel although the provider deleted the record. Of a creation
 * whose answer was lost, it says that none came of it.
 */
export function restoreHere(shard: Shard, editing: Editing): Shard {
  if (shard.status === "active") return shard.creation ? reconsidered(shard, { creation: undefined }, editing) : shard;
  const kept = isGoneAtSource(shard) ? editing.signature : undefined;
  return reconsidered(shard, { localDeletion: undefined, kept }, editing);
}

/** The shard with its conflict resolved, or with those of its fields that the resolution names. */
export function resolveHere(
  shard: Shard,
  conflict: PendingConflict,
  { take, fields = {} }: Resolution,
  editing: Editing,
): Shard {
  const edits = new Map(Object.entries(shard.edits ?? {}));
  for (const [field, { local, remote }] of Object.entries(conflict.fields)) {
    const resolution = Object.hasOwn(fields, field) ? fields[field] : take;
    if (resolution === "remote") edits.delete(field);
    else if (resolution !== undefined) {
      const value = resolution === "local" ? local : resolution.value;
      edits.set(field, { ...editing.signature, value, base: remote, seen: remote });
    }
  }
  return reconsidered(
    shard,
    { edits: Object.fromEntries(edits), ...existenceAfter(shard, conflict, take, editing) },
    editing,
  );
}

function editOf(value: unknown, field: string, remote: JsonObject, { signature }: Editing): Edit {
  const base = fieldOf(remote, field);
  return { ...signature, value, base, seen: base };
}

function existenceAfter(
  shard: Shard,
  { kind }: PendingConflict,
  take: Resolution["take"],
  { signature }: Editing,
): ShardChanges & { readonly edits?: Edits } {
  if (kind === "deleted_on_source" && take === "local") return { kept: signature };
  // The provider's deletion stands: it takes the edits with it.
  if (kind === "deleted_on_source" && take === "remote") return { edits: {} };
  if (kind === "deleted_on_destination" && take === "local")
    return { localDeletion: { ...signature, basis: fingerprintOf(sourceOf(shard), shard.merged) } };
  if (kind === "deleted_on_destination" && take === "remote") return { localDeletion: undefined };
  return {};
}

/** Both sides held against each other again, after Castiel's has changed. */
function reconsidered(shard: Shard, changes: ShardChanges, { lens, signature, now }: Editing): Shard {
  const changed = changeShard(shard, { ...changes, updatedAt: signature.at });
  return nextShard(shard, { shard: changed, source: sourceOf(shard), isCurrent: false }, lens, now).shard;
}
