import type { EventQueue } from "../core/ports";
import type { SyncTask, SyncTaskService, SyncWork } from "../core/sync-task";
import { endOfPage } from "./paged-work";
import { type ResendDependencies, resendPage, type ResendWork } from "./resend-page";
import { taskOfWork } from "./task-documents";
import { runTask, type TaskRunnerDependencies } from "./task-runner";

/** What it works with. */
export interface ResendServiceDependencies extends ResendDependencies, TaskRunnerDependencies {
  readonly queue: Pick<EventQueue, "send">;
  /** How long finished tasks are kept, in seconds. */
  readonly retentionSeconds: number;
}

/** A service that asks for deliveries again itself, whichever engine does the rest: that concerns no record. */
export function withResends(service: SyncTaskService, dependencies: ResendServiceDependencies): SyncTaskService {
  return {
    enqueueSyncTask: (request) =>
      "work" in request && isResend(request.work)
        ? runResend(dependencies, request.work, request.attempt)
        : service.enqueueSyncTask(request),
  };
}

function isResend(work: SyncWork): work is ResendWork {
  return work.resend !== undefined;
}

function runResend(dependencies: ResendServiceDependencies, work: ResendWork, attempt: number): Promise<SyncTask> {
  const { now, retentionSeconds, queue } = dependencies;
  const task = taskOfWork(work, { attempt, now: now(), retentionSeconds });
  return runTask(dependencies, { task, mayTakeLong: true }, async (_, known) =>
    endOfPage(queue, await resendPage(dependencies, work, known?.progress)),
  );
}
