import { isDeepStrictEqual } from "node:util";
import type { Mark, Shard, Tombstone } from "../core/shard";
import type { ShardChange } from "../core/sync-task";
import { compareVersions } from "../core/version";
import type { WebhookEvent } from "../core/webhook-event";

/** The shard after an event, and what that did. `shard` is absent where nothing has to be written. */
export interface Applied {
  readonly change: ShardChange;
  readonly shard?: Shard;
}

/** What identifies the shard of an event. */
export interface ShardKey {
  readonly id: string;
  readonly pk: string;
}

/**
 * The version guard (DESIGN 8 and 11): an older change never overwrites a newer one, whatever the order of arrival;
 * of two changes with the same version the one received later wins; applying an event twice does nothing.
 */
export function applyEvent(shard: Shard | undefined, event: WebhookEvent, key: ShardKey): Applied {
  const mark = markOf(event);
  if (event.eventType === "deleted") return applyDeletion(shard, event, mark, key);
  if (shard?.tombstone) return applyToTombstone(shard, shard.tombstone, event, mark);
  if (!shard) return { change: "created", shard: newShard(event, mark, key) };
  return event.completeness === "full" ? applySnapshot(shard, event, mark) : applyPartial(shard, event, mark);
}

function markOf(event: WebhookEvent): Mark {
  const version = event.version ?? ({ kind: "received", value: event.receivedOrder } as const);
  return { version, receivedOrder: event.receivedOrder };
}

/** Positive if `a` is newer. Versions of different kinds say nothing about each other: then the order of receipt counts. */
function compareMarks(a: Mark, b: Mark): number {
  const byVersion = compareVersions(a.version, b.version);
  return byVersion === undefined || byVersion === 0 ? a.receivedOrder - b.receivedOrder : byVersion;
}

function newShard(event: WebhookEvent, mark: Mark, key: ShardKey): Shard {
  return {
    ...key,
    tenantId: event.tenantId,
    schemaVersion: 1,
    shardTypeId: event.entityType.toLowerCase(),
    integrationId: event.integrationId,
    connectionId: event.connectionId,
    entityType: event.entityType,
    externalId: event.entityId,
    ...(event.scope === undefined ? {} : { scope: event.scope }),
    structuredData: event.data,
    mark,
    fieldMarks: {},
    lastEventId: event.eventId,
    createdAt: event.receivedAt,
    updatedAt: event.receivedAt,
  };
}

function touched(shard: Shard, event: WebhookEvent): Pick<Shard, "lastEventId" | "updatedAt"> {
  return {
    lastEventId: event.eventId,
    updatedAt: event.receivedAt > shard.updatedAt ? event.receivedAt : shard.updatedAt,
  };
}

function applySnapshot(shard: Shard, event: WebhookEvent, mark: Mark): Applied {
  if (compareMarks(mark, shard.mark) < 0) return { change: "stale" };
  const newerFields = Object.entries(shard.fieldMarks).filter(([, known]) => compareMarks(known, mark) > 0);
  const kept = Object.fromEntries(
    newerFields
      .filter(([name]) => Object.hasOwn(shard.structuredData, name))
      .map(([name]) => [name, shard.structuredData[name]]),
  );
  const structuredData = { ...event.data, ...kept };
  const unchanged = isDeepStrictEqual(structuredData, shard.structuredData);
  if (unchanged && compareVersions(mark.version, shard.mark.version) === 0) return { change: "unchanged" };
  const fieldMarks = Object.fromEntries(newerFields);
  return {
    change: unchanged ? "unchanged" : "updated",
    shard: { ...shard, ...touched(shard, event), structuredData, mark, fieldMarks },
  };
}

function applyPartial(shard: Shard, event: WebhookEvent, mark: Mark): Applied {
  const fresh = Object.entries(event.data).filter(
    ([name]) => compareMarks(mark, shard.fieldMarks[name] ?? shard.mark) >= 0,
  );
  if (fresh.length === 0) return { change: Object.keys(event.data).length === 0 ? "unchanged" : "stale" };
  const structuredData = { ...shard.structuredData, ...Object.fromEntries(fresh) };
  const fieldMarks = { ...shard.fieldMarks, ...Object.fromEntries(fresh.map(([name]) => [name, mark])) };
  const unchanged = isDeepStrictEqual(structuredData, shard.structuredData);
  if (unchanged && isDeepStrictEqual(fieldMarks, shard.fieldMarks)) return { change: "unchanged" };
  return {
    change: unchanged ? "unchanged" : "updated",
    shard: { ...shard, ...touched(shard, event), structuredData, fieldMarks },
  };
}

function applyDeletion(shard: Shard | undefined, event: WebhookEvent, mark: Mark, key: ShardKey): Applied {
  const tombstone: Tombstone = {
    ...mark,
    deletedAt: event.occurredAt ?? event.receivedAt,
    timed: event.version !== undefined,
  };
  if (!shard) return { change: "deleted", shard: { ...newShard(event, mark, key), structuredData: {}, tombstone } };
  if (compareMarks(mark, shard.tombstone ?? newestMark(shard)) < 0) return { change: "stale" };
  if (shard.tombstone?.timed === tombstone.timed && compareMarks(mark, shard.tombstone) === 0)
    return { change: "unchanged" };
  return { change: "deleted", shard: { ...shard, ...touched(shard, event), tombstone } };
}

/** The newest thing known of a living record: a deletion older than it came late. */
function newestMark(shard: Shard): Mark {
  return Object.values(shard.fieldMarks).reduce(
    (newest, mark) => (compareMarks(mark, newest) > 0 ? mark : newest),
    shard.mark,
  );
}

function applyToTombstone(shard: Shard, tombstone: Tombstone, event: WebhookEvent, mark: Mark): Applied {
  if (!revives(shard, tombstone, event, mark)) return { change: "stale" };
  const { tombstone: _, ...alive } = shard;
  const structuredData = event.completeness === "full" ? event.data : { ...shard.structuredData, ...event.data };
  return {
    change: "restored",
    shard: { ...alive, ...touched(shard, event), structuredData, mark, fieldMarks: {} },
  };
}

/**
 * Against a timed deletion the versions decide. A deletion without a time counts as newest at its receipt: a creation
 * or restoration received after it revives, unless its version shows that it is older than what was known before;
 * anything else only with a vendor time after that receipt.
 */
function revives(shard: Shard, tombstone: Tombstone, event: WebhookEvent, mark: Mark): boolean {
  const againstTombstone = compareVersions(mark.version, tombstone.version);
  if (tombstone.timed && againstTombstone !== undefined) return againstTombstone > 0;
  const vendorTime = mark.version.kind === "time" ? Number(mark.version.value) : undefined;
  if (vendorTime !== undefined && vendorTime > tombstone.receivedOrder / 1000) return true;
  if (event.eventType !== "created" && event.eventType !== "restored") return false;
  const againstKnown = compareVersions(mark.version, newestMark(shard).version);
  return mark.receivedOrder > tombstone.receivedOrder && (againstKnown === undefined || againstKnown > 0);
}
