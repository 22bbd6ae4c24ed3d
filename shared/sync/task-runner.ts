import { isOutage, isWebhookError } from "../core/errors";
import { SyncDelay, SyncFailure, type SyncTask } from "../core/sync-task";
import type { SyncTasks } from "../repositories/sync-tasks";
import { Stopwatch, type StopwatchParts } from "./stopwatch";
import { type NewTask, tenantOf } from "./task-documents";

/** What keeps the documents of tasks. */
export interface TaskRunnerDependencies extends StopwatchParts {
  readonly syncTasks: SyncTasks;
}

/** A task that is about to run. */
export interface TaskRun {
  readonly task: NewTask;
  /** The document says that the task runs only where it may take a while: otherwise it is written once, when it is done. */
  readonly mayTakeLong: boolean;
}

/** How a run ends: what it adds to its task (nothing where the task has moved on), and what to do once that is saved. */
export interface RunEnd {
  readonly changes?: TaskChanges;
  readonly afterwards?: () => Promise<unknown>;
}

type TaskChanges = Partial<SyncTask> & Pick<SyncTask, "status">;

/**
 * Runs `work` and keeps the task's document meanwhile: running, then what came of it. `known` is the document as it was
 * before, of work that no event asked for; an event's task is written anew by each attempt.
 * @throws {WebhookError} `store_unavailable`, and whatever `work` throws, once the document tells it
 */
export async function runTask(
  { syncTasks, now, tracer }: TaskRunnerDependencies,
  { task, mayTakeLong }: TaskRun,
  work: (stopwatch: Stopwatch, known: SyncTask | undefined) => Promise<RunEnd>,
): Promise<SyncTask> {
  const stopwatch = new Stopwatch({ now, tracer });
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
  if (isWebhookError(error, "engine_unavailable")) return { status: "waiting", reason: error.code };
  if (isOutage(error)) return undefined;
  if (error instanceof SyncDelay)
    return { status: "waiting", reason: error.reason, waitingUntil: new Date(error.at).toISOString() };
  if (error instanceof SyncFailure)
    return { status: "failed", reason: error.reason, ...(error.permanent ? { givenUp: true } : {}) };
  return { status: "failed", reason: isWebhookError(error) ? error.code : "internal_error" };
}
