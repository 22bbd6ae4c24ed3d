import type { ConflictKind } from "../core/conflict";
import type { Edit, LocalDeletion, Signature } from "../core/shard";
import { type Arbiter, decide } from "./conflict-rules";

/** What both sides say about whether the record is there. Times in milliseconds since 1970. */
export interface ExistenceSides {
  /** When the provider deleted it; absent while it is there. */
  readonly remoteDeletedAt?: number;
  readonly remoteChangedAt: number;
  /** Tells two states of the provider's record apart. */
  readonly fingerprint: () => string;
  readonly edits: Readonly<Record<string, Edit>>;
  readonly localDeletion?: LocalDeletion | undefined;
  readonly kept?: Signature | undefined;
  /** The record was created anew, as another. */
  readonly isSucceeded: boolean;
}

/** What that comes to. */
export interface Existence {
  readonly deleted: boolean;
  readonly localDeletion?: LocalDeletion | undefined;
  readonly kept?: Signature | undefined;
  /** The edits go with the record. */
  readonly editsAreOver?: boolean;
  readonly pending?: ConflictKind;
}

/**
 * The three-way comparison of existence: deleted on one side and unchanged on the other is deleted; deleted on one side
 * and changed on the other since is a conflict, decided by the same strategies as a field.
 */
export function decideExistence(sides: ExistenceSides, arbiter: Arbiter): Existence {
  if (sides.remoteDeletedAt !== undefined) return deletedOnSource(sides, sides.remoteDeletedAt, arbiter);
  return sides.localDeletion ? deletedHere(sides, sides.localDeletion, arbiter) : { deleted: false };
}

function deletedOnSource(sides: ExistenceSides, remoteAt: number, arbiter: Arbiter): Existence {
  if (sides.localDeletion || sides.isSucceeded) return { deleted: true, editsAreOver: true };
  if (sides.kept) return { deleted: false, kept: sides.kept };
  const last = newestOf(Object.values(sides.edits));
  if (last === undefined) return { deleted: true };
  const { take } = decide({ base: true, local: true, remote: false, localAt: Date.parse(last.at), remoteAt }, arbiter);
  if (take === "remote") return { deleted: true, editsAreOver: true };
  if (take === "person") return { deleted: false, pending: "deleted_on_source" };
  return { deleted: false, kept: { by: last.by, at: last.at } };
}

function deletedHere(sides: ExistenceSides, localDeletion: LocalDeletion, arbiter: Arbiter): Existence {
  if (sides.fingerprint() === localDeletion.basis) return { deleted: true, localDeletion };
  const localAt = Date.parse(localDeletion.at);
  const dispute = { base: true, local: false, remote: true, localAt, remoteAt: sides.remoteChangedAt };
  const { take } = decide(dispute, arbiter);
  if (take === "remote") return { deleted: false };
  return { deleted: true, localDeletion, ...(take === "person" ? { pending: "deleted_on_destination" as const } : {}) };
}

function newestOf(edits: readonly Edit[]): Edit | undefined {
  return edits.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
}
