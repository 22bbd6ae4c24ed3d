import type { ConflictKind, FieldConflict } from "./conflict";
import type { JsonObject } from "./json";
import type { Document } from "./ports";
import type { EventVersion } from "./version";

/** A version together with the order in which we received it, which decides where versions cannot. */
export interface Mark {
  readonly version: EventVersion;
  /** Microseconds since 1970. */
  readonly receivedOrder: number;
}

/** Left by a deletion, so that a late update does not resurrect the record (DESIGN 8). */
export interface Tombstone extends Mark {
  readonly deletedAt: string;
  /** False where the provider gave the deletion no time: it counts as newest at receipt (DESIGN 11). */
  readonly timed: boolean;
}

/** `merged`: it was found to be a duplicate, and another shard shows its data. */
export const shardStatuses = ["active", "deleted", "merged"] as const;

/** One of {@link shardStatuses}. */
export type ShardStatus = (typeof shardStatuses)[number];

/** Who did something in Castiel, and when (ISO 8601). */
export interface Signature {
  readonly by: string;
  readonly at: string;
}

/** A field that was changed in Castiel. It stands over what the provider says until both agree or a rule decides. */
export interface Edit extends Signature {
  readonly value: unknown;
  /** What the provider said when the edit was made: the base of the three-way comparison. */
  readonly base: unknown;
  /** What the provider said at the last synchronisation. */
  readonly seen: unknown;
}

/** A deletion that was made in Castiel; `basis` is the fingerprint of the provider's record at that time. */
export interface LocalDeletion extends Signature {
  readonly basis: string;
}

/** The record that took this one's place, because it was created anew at its provider. */
export interface Successor {
  readonly entityId: string;
  readonly shardId: string;
  /** What was edited here, until the successor has it. */
  readonly handOver?: Readonly<Record<string, Edit>>;
}

/** The provider is asked to create the record anew, and has not answered yet. Times in ISO 8601. */
export interface PendingCreation {
  readonly firstAskedAt: string;
  readonly lastAskedAt: string;
  readonly fields: JsonObject;
}

/** A conflict that waits for a person; its document (`id`) is what lists show. */
export interface PendingConflict {
  readonly id: string;
  readonly kind: ConflictKind;
  readonly detectedAt: string;
  readonly fields: Readonly<Record<string, FieldConflict>>;
}

/** A named relationship to another shard of the tenant. */
export interface ShardLink {
  readonly shardId: string;
  readonly shardTypeId: string;
  readonly relationship: string;
}

/** Where a derived shard comes from. */
export interface Derivation {
  readonly shardId: string;
  /** The name of the rule in the mapping. */
  readonly rule: string;
  /** The revision of the primary shard that it was last made from: an older one never overwrites it. */
  readonly revision: number;
}

/** A duplicate whose data this shard shows too. */
export interface MergedRecord {
  readonly shardId: string;
  readonly integrationId: string;
  readonly entityType: string;
  readonly externalId: string;
  readonly mergedAt: string;
  /** The fields of the duplicate, as its own mapping makes them. */
  readonly data: JsonObject;
  /** When the duplicate was last changed at its provider, in milliseconds since 1970. */
  readonly changedAt: number;
  readonly deleted: boolean;
  /** The revision of the duplicate's shard that `data` is from. */
  readonly revision: number;
}

/** Something that the mapping wants and the record does not have. */
export interface FieldIssue {
  readonly field: string;
  readonly code: "required" | "not_convertible";
}

/** Castiel's unit of stored knowledge: one provider record, or what is derived from one. Partition: the tenant key. */
export interface Shard extends Document {
  readonly shardTypeId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly entityType: string;
  readonly externalId: string;
  readonly idScope?: string;
  readonly scope?: string;
  readonly status: ShardStatus;
  /** The record as Castiel shows it: mapped, merged with duplicates, edits on top. */
  readonly structuredData: JsonObject;
  /** The provider's own fields as last synchronised, where `structuredData` is not the same. */
  readonly source?: JsonObject;
  /** Fields of the source whose long text the shard shows as it is, by the shard's field: it is stored there alone. */
  readonly sharedTexts?: Readonly<Record<string, string>>;
  /** The version of the last full snapshot, or of the first event where there was none. */
  readonly mark: Mark;
  /** Fields that partial events set, each with its own version. */
  readonly fieldMarks: Readonly<Record<string, Mark>>;
  /** No full snapshot was seen yet: there may be fields that no event has stated. */
  readonly incomplete?: true;
  readonly tombstone?: Tombstone;
  /** A sign of life that no field tells, such as what revived the record: a deletion before it came late. */
  readonly seen?: Mark;
  /** The tag of the last read, while nothing but that read made the source. */
  readonly readTag?: string;
  readonly edits?: Readonly<Record<string, Edit>>;
  readonly localDeletion?: LocalDeletion;
  /** Castiel keeps the shard although the provider deleted the record. */
  readonly kept?: Signature;
  readonly creation?: PendingCreation;
  readonly successor?: Successor;
  readonly conflict?: PendingConflict;
  /** Shard fields with their values that may be on their way to the provider: their echo is no change of the provider's. */
  readonly outgoing?: JsonObject;
  readonly links?: readonly ShardLink[];
  readonly derivedFrom?: Derivation;
  /** The names of all rules that ever derived a shard from this one: those that hold no more are to be taken back. */
  readonly derivedRules?: readonly string[];
  readonly mergedInto?: string;
  readonly merged?: readonly MergedRecord[];
  /** Shards that a person said are not the same: never merged again. */
  readonly separateFrom?: readonly string[];
  readonly issues?: readonly FieldIssue[];
  /** Grows by one with each write. */
  readonly revision: number;
  readonly lastEventId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}
