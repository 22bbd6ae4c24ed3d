import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../core/json";
import type { Mark, Shard, Tombstone } from "../core/shard";
import type { ShardChange } from "../core/sync-task";
import { compareVersions } from "../core/version";
import type { WebhookEvent } from "../core/webhook-event";

/** What an event says of a record, whoever brought it: a webhook, a read, a page of a listing. */
export type SourceEvent = Omit<
  WebhookEvent,
  "registrationId" | "deliveryId" | "retryPolicy" | "nativeType" | "nativeAction"
>;

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
 * Events with versions of one kind come to the same record in any order.
 */
export function applyEvent(shard: Shard | undefined, event: SourceEvent, key: ShardKey): Applied {
  const mark = markOf(event);
  if (event.eventType === "deleted") return applyDeletion(shard, event, mark, key);
  if (shard?.tombstone) return applyToTombstone(shard, shard.tombstone, event, mark);
  if (!shard) return { change: "created", shard: newShard(event, mark, key) };
  return applyChange(shard, event, mark);
}

/** One event after the other, and what they did together. */
export function applyEvents(shard: Shard | undefined, events: readonly SourceEvent[], key: ShardKey): Applied {
  return events.reduce<Applied>((before, event) => {
    const applied = applyEvent(before.shard ?? shard, event, key);
    const change = changeOfBoth(before.change, applied.change);
    const after = applied.shard ?? before.shard;
    return after ? { change, shard: after } : { change };
  }, UNCHANGED);
}

const UNCHANGED: Applied = { change: "unchanged" };

/** A record that was created and then changed was created; what changed nothing does not count beside what did. */
function changeOfBoth(first: ShardChange, second: ShardChange): ShardChange {
  if (second === "unchanged" || (second === "stale" && first !== "unchanged")) return first;
  return first === "created" && second === "updated" ? first : second;
}

/** Positive if `a` is newer. Versions of different kinds say nothing about each other: then the order of receipt counts. */
export function compareMarks(a: Mark, b: Mark): number {
  const byVersion = compareVersions(a.version, b.version);
  return byVersion === undefined || byVersion === 0 ? a.receivedOrder - b.receivedOrder : byVersion;
}

/** The newest thing known of a living record: a deletion older than it came late. */
export function newestMark({ mark, fieldMarks, seen }: Pick<Shard, "mark" | "fieldMarks" | "seen">): Mark {
  const marks = [...Object.values(fieldMarks), ...(seen ? [seen] : [])];
  return marks.reduce((newest, known) => (compareMarks(known, newest) > 0 ? known : newest), mark);
}

function markOf(event: SourceEvent): Mark {
  const version = event.version ?? ({ kind: "received", value: event.receivedOrder } as const);
  return { version, receivedOrder: event.receivedOrder };
}

function newShard(event: SourceEvent, mark: Mark, key: ShardKey): Shard {
  return {
    ...key,
    tenantId: event.tenantId,
    schemaVersion: 1,
    shardTypeId: event.entityType.toLowerCase(),
    integrationId: event.integrationId,
    connectionId: event.connectionId,
    entityType: event.entityType,
    externalId: event.entityId,
    ...(event.idScope === undefined ? {} : { idScope: event.idScope }),
    ...(event.scope === undefined ? {} : { scope: event.scope }),
    status: "active",
    structuredData: event.data,
    mark,
    fieldMarks: {},
    ...(event.completeness === "full" ? {} : { incomplete: true as const }),
    revision: 0,
    lastEventId: event.eventId,
    createdAt: event.receivedAt,
    updatedAt: event.receivedAt,
  };
}

function touched(shard: Shard, event: SourceEvent): Pick<Shard, "lastEventId" | "updatedAt"> {
  return {
    lastEventId: event.eventId,
    updatedAt: event.receivedAt > shard.updatedAt ? event.receivedAt : shard.updatedAt,
  };
}

function applyChange(shard: Shard, event: SourceEvent, mark: Mark): Applied {
  return event.completeness === "full" ? applySnapshot(shard, event, mark) : applyPartial(shard, event, mark);
}

/** A whole record replaces what is known, but for fields that something newer set. */
function applySnapshot(shard: Shard, event: SourceEvent, mark: Mark): Applied {
  if (shard.incomplete === undefined && compareMarks(mark, shard.mark) < 0) return { change: "stale" };
  const known = Object.keys({ ...shard.structuredData, ...shard.fieldMarks });
  const newer = known.filter((name) => compareMarks(fieldMarkOf(shard, name), mark) > 0);
  const structuredData = { ...event.data, ...pick(shard.structuredData, newer) };
  const unchanged = isDeepStrictEqual(structuredData, shard.structuredData);
  const knownBefore = shard.incomplete === undefined && compareVersions(mark.version, shard.mark.version) === 0;
  if (unchanged && knownBefore) return { change: "unchanged" };
  const { incomplete: _, ...complete } = shard;
  const fieldMarks = Object.fromEntries(newer.map((name) => [name, fieldMarkOf(shard, name)]));
  // Where the first event brought no field that stays newer than this record, its mark would be lost.
  const seen = newestMark(shard);
  const isOlder = compareMarks(seen, mark) > 0;
  return {
    change: unchanged ? "unchanged" : "updated",
    shard: { ...complete, ...touched(shard, event), structuredData, mark, fieldMarks, ...(isOlder && { seen }) },
  };
}

