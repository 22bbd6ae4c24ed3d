import type { Conflict, ConflictStatus } from "../core/conflict";
import type { Clock } from "../core/ports";
import type { Shard, Signature } from "../core/shard";
import type { Conflicts } from "../repositories/conflicts";
import type { ShardKey, Shards } from "../repositories/shards";

/** What writing a shard takes. */
export interface ShardStores {
  readonly shards: Shards;
  readonly conflicts: Conflicts;
  readonly now: Clock;
}

/** How the conflict ended that a change takes away: by a person, or because the sides changed on. */
export interface Settlement extends Signature {
  readonly status: Exclude<ConflictStatus, "open">;
}

/**
 * Changes a shard, and keeps the documents of its conflicts in step. A new conflict's document comes before the shard,
 * an old one is closed after it: killed in between, there is a document too many, which lists leave out because its
 * shard does not name it, but never a conflict that nobody sees.
 */
export async function writeShard<R extends { readonly shard?: Shard }>(
  { shards, conflicts, now }: ShardStores,
  key: ShardKey,
  change: (current: Shard | undefined) => R | Promise<R>,
  settlement?: Settlement,
): Promise<R> {
  let before: Shard | undefined;
  const result = await shards.update(key, async (current) => {
    before = current;
    const changed = await change(current);
    const conflict = changed.shard?.conflict;
    if (changed.shard && conflict && conflict.id !== current?.conflict?.id)
      await conflicts.save(toConflict(changed.shard, conflict));
    return changed;
  });
  const old = before?.conflict?.id;
  if (result.shard && old !== undefined && old !== result.shard.conflict?.id) {
    const { status, ...by } = settlement ?? {
      status: "superseded",
      by: "synchronisation",
      at: new Date(now()).toISOString(),
    };
    await conflicts.settle(key, old, status, by);
  }
  return result;
}

function toConflict(shard: Shard, { id, kind, detectedAt, fields }: NonNullable<Shard["conflict"]>): Conflict {
  return {
    id,
    pk: shard.pk,
    tenantId: shard.tenantId,
    schemaVersion: 1,
    shardId: shard.id,
    shardTypeId: shard.shardTypeId,
    integrationId: shard.integrationId,
    entityType: shard.entityType,
    externalId: shard.externalId,
    kind,
    status: "open",
    detectedAt,
    fields,
  };
}
