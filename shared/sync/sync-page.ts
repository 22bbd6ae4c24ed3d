import type { RecordPage } from "../core/record-reader";
import { type ListProgress, SyncDelay, SyncFailure, type SyncWork } from "../core/sync-task";
import type { SourceEvent } from "./apply-event";
import { Stopwatch } from "./stopwatch";
import { type RecordDependencies, syncRecord } from "./sync-record";

/** What one page came to. */
export interface PageOutcome {
  readonly progress: ListProgress;
  /** Records that have to be tried again by themselves: to be queued before the progress is saved, or a crash loses them. */
  readonly again: readonly SyncWork[];
  /** The next page: to be queued after the progress is saved, so that no page is counted twice. */
  readonly next?: SyncWork;
  /** The page was done before, and its progress is saved. */
  readonly isKnown: boolean;
}

/**
 * One page of a listing: every record goes the way of an event that holds all of it. A record that fails concerns no
 * other one: it is counted by its reason and, where repeating may help, gets a task of its own.
 * @throws {SyncFailure} @throws {SyncDelay} @throws {WebhookError} where the page itself cannot be had, or the store is out
 */
export async function syncPage(
  dependencies: RecordDependencies,
  work: SyncWork,
  known: ListProgress | undefined,
): Promise<PageOutcome> {
  const { reader, now } = dependencies;
  const since = work.since ?? new Date(0).toISOString();
  const before = known ?? { since, pages: 0, records: 0, failures: {} };
  const pageNumber = work.page ?? 0;
  // Killed after its records were counted: what comes next may still have to be asked for. Of an earlier page, it has been.
  if (before.pages > pageNumber) {
    const isLast = before.pages === pageNumber + 1;
    return { progress: before, again: [], isKnown: true, ...(isLast ? nextPage(work, before.cursor) : {}) };
  }
  const receivedOrder = now() * 1000;
  const page = await reader.list(work, {
    entityType: work.entityType,
    since,
    ...(work.cursor === undefined ? {} : { cursor: work.cursor }),
  });
  const failures: Record<string, number> = { ...before.failures };
  const again: SyncWork[] = [];
  for (const [index, listed] of page.records.entries()) {
    const failure = await syncListed(dependencies, work, listed, receivedOrder);
    if (failure === undefined) continue;
    failures[failure.reason] = (failures[failure.reason] ?? 0) + 1;
    if (!failure.permanent) again.push(singleWork(work, listed, `${pageNumber}-${index}`));
  }
  const progress: ListProgress = {
    since,
    pages: pageNumber + 1,
    records: before.records + page.records.length,
    failures,
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
  return { progress, again, isKnown: false, ...nextPage(work, page.cursor) };
}

type Listed = RecordPage["records"][number];

interface ListedFailure {
  readonly reason: string;
  readonly permanent: boolean;
}

/** Answers how the record failed, if it did. */
async function syncListed(
  dependencies: RecordDependencies,
  work: SyncWork,
  listed: Listed,
  receivedOrder: number,
): Promise<ListedFailure | undefined> {
  const event = toEvent(work, listed, receivedOrder);
  const job = { kind: "page", tenantKey: work.tenantKey, event } as const;
  try {
    await syncRecord(dependencies, job, new Stopwatch(dependencies.now));
    return undefined;
  } catch (error) {
    if (error instanceof SyncFailure) return error;
    if (error instanceof SyncDelay) return { reason: error.reason, permanent: false };
    throw error;
  }
}

function toEvent(work: SyncWork, { reference, record, version, deleted }: Listed, receivedOrder: number): SourceEvent {
  const { tenantId, integrationId, connectionId, taskId, requestedAt } = work;
  return {
    tenantId,
    integrationId,
    connectionId,
    entityType: work.entityType,
    entityId: reference.entityId,
    idScope: reference.idScope,
    scope: reference.scope,
    eventId: taskId,
    eventType: deleted === true ? "deleted" : "updated",
    version,
    completeness: "full",
    data: deleted === true ? {} : record,
    receivedAt: requestedAt,
    receivedOrder,
  };
}

function nextPage(work: SyncWork, cursor: string | undefined): Pick<PageOutcome, "next"> {
  return cursor === undefined ? {} : { next: { ...work, cursor, page: (work.page ?? 0) + 1 } };
}

function singleWork(work: SyncWork, { reference }: Listed, suffix: string): SyncWork {
  const { since: _, cursor: __, page: ___, ...rest } = work;
  const { entityType: ____, ...record } = reference;
  return { ...rest, taskId: `${work.taskId}-${suffix}`, record };
}
