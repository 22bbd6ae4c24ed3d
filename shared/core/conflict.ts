import type { Document } from "./ports";
import type { Signature } from "./shard";

/**
 * `concurrent_update`: both sides changed within a minute, so that "newest" means little; `field_mismatch`: one changed
 * well after the other without having seen it; `deleted_on_…`: one side deleted what the other changed.
 */
export type ConflictKind = "field_mismatch" | "concurrent_update" | "deleted_on_source" | "deleted_on_destination";

/** The six strategies (`source`: the provider, `destination`: Castiel). */
export const conflictStrategies = [
  "source_wins",
  "destination_wins",
  "newest_wins",
  "merge",
  "manual",
  "custom",
] as const;

/** One of {@link conflictStrategies}. */
export type ConflictStrategy = (typeof conflictStrategies)[number];

/** What `merge` may do with a field; `local` is Castiel, `remote` the provider. */
export const mergeRules = ["local", "remote", "newest", "concat"] as const;

/** One of {@link mergeRules}. */
export type MergeRule = (typeof mergeRules)[number];

/** A field that both sides changed since the base, to different values. */
export interface FieldConflict {
  readonly base: unknown;
  readonly local: unknown;
  readonly remote: unknown;
}

/** `superseded`: the sides changed on, and the conflict is another one or none. */
export type ConflictStatus = "open" | "resolved" | "superseded";

/** How a person may resolve a field, or (`local`, `remote`) all of a conflict. */
export type FieldResolution = "local" | "remote" | { readonly value: unknown };

/** A conflict that waited for a person. Partition: the tenant key. */
export interface Conflict extends Document {
  readonly shardId: string;
  readonly shardTypeId: string;
  readonly integrationId: string;
  readonly entityType: string;
  readonly externalId: string;
  readonly kind: ConflictKind;
  readonly status: ConflictStatus;
  readonly detectedAt: string;
  readonly fields: Readonly<Record<string, FieldConflict>>;
  readonly settled?: Signature;
}
