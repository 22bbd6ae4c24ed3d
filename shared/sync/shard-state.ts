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

/** The provider's own fields as last synchronised. */
export function sourceOf({ source, sharedTexts, structuredData }: Shard): JsonObject {
  if (sharedTexts === undefined) return source ?? structuredData;
  const texts = Object.entries(sharedTexts).map(([name, field]) => [name, structuredData[field]] as const);
  return { ...source, ...Object.fromEntries(texts) };
}

/** From this length on, a text is stored once. */
const LONG_TEXT = 200;

/**
 * The provider's fields as they are stored: not at all where the shard shows the same, and a long text only once, or a
 * record with a text of a megabyte would not fit its document any more.
 */
export function storedSource(
  source: JsonObject,
  structuredData: JsonObject,
): Pick<ShardChanges, "source" | "sharedTexts"> {
  if (source === structuredData) return { source: undefined, sharedTexts: undefined };
  const shown = new Map(
    Object.entries(structuredData).flatMap(([field, value]) => (isLong(value) ? [[value, field]] : [])),
  );
  const shared = Object.entries(source).flatMap(([name, value]) => {
    const field = isLong(value) ? shown.get(value) : undefined;
    return field === undefined ? [] : [[name, field] as const];
  });
  if (shared.length === 0) return { source, sharedTexts: undefined };
  const sharedTexts = Object.fromEntries(shared);
  const own = Object.entries(source).filter(([name]) => !Object.hasOwn(sharedTexts, name));
  return { source: Object.fromEntries(own), sharedTexts };
}

function isLong(value: unknown): value is string {
  return typeof value === "string" && value.length >= LONG_TEXT;
}

/** When that was, in milliseconds since 1970: as the provider states it, else when we heard of it. */
export function timeOf({ version, receivedOrder }: Mark): number {
  return version.kind === "time" ? Number(version.value) : Math.floor(receivedOrder / 1000);
}

/** Tells two states of the provider's side apart, whatever the mapping makes of them. */
export function fingerprintOf(source: JsonObject, merged: Shard["merged"] = []): string {
  // The order of fields says nothing.
  const fields = Object.entries(source).sort(([a], [b]) => (a < b ? -1 : 1));
  const others = merged.map(({ shardId, data }) => [shardId, data]);
  return hash("sha256", JSON.stringify([fields, others]), "hex").slice(0, 32);
}

/** True if the provider, and the provider of every merged record, deleted it. */
export function isGoneAtSource({ tombstone, merged = [] }: Pick<Shard, "tombstone" | "merged">): boolean {
  return tombstone !== undefined && merged.every(({ deleted }) => deleted);
}

/** True if the record lacks something that the mapping requires: nothing is made of it until it is there. */
export function isLacking({ issues = [] }: Pick<Shard, "issues">): boolean {
  return issues.some(({ code }) => code === "required");
}
