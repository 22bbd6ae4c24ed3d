import type { EventQueue } from "../core/ports";
import type { SyncTask, SyncTaskService, SyncWork } from "../core/sync-task";
import { endOfPage } from "./paged-work";
import { type ReplayDependencies, replayPage, type ReplayWork } from "./replay-page";
import { taskOfWork } from "./task-documents";
import { runTask, type TaskRunnerDependencies } from "./task-runner";

/** What replays are run with. */
export interface ReplayServiceDependencies extends ReplayDependencies, TaskRunnerDependencies {
  readonly queue: Pick<EventQueue, "send">;
  /** How long finished tasks are kept, in seconds. */
  readonly retentionSeconds: number;
}

/** A service that runs replays itself, whichever engine does the rest: they concern deliveries, and no record. */
export function withReplays(service: SyncTaskService, dependencies: ReplayServiceDependencies): SyncTaskService {
  return {
    enqueueSyncTask: (request) =>
      "work" in request && isReplay(request.work)
        ? runReplay(dependencies, request.work, request.attempt)
        : service.enqueueSyncTask(request),
  };
}

function isReplay(work: SyncWork): work is ReplayWork {
  return work.replay !== undefined;
}

function runReplay(dependencies: ReplayServiceDependencies, work: ReplayWork, attempt: number): Promise<SyncTask> {
  const { now, retentionSeconds, queue } = dependencies;
  const task = taskOfWork(work, { attempt, now: now(), retentionSeconds });
  return runTask(dependencies, { task, mayTakeLong: true }, async (_, known) =>
    endOfPage(queue, await replayPage(dependencies, work, known?.progress)),
  );
}
