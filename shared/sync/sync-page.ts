import type { RecordPage } from "../core/record-reader";
import type { ListProgress, SyncWork } from "../core/sync-task";
import type { SourceEvent } from "./apply-event";
import { type PageOutcome, type PageTally, runPage, sinceOf } from "./paged-work";
import { type RecordFailure, recordFailure } from "./record-failure";
import { Stopwatch } from "./stopwatch";
import { type RecordDependencies, syncRecord } from "./sync-record";

/**
 * One page of a listing: every record goes the way of an event that holds all of it. A record that fails concerns no
 * other one: it is counted by its reason and, where repeating may help, gets a task of its own.
 * @throws {SyncFailure} @throws {SyncDelay} @throws {WebhookError} where the page itself cannot be had, or the store is out
 */
export function syncPage(
  dependencies: RecordDependencies,
  work: SyncWork,
  known: ListProgress | undefined,
): Promise<PageOutcome> {
  return runPage(work, known, () => syncListedPage(dependencies, work));
}

async function syncListedPage(dependencies: RecordDependencies, work: SyncWork): Promise<PageTally> {
  const { reader, now } = dependencies;
  const { entityType, until, cursor, page: pageNumber = 0 } = work;
  const receivedOrder = now() * 1000;
  const page = await reader.list(work, {
    entityType,
    since: sinceOf(work),
    ...(until === undefined ? {} : { until }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  let [present, repaired] = [0, 0];
  const failures: Record<string, number> = {};
  const again: SyncWork[] = [];
  for (const [index, listed] of page.records.entries()) {
    const outcome = await syncListed(dependencies, work, listed, receivedOrder);
    if (outcome === "present") present++;
    else if (outcome === "repaired") repaired++;
    else {
      failures[outcome.reason] = (failures[outcome.reason] ?? 0) + 1;
      if (!outcome.permanent) again.push(singleWork(work, listed, `${pageNumber}-${index}`));
    }
  }
  const next = page.cursor === undefined ? {} : { cursor: page.cursor };
  return { records: page.records.length, present, repaired, failures, again, ...next };
}

type Listed = RecordPage["records"][number];

/** Answers whether the record was here already, as new as it is, or how it failed. */
async function syncListed(
  dependencies: RecordDependencies,
  work: SyncWork,
  listed: Listed,
  receivedOrder: number,
): Promise<"present" | "repaired" | RecordFailure> {
  const event = toEvent(work, listed, receivedOrder);
  const job = { kind: "page", tenantKey: work.tenantKey, event } as const;
  try {
    // A page has hundreds of records: their phases are no spans of its trace.
    const { result } = await syncRecord(dependencies, job, new Stopwatch({ now: dependencies.now }));
    return result.change === "unchanged" || result.change === "stale" ? "present" : "repaired";
  } catch (error) {
    return recordFailure(error);
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

function singleWork(work: SyncWork, { reference }: Listed, suffix: string): SyncWork {
  const { since: _, until: __, cursor: ___, page: ____, ...rest } = work;
  const { entityType: _____, ...record } = reference;
  return { ...rest, taskId: `${work.taskId}-${suffix}`, record };
}
