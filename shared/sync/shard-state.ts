import { hash } from "node:crypto";
import type { JsonObject } from "../core/json";
import type { Mark, Shard } from "../core/shard";

/** Changes to a shard; `undefined` takes an optional field away. */
export type ShardChanges = {
  readonly [K in keyof Shard]?: object extends Pick<Shard, K> ? Shard[K] | undefined : Shard[K];
};

/** The shard with changes made to it. */
export function changeShard(shard: Shard, changes: ShardChanges): Shard {
  const next = { ...shard, ...changes };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) Reflect.deleteProperty(next, name);
  }
  // `ShardChanges` lets only optional fields be undefined, and those have just been taken out.
  return next as Shard;
}

/** The provider's own fields as last synchronised: they are stored only where the shard does not show the same. */
export function sourceOf(shard: Shard): JsonObject {
  return shard.source ?? shard.structuredData;
}

/** When that was, in milliseconds since 1970: as the provider states it, else when we heard of it. */
export function timeOf({ version, receivedOrder }: Mark): number {
  return version.kind === "time" ? Number(version.value) : Math.floor(receivedOrder / 1000);
}

/** Tells two states of the provider's side apart, whatever the mapping makes of them. */
export function fingerprintOf(shard: Shard): string {
  const merged = (shard.merged ?? []).map(({ shardId, data }) => [shardId, data]);
  return hash("sha256", JSON.stringify([sourceOf(shard), merged]), "hex").slice(0, 32);
}

/** True if the provider, and the provider of every merged record, deleted it. */
export function isGoneAtSource({ tombstone, merged = [] }: Pick<Shard, "tombstone" | "merged">): boolean {
  return tombstone !== undefined && merged.every(({ deleted }) => deleted);
}

/** True if the record lacks something that the mapping requires: nothing is made of it until it is there. */
export function isLacking({ issues = [] }: Pick<Shard, "issues">): boolean {
  return issues.some(({ code }) => code === "required");
}
