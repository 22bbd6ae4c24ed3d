import type { Mapping, MatchRule } from "../core/mapping";
import type { Shard } from "../core/shard";
import type { MatchKeys } from "../repositories/match-keys";
import type { Tenant } from "../repositories/shards";
import { isMatch, keyOf } from "./match-rules";
import { mergeInto, type Merging, takeIn } from "./merge-shards";
import { isLacking } from "./shard-state";

/** What deduplicating takes. */
export interface Deduplication extends Merging {
  readonly matchKeys: MatchKeys;
}

/**
 * Deduplicate: the external id has been looked at before; here are the mapping's rules. A shard is saved first and then
 * claims its keys, and only then looks who else has them: of two duplicates that come at the same time, the one that
 * claims second sees the other, saved. Claims are looked at by every task, so one that was killed in between is made up
 * for by its repetition. Answers the shard that shows the record: another where it was merged.
 */
export async function deduplicate(work: Deduplication, shard: Shard, mapping: Mapping): Promise<Shard> {
  if (shard.status !== "active" || shard.derivedFrom || isLacking(shard)) return shard;
  let survivor = shard;
  for (const rule of mapping.deduplicate?.rules ?? []) {
    const key = keyOf(rule, shard.shardTypeId, shard.structuredData);
    if (key === undefined) continue;
    const claimants = await work.matchKeys.claim(tenantOf(shard), key, shard.id);
    const others = claimants.filter((shardId) => shardId !== shard.id && !shows(survivor, shardId));
    if (others.length > 0) survivor = await mergeAny(work, survivor, { rule, key, others });
    if (survivor.id !== shard.id) return survivor;
  }
  return survivor;
}

interface Candidates {
  readonly rule: MatchRule;
  readonly key: string;
  readonly others: readonly string[];
}

async function mergeAny(work: Deduplication, shard: Shard, { rule, key, others }: Candidates): Promise<Shard> {
  let survivor = shard;
  for (const shardId of others) {
    const other = await work.shards.get({ ...tenantOf(shard), shardId });
    if (other === undefined) continue;
    // The duplicate knows already where it belongs, but the one that shows it may not, after a crash.
    if (other.mergedInto === survivor.id) await takeIn(work, other);
    else if (isCandidate(survivor, other, rule, key)) survivor = await mergeInto(work, survivor, other);
    if (survivor.id !== shard.id) return survivor;
  }
  return survivor;
}

/** A duplicate that is shown already has nothing more to be done about; what it changes, its own tasks bring. */
function shows({ merged = [] }: Shard, shardId: string): boolean {
  return merged.some((record) => record.shardId === shardId);
}

/** Names stay under a key when their shard has changed, so the shard itself is asked. */
function isCandidate(shard: Shard, other: Shard, rule: MatchRule, key: string): boolean {
  if (other.status !== "active" || other.derivedFrom || isLacking(other)) return false;
  if (areSeparate(shard, other) || areSeparate(other, shard)) return false;
  const { shardTypeId, structuredData } = other;
  return keyOf(rule, shardTypeId, structuredData) === key && isMatch(rule, shard.structuredData, structuredData);
}

function areSeparate({ separateFrom = [] }: Shard, other: Shard): boolean {
  return separateFrom.includes(other.id);
}

function tenantOf({ tenantId, pk }: Shard): Tenant {
  return { tenantId, tenantKey: pk };
}
