import type { ConnectionKey, ReadOutcome, RecordReader, RecordReference } from "../core/record-reader";
import type { Mark, Shard } from "../core/shard";
import { type NotRead, SyncFailure } from "../core/sync-task";
import { compareVersions, type EventVersion } from "../core/version";
import type { SourceEvent } from "./apply-event";
import { sourceOf } from "./shard-state";

/** What a task knows of a record before it looks at the provider. */
export interface RecordJob {
  readonly tenantKey: string;
  /** Names the record. For a task without an event it says nothing else. */
  readonly event: SourceEvent;
  /** Events of the same record that came before `event` and are settled by the same task, in the order of receipt. */
  readonly earlier?: readonly SourceEvent[];
  /**
   * `event`: the event's own data counts, and the provider is asked for what it leaves out. `page`: the data is the
   * provider's own. `change`: likewise, and it was read together with the deletions before and after it. `manual`: only the
   * provider can tell. `edit`: it is asked, but nothing depends on its answer.
   */
  readonly kind: "event" | "page" | "change" | "manual" | "edit";
}

/** What is known of the record afterwards. */
export interface Fetched {
  /** What to hold against the version guard, one after the other; empty where there is nothing new. */
  readonly evidence: readonly SourceEvent[];
  readonly source?: "event" | "provider";
  readonly notRead?: NotRead;
  /** The tag of what was read. */
  readonly readTag?: string;
  /** The provider was asked just now, so whatever we may have written to it before is in the answer. */
  readonly isCurrent: boolean;
}

/**
 * Fetch: reads the record from the provider where the event does not hold all of it. A whole record, a deletion and an
 * occurrence need no reading, which spares the provider's rate limit.
 * @throws {SyncFailure} @throws {SyncDelay} @throws {WebhookError} as the reader does
 */
export async function fetchRecord(
  reader: RecordReader,
  job: RecordJob,
  current: Shard | undefined,
  now: number,
): Promise<Fetched> {
  const { kind, event } = job;
  if (kind === "page") return { evidence: [event], source: "provider", isCurrent: false };
  if (kind === "change") return { evidence: [changeOf(event, current)], source: "provider", isCurrent: false };
  const events = eventsOf(job);
  if (kind === "event" && events.every(saysEverything)) return { evidence: events, source: "event", isCurrent: false };
  const receivedOrder = nextOrder(event, current, now);
  const etag = current && !current.tombstone ? current.readTag : undefined;
  const data = Object.fromEntries(events.flatMap((known) => Object.entries(known.data)));
  const reference = referenceOf({ ...event, data }, current);
  const outcome = await reader.read(connectionOf(job), reference, etag === undefined ? {} : { etag });
  return toFetched(job, outcome, current, receivedOrder);
}

/** The connection that the record comes by. */
export function connectionOf({
  tenantKey,
  event: { tenantId, integrationId, connectionId },
}: RecordJob): ConnectionKey {
  return { tenantId, tenantKey, integrationId, connectionId };
}

function eventsOf({ event, earlier = [] }: RecordJob): readonly SourceEvent[] {
  return [...earlier, event];
}

/** A record that was deleted and is there again goes by the order of receipt, because its own time may be from before. */
function changeOf(event: SourceEvent, current: Shard | undefined): SourceEvent {
  const { version: _, ...unversioned } = event;
  return current?.tombstone && event.eventType !== "deleted" ? unversioned : event;
}

/** True for an event that needs no reading. */
export function saysEverything({
  completeness,
  gap,
  eventType,
}: Pick<SourceEvent, "completeness" | "gap" | "eventType">): boolean {
  return eventType === "deleted" || eventType === "occurred" || (completeness === "full" && gap !== true);
}

function withoutReading(job: RecordJob, notRead: NotRead): Fetched {
  if (job.kind === "manual") throw new SyncFailure(notRead, { permanent: true });
  if (job.kind === "edit") return { evidence: [], notRead, isCurrent: false };
  return { evidence: eventsOf(job), source: "event", notRead, isCurrent: false };
}

/** How a reader finds the record; what is known of it helps where an id is not enough. */
export function referenceOf(event: SourceEvent, current: Shard | undefined): RecordReference {
  const { entityType, entityId, idScope, scope, data } = event;
  return {
    entityType,
    entityId,
    ...(idScope === undefined ? {} : { idScope }),
    ...(scope === undefined ? {} : { scope }),
    hint: current ? { ...sourceOf(current), ...data } : data,
  };
}

/** What we ask or tell the provider ourselves comes after everything that was received by then, on any clock. */
export function nextOrder(event: SourceEvent, current: Shard | undefined, now: number): number {
  const marks: (Mark | undefined)[] = current
    ? [current.mark, current.seen, current.tombstone, ...Object.values(current.fieldMarks)]
    : [];
  const known = marks.map((mark) => mark?.receivedOrder ?? 0);
  return Math.max(now * 1000, event.receivedOrder + 1, ...known.map((order) => order + 1));
}

function toFetched(job: RecordJob, outcome: ReadOutcome, current: Shard | undefined, receivedOrder: number): Fetched {
  switch (outcome.kind) {
    case "found":
      return {
        evidence: evidenceOf(job, (event) => foundRecord({ ...job, event }, outcome, current, receivedOrder)),
        source: "provider",
        isCurrent: true,
        ...(outcome.etag === undefined ? {} : { readTag: outcome.etag }),
      };
    case "unchanged":
      return { evidence: evidenceOf(job, () => []), source: "provider", isCurrent: true };
    case "deleted":
      return {
        evidence: evidenceOf(job, (event) => foundDeletion(event, receivedOrder)),
        source: "provider",
        isCurrent: true,
      };
    case "unsupported":
    case "no_credentials":
      return withoutReading(job, outcome.kind);
  }
}

/** An event that says everything counts as it is, any other one as what the provider answered. */
function evidenceOf(
  job: RecordJob,
  answerTo: (event: SourceEvent) => SourceEvent | readonly SourceEvent[],
): readonly SourceEvent[] {
  return eventsOf(job).flatMap((event) => (saysEverything(event) ? event : answerTo(event)));
}

function foundRecord(
  job: RecordJob,
  found: ReadOutcome & { readonly kind: "found" },
  current: Shard | undefined,
  receivedOrder: number,
): SourceEvent {
  const version = versionOfRead(job, found.version, current);
  const { version: _, gap: __, ...rest } = job.event;
  return {
    ...rest,
    ...(version === undefined ? {} : { version }),
    // Whoever asks for a record by hand wants it as it is: found is found, whatever was deleted before.
    ...(job.kind === "manual" ? { eventType: "restored" } : {}),
    completeness: "full",
    data: found.record,
    receivedOrder,
  };
}

/** The provider does not say when: the deletion counts as newest at its receipt (DESIGN 11, Versions). */
function foundDeletion(event: SourceEvent, receivedOrder: number): SourceEvent {
  const { version: _, occurredAt: __, ...rest } = event;
  return { ...rest, eventType: "deleted", data: {}, receivedOrder };
}

/**
 * The read came after the event, so what it found is at least as new, however coarse the time in the record is. A record
 * that was deleted and asked for by hand goes by the order of receipt, because its own time may be from before.
 */
function versionOfRead(
  { event, kind }: RecordJob,
  found: EventVersion | undefined,
  current: Shard | undefined,
): EventVersion | undefined {
  if (kind === "manual" && current?.tombstone) return undefined;
  if (event.version === undefined || found === undefined) return event.version ?? found;
  const order = compareVersions(found, event.version);
  return order !== undefined && order > 0 ? found : event.version;
}