/** Each field that the event states replaces what is known of it, unless that is newer. */
function applyPartial(shard: Shard, event: SourceEvent, mark: Mark): Applied {
  const names = Object.keys(event.data);
  if (names.length === 0) return applySignOfLife(shard, event, mark);
  const fresh = names.filter((name) => isUnknown(shard, name) || compareMarks(mark, fieldMarkOf(shard, name)) > 0);
  if (fresh.length === 0) {
    const isKnown = names.some((name) => compareMarks(mark, fieldMarkOf(shard, name)) === 0);
    return { change: isKnown ? "unchanged" : "stale" };
  }
  const structuredData = { ...shard.structuredData, ...pick(event.data, fresh) };
  const fieldMarks = { ...shard.fieldMarks, ...Object.fromEntries(fresh.map((name) => [name, mark])) };
  const unchanged = isDeepStrictEqual(structuredData, shard.structuredData);
  if (unchanged && isDeepStrictEqual(fieldMarks, shard.fieldMarks)) return { change: "unchanged" };
  return {
    change: unchanged ? "unchanged" : "updated",
    shard: { ...shard, ...touched(shard, event), structuredData, fieldMarks },
  };
}

/** An event without a field still says that the record was there, which a deletion before it must not undo. */
function applySignOfLife(shard: Shard, event: SourceEvent, mark: Mark): Applied {
  if (compareMarks(mark, newestMark(shard)) <= 0) return { change: "unchanged" };
  return { change: "unchanged", shard: { ...shard, ...touched(shard, event), seen: mark } };
}

function fieldMarkOf({ fieldMarks, mark }: Shard, name: string): Mark {
  return (Object.hasOwn(fieldMarks, name) ? fieldMarks[name] : undefined) ?? mark;
}

/** As long as no whole record was seen, a field that nobody stated may be anything, and an older event may tell it. */
function isUnknown({ incomplete, structuredData, fieldMarks }: Shard, name: string): boolean {
  return incomplete === true && !Object.hasOwn(structuredData, name) && !Object.hasOwn(fieldMarks, name);
}

function pick(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(fields, name)).map((name) => [name, fields[name]]));
}

function applyDeletion(shard: Shard | undefined, event: SourceEvent, mark: Mark, key: ShardKey): Applied {
  const tombstone: Tombstone = {
    ...mark,
    deletedAt: event.occurredAt ?? event.receivedAt,
    timed: event.version !== undefined,
  };
  if (!shard) {
    const unseen = newShard({ ...event, completeness: "hint", data: {} }, mark, key);
    return { change: "deleted", shard: { ...unseen, tombstone } };
  }
  if (compareMarks(mark, shard.tombstone ?? newestMark(shard)) < 0) return { change: "stale" };
  if (shard.tombstone?.timed === tombstone.timed && compareMarks(mark, shard.tombstone) === 0)
    return { change: "unchanged" };
  return { change: "deleted", shard: { ...shard, ...touched(shard, event), tombstone } };
}

function applyToTombstone(shard: Shard, tombstone: Tombstone, event: SourceEvent, mark: Mark): Applied {
  const { tombstone: _, ...alive } = shard;
  const applied = applyChange(alive, event, mark);
  if (!revives(shard, tombstone, event, mark)) {
    // It came late. What it says of the record counts all the same, should the record be restored.
    return { change: "stale", ...(applied.shard && { shard: { ...applied.shard, tombstone } }) };
  }
  return { change: "restored", shard: { ...(applied.shard ?? { ...alive, ...touched(shard, event) }), seen: mark } };
}

/**
 * Against a timed deletion the versions decide. A deletion without a time counts as newest at its receipt: a creation
 * or restoration received after it revives, unless its version shows that it is older than what was known before;
 * anything else only with a vendor time after that receipt.
 */
function revives(shard: Shard, tombstone: Tombstone, event: SourceEvent, mark: Mark): boolean {
  const againstTombstone = compareVersions(mark.version, tombstone.version);
  if (tombstone.timed && againstTombstone !== undefined) return againstTombstone > 0;
  const vendorTime = mark.version.kind === "time" ? Number(mark.version.value) : undefined;
  if (vendorTime !== undefined && vendorTime > tombstone.receivedOrder / 1000) return true;
  if (event.eventType !== "created" && event.eventType !== "restored") return false;
  const againstKnown = compareVersions(mark.version, newestMark(shard).version);
  return mark.receivedOrder > tombstone.receivedOrder && (againstKnown === undefined || againstKnown > 0);
}
