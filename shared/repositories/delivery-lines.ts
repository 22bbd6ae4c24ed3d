import { setImmediate as turn } from "node:timers/promises";
import type { DeliveryLine, DeliveryRecord, DoorRecord, EventRecord, SearchableField } from "../core/delivery";
import { parseJson } from "../core/delivery-request";
import { WebhookError } from "../core/errors";
import { at, textAt } from "../core/json";
import { END_OF_TIME, newestFirst, timeOfNewestFirst } from "../core/newest-first";
import type { Documents, DocumentStore, IdRange, Page } from "../core/ports";
import { tenantKeyIn } from "../core/registration-id";
import { createUnlessThere } from "./create-unless-there";
import type { Tenant } from "./shards";

/** What narrows and pages the log. */
export interface DeliverySearch {
  readonly fields: Partial<Pick<DeliveryLine, SearchableField>>;
  /** Milliseconds since 1970, both included. */
  readonly since: number;
  readonly until: number;
  readonly limit: number;
  readonly cursor?: string;
  /** The other way round than people read it. */
  readonly oldestFirst?: boolean;
}

const DAY_MS = 86_400_000;
/** What is rare, or not there at all, is looked for page by page. */
const DAYS_A_PAGE = 31;
const PREFIX = "delivery-";

/** The lines of the delivery log. */
export class DeliveryLines {
  readonly #documents: Documents<DeliveryLine>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<DeliveryLine>("delivery-lines");
  }

  /** Writes the line of a record, over the one that told its state before. */
  async save(record: DeliveryRecord): Promise<void> {
    const tenantKey = tenantKeyIn(record.registrationId);
    if (tenantKey !== undefined) await this.#documents.upsert(toLine(record, tenantKey));
  }

  /** Writes the line of a record unless there is one already. */
  async saveFirst(record: DeliveryRecord): Promise<void> {
    const tenantKey = tenantKeyIn(record.registrationId);
    if (tenantKey !== undefined) await createUnlessThere(this.#documents, toLine(record, tenantKey));
  }

  /** The line with this id. */
  async find({ tenantId, tenantKey }: Tenant, id: string): Promise<DeliveryLine | undefined> {
    const time = id.startsWith(PREFIX) ? timeOfNewestFirst(id.slice(PREFIX.length).split("-", 1)[0] ?? "") : undefined;
    if (time === undefined) return undefined;
    const found = await this.#documents.get(partitionOf(tenantKey, dayOf(time)), id);
    return found?.value.tenantId === tenantId ? found.value : undefined;
  }

  /**
   * One page, newest first unless asked otherwise. A page may be short, or empty, and not be the last.
   * @throws {WebhookError} `invalid_cursor`
   */
  async search({ tenantId, tenantKey }: Tenant, search: DeliverySearch): Promise<Page<DeliveryLine>> {
    const { since, until, limit, fields, oldestFirst = false } = search;
    const [first, last, step] = oldestFirst ? [dayOf(since), dayOf(until), 1] : [dayOf(until), dayOf(since), -1];
    const items: DeliveryLine[] = [];
    let { day, inner }: Place = search.cursor === undefined ? { day: first } : readPlace(search.cursor, dayOf(until));
    const end = day + step * DAYS_A_PAGE;
    for (; day * step <= last * step; day += step) {
      if (day === end) return { items, cursor: toPlace({ day }) };
      // A store within the process answers without a pause, and many days would leave nobody else a turn.
      if (day !== end - step * DAYS_A_PAGE) await turn();
      const page = await this.#documents.query({
        pk: partitionOf(tenantKey, day),
        where: { tenantId, ...fields },
        ids: idsWithin(since, until),
        limit: limit - items.length,
        ...(inner === undefined ? {} : { cursor: inner }),
        ...(oldestFirst && { orderBy: { field: "id", direction: "desc" } }),
      });
      items.push(...page.items);
      inner = page.cursor;
      if (inner !== undefined) return { items, cursor: toPlace({ day, inner }) };
      if (items.length === limit && day !== last) return { items, cursor: toPlace({ day: day + step }) };
    }
    return { items };
  }
}

/** Where a page begins: a day, counted from 1970, and the cursor within it. */
interface Place {
  readonly day: number;
  readonly inner?: string | undefined;
}

function toPlace(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** A place after the latest would be walked back from, day by day, whoever made it up. */
function readPlace(cursor: string, latestDay: number): Place {
  const place = parseJson(Buffer.from(cursor, "base64url").toString("utf8"));
  const [day, inner] = [at(place, "day"), textAt(place, "inner")];
  if (typeof day !== "number" || !Number.isSafeInteger(day) || day > latestDay)
    throw new WebhookError("invalid_cursor");
  return { day, inner };
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

function partitionOf(tenantKey: string, day: number): string {
  return `${tenantKey}~${day}`;
}

/** The ids of lines from `since` to `until`, both included: the latest come first. */
export function idsWithin(since: number, until: number): IdRange {
  // Ids tell no time before 1970, when nothing was received, and none after the end of theirs.
  const told = (time: number): Date => new Date(Math.min(Math.max(time, 1), END_OF_TIME));
  const beginOf = (time: number): string => `${PREFIX}${newestFirst(told(time).toISOString())}`;
  return { from: beginOf(until), before: beginOf(since - 1) };
}

/** The id of the line of a record: the same at every attempt at its event. */
export function lineIdOf({ receivedAt, id }: Pick<DeliveryRecord, "receivedAt" | "id">): string {
  return `${PREFIX}${newestFirst(receivedAt)}-${id}`;
}

/** The line of a record, in the partition of its day. */
export function toLine(record: DeliveryRecord, tenantKey: string): DeliveryLine {
  const { registrationId, integrationId, connectionId, deliveryId, receivedAt, verdict, reason } = record;
  return {
    id: lineIdOf(record),
    pk: partitionOf(tenantKey, dayOf(Date.parse(receivedAt))),
    tenantId: record.tenantId,
    schemaVersion: 1,
    ...(record.ttl === undefined ? {} : { ttl: record.ttl }),
    recordId: record.id,
    registrationId,
    integrationId,
    connectionId,
    deliveryId,
    receivedAt,
    verdict,
    ...(reason === undefined ? {} : { reason }),
    ...(record.verdict === "accepted" ? eventOf(record) : firstEventOf(record)),
  };
}

function eventOf(record: EventRecord): Partial<DeliveryLine> {
  const { eventName, nativeType, entityType, entityId, outcome, attempts, latencyMs } = record;
  const { event, replays: [lastReplay] = [] } = record;
  return {
    ...{ eventName, nativeType, entityType, entityId, outcome, attempts, latencyMs },
    ...(event && { replayable: true }),
    ...(lastReplay && { replayId: lastReplay.replayId }),
  };
}

/** A delivery that ended at the door may have held several events; the log shows the first. */
function firstEventOf({
  eventNames: [eventName],
  nativeType,
  entityType,
  entityId,
  request,
}: DoorRecord): Partial<DeliveryLine> {
  const replayable = request?.keptAs === undefined ? {} : { replayable: true as const };
  // Fields that are undefined are left out of the document.
  const event = { eventName, nativeType, entityType, entityId } as Partial<DeliveryLine>;
  return eventName === undefined ? replayable : { ...event, ...replayable };
}
