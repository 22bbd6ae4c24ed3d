import { sourceOf } from "../sync/shard-state";
import { type FieldIssue, type MergedRecord, type Shard, type ShardLink } from "../core/shard";

/** A shard as its tenant reads it. */
export interface ShardView {
  readonly shardId: string;
  readonly shardTypeId: string;
  readonly status: Shard["status"];
  readonly integrationId: string;
  readonly connectionId: string;
  readonly entityType: string;
  readonly externalId: string;
  readonly scope?: string;
  readonly structuredData: Shard["structuredData"];
  /** Fields that were changed in Castiel, by whom and when. */
  readonly edits: Readonly<Record<string, { readonly by: string; readonly at: string }>>;
  readonly links: readonly ShardLink[];
  /** The primary shard of a derived one. */
  readonly derivedFrom?: string;
  /** Duplicates that this shard shows too. */
  readonly merged: readonly Pick<
    MergedRecord,
    "shardId" | "integrationId" | "entityType" | "externalId" | "mergedAt"
  >[];
  readonly mergedInto?: string;
  /** The shard of the record that was created anew in this one's place. */
  readonly replacedBy?: string;
  readonly conflictId?: string;
  readonly issues: readonly FieldIssue[];
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** One shard, with the provider's own fields as they were last synchronised. */
export interface ShardDetails extends ShardView {
  readonly source: Shard["structuredData"];
}

/** What the API shows of a shard. */
export function toShardView(shard: Shard): ShardView {
  const edits = Object.entries(shard.edits ?? {}).map(([field, { by, at }]) => [field, { by, at }] as const);
  return {
    shardId: shard.id,
    shardTypeId: shard.shardTypeId,
    status: shard.status,
    integrationId: shard.integrationId,
    connectionId: shard.connectionId,
    entityType: shard.entityType,
    externalId: shard.externalId,
    ...(shard.scope === undefined ? {} : { scope: shard.scope }),
    structuredData: shard.structuredData,
    edits: Object.fromEntries(edits),
    links: shard.links ?? [],
    ...(shard.derivedFrom ? { derivedFrom: shard.derivedFrom.shardId } : {}),
    merged: (shard.merged ?? []).map(({ shardId, integrationId, entityType, externalId, mergedAt }) => ({
      shardId,
      integrationId,
      entityType,
      externalId,
      mergedAt,
    })),
    ...(shard.mergedInto === undefined ? {} : { mergedInto: shard.mergedInto }),
    ...(shard.successor ? { replacedBy: shard.successor.shardId } : {}),
    ...(shard.conflict ? { conflictId: shard.conflict.id } : {}),
    issues: shard.issues ?? [],
    revision: shard.revision,
    createdAt: shard.createdAt,
    updatedAt: shard.updatedAt,
  };
}

/** The same with the provider's side. */
export function toShardDetails(shard: Shard): ShardDetails {
  return { ...toShardView(shard), source: sourceOf(shard) };
}
