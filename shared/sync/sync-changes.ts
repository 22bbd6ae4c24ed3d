import { hash } from "node:crypto";
import type { ChangePosition } from "../core/change-position";
import type { ChangesOutcome, CollectionChanges, RecordChange } from "../core/collection-changes";
import type { EventQueue, Stored } from "../core/ports";
import type { ConnectionKey, RecordReference } from "../core/record-reader";
import { type CollectionResult, SyncFailure, type SyncWork } from "../core/sync-task";
import type { ChangePositions } from "../repositories/change-positions";
import type { SourceEvent } from "./apply-event";
import { type RecordFailure, recordFailure } from "./record-failure";
import { Stopwatch } from "./stopwatch";
import { type RecordDependencies, syncRecord } from "./sync-record";
import { taskIdOf } from "./task-documents";
import { toWorkMessage } from "./work-message";

/** What it takes to follow collections. */
export interface ChangeDependencies extends RecordDependencies {
  readonly collectionChanges: CollectionChanges;
  readonly changePositions: ChangePositions;
  readonly queue: Pick<EventQueue, "send">;
}

/** Says that something changed within a collection. */
export interface CollectionNotice {
  readonly connection: ConnectionKey;
  readonly collection: RecordReference;
  /** ISO 8601: at the latest then it changed. */
  readonly at: string;
  /** What the shards name as what changed them. */
  readonly eventId: string;
}

/**
 * How long before the first notice a beginning looks. It covers the time that notices take, and clocks that differ; what
 * is read twice is unchanged.
 */
const MARGIN_MS = 3_600_000;

/**
 * One page of what changed within a collection since its position. Whole records go the way of a listing's; what is only
 * named, and what failed and may be repeated, is read by tasks of its own, so that no record holds up another. The
 * position is moved on last, and only from where this page began: a task that is killed before finds the same page again,
 * and of two at once the slower one moves nothing. A further task goes on from what is stored then, unless nothing can be left.
 * @throws {SyncFailure} @throws {SyncDelay} @throws {WebhookError} where the page cannot be had, or a back end is out
 */
export async function syncChanges(
  dependencies: ChangeDependencies,
  notice: CollectionNotice,
): Promise<CollectionResult> {
  const { changePositions, queue, now } = dependencies;
  const askedAt = now();
  const { outcome, stored } = await readPage(dependencies, notice);
  if (outcome.kind !== "page") return { records: 0, reading: 0, failures: {}, notRead: outcome.kind };
  const { changes, position, hasMore } = outcome;
  const { failures, single } = await takeIn(dependencies, notice, changes, askedAt);
  if (single.length > 0) await queue.send(single.map(toWorkMessage));
  const since = hasMore ? stored.value.since : new Date(askedAt).toISOString();
  const moved = await changePositions.move(stored, { position, since, ...(hasMore ? { hasMore } : {}) });
  const result = { records: changes.length, reading: single.length, failures };
  // The last of several pages ends where the first one began, and what another task stored may end before this notice.
  if (moved && !hasMore && stored.value.hasMore !== true) return result;
  const further = workOf(notice, notice.collection, position);
  await queue.send([toWorkMessage(further)]);
  return { ...result, furtherTaskId: further.taskId };
}

interface Page {
  readonly outcome: Exclude<ChangesOutcome, { readonly kind: "expired" }>;
  /** Where it began. */
  readonly stored: Stored<ChangePosition>;
}

/** The page at the stored position; where the provider takes that no more, the first one of a new beginning. */
async function readPage(dependencies: ChangeDependencies, notice: CollectionNotice, isAnew = false): Promise<Page> {
  const { changePositions, collectionChanges } = dependencies;
  const stored = await changePositions.open(notice, notice.at);
  const { since, position } = stored.value;
  const { connection, collection } = notice;
  const query = { collection, since: new Date(Date.parse(since) - MARGIN_MS).toISOString() };
  const outcome = await collectionChanges.read(connection, position === undefined ? query : { ...query, position });
  if (outcome.kind !== "expired") return { outcome, stored };
  if (isAnew) throw new SyncFailure("provider_answer_unknown");
  // Whoever moved it meanwhile did so from the same place, or has begun anew as well.
  await changePositions.move(stored, { since });
  return readPage(dependencies, notice, true);
}

interface TakenIn {
  /** By reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** What is to be read by itself. */
  readonly single: readonly SyncWork[];
}

async function takeIn(
  dependencies: ChangeDependencies,
  notice: CollectionNotice,
  changes: readonly RecordChange[],
  askedAt: number,
): Promise<TakenIn> {
  const failures: Record<string, number> = {};
  const single: SyncWork[] = [];
  for (const change of changes) {
    if (change.kind === "named") {
      single.push(workOf(notice, change.reference, change.changeId));
      continue;
    }
    const failure = await syncChange(dependencies, notice, change, askedAt);
    if (failure === undefined) continue;
    failures[failure.reason] = (failures[failure.reason] ?? 0) + 1;
    if (!failure.permanent) single.push(workOf(notice, change.reference, String(askedAt)));
  }
  return { failures, single };
}

/** Answers how the record failed, if it did. */
async function syncChange(
  dependencies: ChangeDependencies,
  notice: CollectionNotice,
  change: Exclude<RecordChange, { readonly kind: "named" }>,
  askedAt: number,
): Promise<RecordFailure | undefined> {
  const { tenantKey } = notice.connection;
  const job = { kind: "change", tenantKey, event: eventOf(notice, change, askedAt) } as const;
  try {
    await syncRecord(dependencies, job, new Stopwatch({ now: dependencies.now }));
    return undefined;
  } catch (error) {
    return recordFailure(error);
  }
}

/** A record in a list of changes is there, whatever was deleted before. */
function eventOf(
  { connection, eventId }: CollectionNotice,
  change: Exclude<RecordChange, { readonly kind: "named" }>,
  askedAt: number,
): SourceEvent {
  const { tenantId, integrationId, connectionId } = connection;
  const { entityType, entityId, idScope, scope } = change.reference;
  return {
    tenantId,
    integrationId,
    connectionId,
    entityType,
    entityId,
    idScope,
    scope,
    eventId,
    eventType: change.kind === "deleted" ? "deleted" : "restored",
    version: change.version,
    completeness: "full",
    data: change.kind === "deleted" ? {} : change.record,
    receivedAt: new Date(askedAt).toISOString(),
    receivedOrder: askedAt * 1000,
  };
}

/**
 * The reading of a record, or of the next page of the collection. The same change makes the same work, so that a page that
 * is read twice asks once.
 */
function workOf({ connection, at }: CollectionNotice, reference: RecordReference, change: string): SyncWork {
  const { tenantId, tenantKey, integrationId, connectionId } = connection;
  const { entityType, ...record } = reference;
  const { entityId, idScope = "" } = record;
  const name = JSON.stringify([tenantId, integrationId, connectionId, entityType, idScope, entityId, change]);
  return {
    taskId: taskIdOf(at, hash("sha256", name, "hex").slice(0, 40)),
    tenantId,
    tenantKey,
    integrationId,
    connectionId,
    trigger: "notice",
    entityType,
    record,
    requestedAt: at,
  };
}
