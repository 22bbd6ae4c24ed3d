import { isDeepStrictEqual } from "node:util";
import type { FieldConflict } from "../core/conflict";
import type { JsonObject } from "../core/json";
import type { Edit } from "../core/shard";
import { type Arbiter, decide } from "./conflict-rules";

/** The two sides of a record, and what they came from. */
export interface Sides {
  /** Castiel's side: the fields that were changed here. All others follow the provider. */
  readonly edits: Readonly<Record<string, Edit>>;
  /** The provider's side before this change and after it, in shard fields. */
  readonly before: JsonObject;
  readonly remote: JsonObject;
  /** When the provider last changed a field, in milliseconds since 1970. */
  readonly remoteAt: (field: string) => number;
  /** What we may have written to the provider ourselves. */
  readonly outgoing: JsonObject;
  /** The provider was asked just now: `remote` holds what it took of that, and nothing is on its way any more. */
  readonly isCurrent: boolean;
}

/** What both sides come to. */
export interface Merged {
  readonly structuredData: JsonObject;
  /** Those that still stand. */
  readonly edits: Readonly<Record<string, Edit>>;
  /** Fields that a person has to decide. Meanwhile Castiel shows its own value. */
  readonly pending: Readonly<Record<string, FieldConflict>>;
  /** Names of the fields on which this change made both sides differ and a rule decided. */
  readonly settled: readonly string[];
}

/**
 * The three-way comparison, field by field: a field is in conflict only if both sides changed it since the base, to
 * different values. What an edit comes to depends on the edit and on the provider's present value alone, never on the
 * way there: that is why tasks in any order, repeated or not, end the same.
 */
export function mergeSides(sides: Sides, arbiter: Arbiter): Merged {
  if (Object.keys(sides.edits).length === 0)
    return { structuredData: sides.remote, edits: {}, pending: {}, settled: [] };
  const shown = new Map(Object.entries(sides.remote));
  const edits: [string, Edit][] = [];
  const pending: [string, FieldConflict][] = [];
  const settled: string[] = [];
  for (const [field, edit] of Object.entries(sides.edits)) {
    const outcome = mergeField(field, edit, sides, arbiter);
    if (outcome.edit) {
      shown.set(field, outcome.value);
      edits.push([field, outcome.edit]);
    }
    if (outcome.pending) pending.push([field, outcome.pending]);
    if (outcome.settled) settled.push(field);
  }
  return {
    structuredData: edits.length === 0 ? sides.remote : Object.fromEntries(shown),
    edits: Object.fromEntries(edits),
    pending: Object.fromEntries(pending),
    settled,
  };
}

/** Equal, where a field that is not there and one that is null say the same. */
export function sameValue(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a ?? null, b ?? null);
}

/** The own value of a field, null where there is none. */
export function fieldOf(fields: JsonObject, name: string): unknown {
  return Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;
}

interface FieldOutcome {
  /** Absent: the edit is over, and the field follows the provider again. */
  readonly edit?: Edit;
  readonly value?: unknown;
  readonly pending?: FieldConflict;
  readonly settled?: boolean;
}

function mergeField(field: string, known: Edit, sides: Sides, arbiter: Arbiter): FieldOutcome {
  const remote = fieldOf(sides.remote, field);
  const edit = { ...known, base: baseOf(known, fieldOf(sides.before, field)), seen: remote };
  const wasSent = Object.hasOwn(sides.outgoing, field);
  const isEcho = wasSent && sameValue(remote, fieldOf(sides.outgoing, field));
  if (sameValue(remote, edit.value)) {
    // Put back to what the provider had, while another value is on its way there: the edit still has to follow it.
    return wasSent && !isEcho && !sides.isCurrent ? { edit, value: edit.value } : {};
  }
  if (sameValue(remote, edit.base)) return { edit, value: edit.value };
  // The provider says what we wrote: nobody changed anything there.
  if (isEcho) return { edit: { ...edit, base: remote }, value: edit.value };
  return settle(field, edit, sides, arbiter);
}

/** Where the same record of the provider reads otherwise than it did, the mapping changed, and the base changes with it. */
function baseOf({ base, seen }: Edit, before: unknown): unknown {
  return !sameValue(before, seen) && sameValue(base, seen) ? before : base;
}

function settle(field: string, edit: Edit, sides: Sides, arbiter: Arbiter): FieldOutcome {
  const conflict: FieldConflict = { base: edit.base, local: edit.value, remote: fieldOf(sides.remote, field) };
  const localAt = Date.parse(edit.at);
  const decision = decide({ ...conflict, field, localAt, remoteAt: sides.remoteAt(field) }, arbiter);
  const isNew = !sameValue(fieldOf(sides.before, field), conflict.remote);
  switch (decision.take) {
    case "remote":
      return { settled: isNew };
    case "local":
      return { edit, value: edit.value, settled: isNew };
    case "value":
      return { edit, value: decision.value, settled: isNew };
    case "person":
      return { edit, value: edit.value, pending: conflict };
  }
}
