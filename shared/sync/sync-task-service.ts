import { isOutage, isWebhookError } from "../core/errors";
import type { EventQueue } from "../core/ports";
import { tenantKeyIn } from "../core/registration-id";
import {
  SyncDelay,
  SyncFailure,
  type SyncTask,
  type SyncTaskRequest,
  type SyncTaskService,
  type SyncWork,
} from "../core/sync-task";
import type { WebhookEvent } from "../core/webhook-event";
import type { SyncTasks } from "../repositories/sync-tasks";
import { type RecordJob, saysEverything } from "./fetch-record";
import { Stopwatch } from "./stopwatch";
import { syncPage } from "./sync-page";
import { type RecordDependencies, syncRecord } from "./sync-record";
import { namesNoRecord, type NewTask, taskOfEvent, taskOfWork, workOfGap } from "./task-documents";
import { toWorkMessage } from "./work-message";

/** What the engine works with. */
export interface SyncDependencies extends RecordDependencies {
  readonly syncTasks: SyncTasks;
  readonly queue: Pick<EventQueue, "send">;
  /** How long finished tasks are kept, in seconds. */
  readonly retentionSeconds: number;
}

/** How a run ends: what it adds to its task (nothing where the task has moved on), and what to do once that is saved. */
interface RunEnd {
  readonly changes?: TaskChanges;
  readonly afterwards?: () => Promise<unknown>;
}

type TaskChanges = Partial<SyncTask> & Pick<SyncTask, "status">;

/** SyncTaskService: runs a task and keeps its document. What it does to a record is in `sync-record.ts`. */
export function createSyncTaskService(dependencies: SyncDependencies): SyncTaskService {
  return {
    enqueueSyncTask: (request: SyncTaskRequest): Promise<SyncTask> =>
      "event" in request
        ? runEvent(dependencies, request.event, request.attempt)
        : runWork(dependencies, request.work, request.attempt),
  };
}

async function runEvent(dependencies: SyncDependencies, event: WebhookEvent, attempt: number): Promise<SyncTask> {
  const tenantKey = tenantKeyIn(event.registrationId);
  if (tenantKey === undefined) throw new SyncFailure("registration_id_malformed", { permanent: true });
  const { now, retentionSeconds } = dependencies;
  const task = taskOfEvent(event, { tenantKey, attempt, now: now(), retentionSeconds });
  return run(dependencies, { task, mayTakeLong: !saysEverything(event) }, (stopwatch) =>
    namesNoRecord(event)
      ? requestAll(dependencies, event, tenantKey)
      : runRecord(dependencies, { kind: "event", tenantKey, event }, stopwatch),
  );
}

function runWork(dependencies: SyncDependencies, work: SyncWork, attempt: number): Promise<SyncTask> {
  const { now, retentionSeconds } = dependencies;
  const task = taskOfWork(work, { attempt, now: now(), retentionSeconds });
  return run(dependencies, { task, mayTakeLong: true }, (stopwatch, known) =>
    work.record ? runRecord(dependencies, jobOf(work, now()), stopwatch) : runPage(dependencies, work, known),
  );
}

/**
 * The document says that the task runs only where it may take a while: for an event that needs no reading it is written
 * once, when it is done, because every event pays for it.
 */
async function run(
  dependencies: SyncDependencies,
  { task, mayTakeLong }: { readonly task: NewTask; readonly mayTakeLong: boolean },
  work: (stopwatch: Stopwatch, known: SyncTask | undefined) => Promise<RunEnd>,
): Promise<SyncTask> {
  const { syncTasks, now } = dependencies;
  const stopwatch = new Stopwatch(now);
  const known = task.trigger === "webhook" ? undefined : await syncTasks.get(tenantOf(task), task.id);
  // A listing that is done is done, whichever page's message comes again.
  if (known?.status === "completed" && known.progress) return known;
  const running = { ...task, ...(known?.progress ? { progress: known.progress } : {}), status: "running" as const };
  if (mayTakeLong && known?.status !== "running") await syncTasks.save(running);
  const save = async (changes: TaskChanges): Promise<SyncTask> => {
    const finishedAt = changes.status === "running" ? {} : { finishedAt: new Date(now()).toISOString() };
    const ended = { ...running, phases: stopwatch.phases, ...finishedAt, ...changes };
    await syncTasks.save(ended);
    return ended;
  };
  try {
    const { changes, afterwards } = await work(stopwatch, known);
    const ended = changes ? await save(changes) : running;
    await afterwards?.();
    return ended;
  } catch (error) {
    const failed = endOf(error);
    // What went wrong first is what counts, also where the store does not even take this.
    if (failed) await save(failed).catch(() => undefined);
    throw error;
  }
}

/** An outage of ours leaves the document as it is: it is not the task's affair, and the store may be what is out. */
function endOf(error: unknown): TaskChanges | undefined {
  if (isOutage(error)) return undefined;
  if (error instanceof SyncDelay)
    return { status: "waiting", reason: error.reason, waitingUntil: new Date(error.at).toISOString() };
  if (error instanceof SyncFailure) return { status: "failed", reason: error.reason };
  return { status: "failed", reason: isWebhookError(error) ? error.code : "internal_error" };
}

async function runRecord(dependencies: SyncDependencies, job: RecordJob, stopwatch: Stopwatch): Promise<RunEnd> {
  return { changes: { status: "completed", ...(await syncRecord(dependencies, job, stopwatch)) } };
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

async function runPage(dependencies: SyncDependencies, work: SyncWork, known: SyncTask | undefined): Promise<RunEnd> {
  const { queue } = dependencies;
  const { progress, again, next, isKnown } = await syncPage(dependencies, work, known?.progress);
  if (again.length > 0) await queue.send(again.map(toWorkMessage));
  const status = next === undefined ? "completed" : "running";
  return {
    ...(isKnown ? {} : { changes: { status, source: "provider", progress } }),
    ...(next === undefined ? {} : { afterwards: () => queue.send([toWorkMessage(next)]) }),
  };
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

function tenantOf({ tenantId, pk }: NewTask): { readonly tenantId: string; readonly tenantKey: string } {
  return { tenantId, tenantKey: pk };
}
