import type { Shard } from "../core/shard";
import { saveDerived, withLinks } from "./derive-shards";
import { primaryLens } from "./lens";
import { type Merging, reshaped } from "./merge-shards";
import { nextShard } from "./next-shard";
import { changeShard, sourceOf } from "./shard-state";
import { writeShard } from "./write-shard";

/** Both shards, each with its own record again. */
export interface Separated {
  readonly master: Shard;
  readonly duplicate: Shard;
}

/**
 * Undoes a merge and remembers that the two are not the same. The duplicate comes first: once it stands alone, nothing
 * brings its data to the master any more, and repeating the rest is harmless.
 * `undefined` where the two are not merged.
 */
export async function separate(merging: Merging, master: Shard, shardId: string): Promise<Separated | undefined> {
  const tenant = { tenantId: master.tenantId, tenantKey: master.pk };
  if (!master.merged?.some((record) => record.shardId === shardId)) return undefined;
  const { duplicate } = await writeShard(merging, { ...tenant, shardId }, async (current) => {
    if (current?.mergedInto === undefined) return { duplicate: current };
    const shard = await standingAlone(merging, current, master.id);
    return { duplicate: shard, shard };
  });
  const { remaining } = await writeShard(merging, { ...tenant, shardId: master.id }, async (current) => {
    if (!current?.merged) return { remaining: current };
    const merged = current.merged.filter((record) => record.shardId !== shardId);
    const changes = { merged: merged.length === 0 ? undefined : merged, separateFrom: apartFrom(current, shardId) };
    const shard = await reshaped(merging, current, changeShard(current, changes));
    return { remaining: shard, shard };
  });
  if (!duplicate || !remaining) return undefined;
  const mapping = await mappingOf(merging, duplicate);
  await saveDerived(merging, duplicate, { mapping, customRules: merging.customRules });
  return { master: remaining, duplicate };
}

async function standingAlone(merging: Merging, duplicate: Shard, masterId: string): Promise<Shard> {
  const mapping = await mappingOf(merging, duplicate);
  const lens = primaryLens(mapping, duplicate.entityType, merging.customRules);
  const shard = changeShard(duplicate, { mergedInto: undefined, separateFrom: apartFrom(duplicate, masterId) });
  const state = { shard, source: sourceOf(duplicate), isCurrent: false };
  return withLinks(nextShard(duplicate, state, lens, merging.now()).shard, mapping);
}

function apartFrom({ separateFrom = [] }: Shard, shardId: string): readonly string[] {
  return [...new Set([...separateFrom, shardId])];
}

function mappingOf({ mappings }: Merging, { tenantId, pk, integrationId, entityType }: Shard) {
  return mappings.find({ tenantId, tenantKey: pk, integrationId, entityType });
}
