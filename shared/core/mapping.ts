import type { ConflictStrategy, MergeRule } from "./conflict";
import type { Document } from "./ports";

/** What a value of a shard field may be converted to. */
export const fieldTypes = ["text", "number", "integer", "boolean", "date", "datetime", "list", "object"] as const;

/** One of {@link fieldTypes}. `date` is `2026-11-24`, `datetime` is ISO 8601 in UTC. */
export type FieldType = (typeof fieldTypes)[number];

/** A value of JSON that is no object and no list. */
export type Scalar = string | number | boolean | null;

/** One step that a value goes through; which fields beside `name` count is the function's affair. */
export interface FunctionCall {
  readonly name: string;
  /** `split`, `join` */
  readonly separator?: string;
  /** `split`: this part alone, counted from 0, or from the end where negative. */
  readonly index?: number;
  /** `date`: what a number counts, since 1970. */
  readonly unit?: "seconds" | "milliseconds";
  /** `each`: the path to take of every item of a list. */
  readonly path?: string;
  /** `lookup`: from the text of a value to another. */
  readonly table?: Readonly<Record<string, Scalar>>;
  /** `lookup`: for what the table does not have; without it the value stays as it is. */
  readonly otherwise?: Scalar;
}

/** Where a shard field comes from. */
export interface FieldRule {
  /**
   * Paths in the provider's record; the first that has a value counts. Names joined with dots (`fields.Name`, `labels.0`), or a
   * JSON pointer (`/properties/Due date/date`) where a name holds a dot.
   */
  readonly from?: string | readonly string[];
  /** A constant, in place of `from`. */
  readonly value?: unknown;
  readonly functions?: readonly FunctionCall[];
  readonly type?: FieldType;
  /** For a record without the field, or with null in it. */
  readonly default?: unknown;
  /** A record without it is kept, but as incomplete: nothing is derived from it, merged with it or written back. */
  readonly required?: boolean;
}

/** A condition on the provider's record. */
export type Condition =
  | { readonly path: string; readonly is: "present" | "absent" }
  | { readonly path: string; readonly equals: Scalar }
  | { readonly path: string; readonly in: readonly Scalar[] };

/** One more shard that a record becomes where every condition holds. */
export interface DerivedRule {
  /** Unique within the mapping, and part of the shard's identity: a new name makes a new shard. */
  readonly name: string;
  readonly shardTypeId: string;
  /** From the parent to this shard: `has_profile`. */
  readonly relationship: string;
  /** From this shard to its parent; by default `belongs_to`. */
  readonly inverse?: string;
  /** The name of another derived shard that this one hangs on; by default the primary shard. */
  readonly parent?: string;
  readonly when?: readonly Condition[];
  readonly fields: Readonly<Record<string, FieldRule>>;
}

/** A rule by which two shards of one type are the same. `fields` and `within` are shard fields. */
export type MatchRule =
  | { readonly match: "exact"; readonly fields: readonly string[] }
  | {
      readonly match: "fuzzy";
      readonly fields: readonly string[];
      readonly measure: "jaro_winkler";
      /** Every field must be at least this similar, 0 to 1. */
      readonly threshold: number;
      /** Compared are only shards in which these are equal; by default those whose first field sounds alike at its start. */
      readonly within?: readonly string[];
    }
  | {
      readonly match: "phonetic";
      readonly fields: readonly string[];
      readonly algorithm: "soundex";
      readonly within?: readonly string[];
    };

/** What a merged shard shows of its records (`castiel.md`, Deduplication). */
export const mergeStrategies = ["merge_fields", "keep_first", "keep_most_complete"] as const;

/** One of {@link mergeStrategies}. */
export type MergeStrategy = (typeof mergeStrategies)[number];

/** How conflicts are resolved. */
export interface ConflictRules {
  readonly strategy: ConflictStrategy;
  /** For `merge`: by shard field; `newest` for those not named. */
  readonly fields?: Readonly<Record<string, MergeRule>>;
  /** For `custom`: the name of a rule that is registered in code. */
  readonly custom?: string;
}

/** A conversion schema: what the records of one entity type become. */
export interface Mapping {
  readonly shardTypeId: string;
  /** `bidirectional`: what Castiel changes is written back. */
  readonly direction: "inbound" | "bidirectional";
  /** `keep`: fields of the record that no rule reads stay under their own names. By default they are dropped. */
  readonly unmapped?: "keep" | "drop";
  readonly fields: Readonly<Record<string, FieldRule>>;
  readonly derived?: readonly DerivedRule[];
  readonly deduplicate?: { readonly rules: readonly MatchRule[]; readonly merge: MergeStrategy };
  /** By default `newest_wins`. */
  readonly conflicts?: ConflictRules;
}

/** A tenant's mapping of an entity type. Partition: the tenant key. */
export interface MappingDocument extends Document {
  readonly integrationId: string;
  readonly entityType: string;
  readonly mapping: Mapping;
  readonly updatedAt: string;
  readonly updatedBy: string;
}
