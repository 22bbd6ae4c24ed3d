import type { EventQueue } from "../core/ports";
import {
  type EventGroup,
  latestOf,
  type SyncTask,
  type SyncTaskRequest,
  type SyncTaskService,
  type SyncWork,
} from "../core/sync-task";
import type { WebhookEvent } from "../core/webhook-event";
import { noticeOf } from "./collection-notice";
import { type RecordJob, saysEverything } from "./fetch-record";
import { endOfPage } from "./paged-work";
import type { Stopwatch } from "./stopwatch";
import { type ChangeDependencies, type CollectionNotice, syncChanges } from "./sync-changes";
import { syncPage } from "./sync-page";
import { syncRecord } from "./sync-record";
import { demandTenantKey, namesNoRecord, taskOfEvents, taskOfWork, tenantOf, workOfGap } from "./task-documents";
import { type RunEnd, runTask, type TaskRunnerDependencies } from "./task-runner";
import { toWorkMessage } from "./work-message";

/** What the engine works with. */
export interface SyncDependencies extends ChangeDependencies, TaskRunnerDependencies {
  readonly queue: Pick<EventQueue, "send">;
  /** How long finished tasks are kept, in seconds. */
  readonly retentionSeconds: number;
}

/** SyncTaskService: runs a task and keeps its document. What it does to a record is in `sync-record.ts`. */
export function createSyncTaskService(dependencies: SyncDependencies): SyncTaskService {
  return {
    enqueueSyncTask: (request: SyncTaskRequest): Promise<SyncTask> =>
      "events" in request
        ? runEvents(dependencies, request.events, request.attempt)
        : runWork(dependencies, request.work, request.attempt),
  };
}

async function runEvents(dependencies: SyncDependencies, events: EventGroup, attempt: number): Promise<SyncTask> {
  const event = latestOf(events);
  const tenantKey = demandTenantKey(event);
  const { now, retentionSeconds } = dependencies;
  const task = taskOfEvents(events, { tenantKey, attempt, now: now(), retentionSeconds });
  const job = { kind: "event", tenantKey, event, earlier: events.slice(0, -1) } as const;
  const notice = noticeOf(dependencies.collectionChanges, job);
  // Every event pays for a write, so a task that needs no reading has only one.
  return runTask(dependencies, { task, mayTakeLong: !events.every(saysEverything) }, (stopwatch) =>
    namesNoRecord(event) ? requestAll(dependencies, event, tenantKey) : runRecord(dependencies, job, notice, stopwatch),
  );
}

function runWork(dependencies: SyncDependencies, work: SyncWork, attempt: number): Promise<SyncTask> {
  const { now, retentionSeconds } = dependencies;
  const task = taskOfWork(work, { attempt, now: now(), retentionSeconds });
  return runTask(dependencies, { task, mayTakeLong: true }, (stopwatch, known) =>
    work.record ? runSingle(dependencies, work, stopwatch) : runNextPage(dependencies, work, known),
  );
}

async function runSingle(dependencies: SyncDependencies, work: SyncWork, stopwatch: Stopwatch): Promise<RunEnd> {
  const job = jobOf(work, dependencies.now());
  const notice = noticeOf(dependencies.collectionChanges, job, work.requestedAt);
  if (!notice || work.trigger !== "notice") return runRecord(dependencies, job, notice, stopwatch);
  // A further page: the collection itself was read with the first one.
  return { changes: { status: "completed", source: "provider", collection: await syncChanges(dependencies, notice) } };
}

/** A record and, where there is a notice that something changed within it, what that is. */
async function runRecord(
  dependencies: SyncDependencies,
  job: RecordJob,
  notice: CollectionNotice | undefined,
  stopwatch: Stopwatch,
): Promise<RunEnd> {
  const outcome = await syncRecord(dependencies, job, stopwatch);
  if (!notice) return { changes: { status: "completed", ...outcome } };
  const collection = await stopwatch.time("changes", () => syncChanges(dependencies, notice));
  return { changes: { status: "completed", ...outcome, collection } };
}

/** The provider named no record: all of them are read in a task of its own, as far as they can be listed. */
async function requestAll(dependencies: SyncDependencies, event: WebhookEvent, tenantKey: string): Promise<RunEnd> {
  const completed = { status: "completed", source: "event" } as const;
  const { syncTasks, queue, now, retentionSeconds } = dependencies;
  const work = workOfGap(event, tenantKey, now());
  const task = taskOfWork(work, { attempt: 0, now: now(), retentionSeconds });
  // Where the event comes again, the task may be at work already.
  if (!(await syncTasks.get(tenantOf(task), task.id))) await syncTasks.save({ ...task, status: "queued" });
  await queue.send([toWorkMessage(work)]);
  return { changes: { ...completed, result: { change: "resync", resyncTaskId: work.taskId } } };
}

async function runNextPage(
  dependencies: SyncDependencies,
  work: SyncWork,
  known: SyncTask | undefined,
): Promise<RunEnd> {
  return endOfPage(dependencies.queue, await syncPage(dependencies, work, known?.progress));
}

function jobOf(work: SyncWork, now: number): RecordJob {
  const { tenantId, tenantKey, integrationId, connectionId, entityType, taskId } = work;
  const { entityId = "", idScope, scope, hint = {} } = work.record ?? {};
  return {
    kind: work.trigger === "edit" ? "edit" : "manual",
    tenantKey,
    event: {
      tenantId,
      integrationId,
      connectionId,
      entityType,
      entityId,
      idScope,
      scope,
      eventId: taskId,
      eventType: "updated",
      completeness: "hint",
      data: hint,
      receivedAt: new Date(now).toISOString(),
      receivedOrder: now * 1000,
    },
  };
}
