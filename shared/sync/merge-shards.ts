import type { MergedRecord, Shard } from "../core/shard";
import { SyncFailure } from "../core/sync-task";
import { newestMark } from "./apply-event";
import type { CustomRule } from "./conflict-rules";
import { saveDerived } from "./derive-shards";
import { primaryLens } from "./lens";
import type { MappingSource } from "./mapping-source";
import { nextShard } from "./next-shard";
import { changeShard, sourceOf, timeOf } from "./shard-state";
import { type ShardStores, writeShard } from "./write-shard";

/** What merging shards takes. */
export interface Merging extends ShardStores {
  readonly mappings: MappingSource;
  readonly customRules: ReadonlyMap<string, CustomRule>;
}

/** A chain of merges is followed this far. */
const MAX_CHAIN = 8;

/**
 * Merges two shards and answers the one that shows both: the one that shows others already, else the older. Two that
 * both show others are left alone: whether those belong together is for a person to say.
 */
export async function mergeInto(merging: Merging, shard: Shard, other: Shard): Promise<Shard> {
  if (shard.merged && other.merged) return shard;
  const [master, duplicate] = isMasterOf(shard, other) ? [shard, other] : [other, shard];
  const moved = await writeShard(merging, keyOf(duplicate, duplicate.id), (current) =>
    // It may have been merged, deleted, or have become a master itself meanwhile: the next task decides anew.
    current?.status === "active" && !current.merged
      ? { shard: changeShard(current, { ...merged, mergedInto: master.id, revision: current.revision + 1 }) }
      : {},
  );
  return moved.shard ? takeIn(merging, moved.shard) : shard;
}

const merged = { status: "merged", links: undefined } as const;

/**
 * What a merged shard's repeated task does too: its derived shards are taken back, its data is shown by its master. In
 * this order, so that a master which shows it says that all of it is done.
 */
export async function takeIn(merging: Merging, duplicate: Shard): Promise<Shard> {
  await saveDerived(merging, duplicate, { mapping: undefined, customRules: merging.customRules });
  return addToMaster(merging, duplicate);
}

/**
 * Brings the present state of a merged record to the shard that shows it, and answers that shard. The duplicate is
 * written before its master: its revision orders its states, and after a crash it is the duplicate that knows what is
 * missing.
 * @throws {SyncFailure} `merge_chain_broken`
 */
async function addToMaster(merging: Merging, duplicate: Shard): Promise<Shard> {
  let shardId = duplicate.mergedInto;
  for (let step = 0; step < MAX_CHAIN && shardId !== undefined; step++) {
    const { master } = await writeShard(merging, keyOf(duplicate, shardId), (current) =>
      withRecord(merging, current, duplicate),
    );
    if (master?.mergedInto === undefined && master) return master;
    shardId = master?.mergedInto;
  }
  throw new SyncFailure("merge_chain_broken");
}

async function withRecord(
  merging: Merging,
  master: Shard | undefined,
  duplicate: Shard,
): Promise<{ readonly master: Shard | undefined; readonly shard?: Shard }> {
  if (master === undefined || master.mergedInto !== undefined) return { master };
  const known = master.merged?.find(({ shardId }) => shardId === duplicate.id);
  if (known && known.revision >= duplicate.revision) return { master };
  const others = (master.merged ?? []).filter((record) => record !== known);
  const record = toMerged(duplicate, known?.mergedAt ?? new Date(merging.now()).toISOString());
  const merged = [...others, record].sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
  const shard = await reshaped(merging, master, changeShard(master, { merged }));
  return { master: shard, shard };
}

/** The shard as its mapping makes it, after something else than its own record changed. */
export async function reshaped(merging: Merging, before: Shard, shard: Shard): Promise<Shard> {
  const { tenantId, pk, integrationId, entityType } = shard;
  const mapping = await merging.mappings.find({ tenantId, tenantKey: pk, integrationId, entityType });
  const lens = primaryLens(mapping, entityType, merging.customRules);
  const state = { shard, source: sourceOf(before), isCurrent: false };
  return nextShard(before, state, lens, merging.now()).shard;
}

function isMasterOf(a: Shard, b: Shard): boolean {
  if (Boolean(a.merged) !== Boolean(b.merged)) return a.merged !== undefined;
  return a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt;
}

function toMerged(duplicate: Shard, mergedAt: string): MergedRecord {
  return {
    shardId: duplicate.id,
    integrationId: duplicate.integrationId,
    entityType: duplicate.entityType,
    externalId: duplicate.externalId,
    mergedAt,
    data: duplicate.structuredData,
    changedAt: timeOf(newestMark(duplicate)),
    deleted: duplicate.tombstone !== undefined,
    revision: duplicate.revision,
  };
}

function keyOf({ tenantId, pk }: Shard, shardId: string): { tenantId: string; tenantKey: string; shardId: string } {
  return { tenantId, tenantKey: pk, shardId };
}
