import { isOutage } from "../core/errors";
import type { Counter } from "../core/metrics";
import { isProviderOut, SyncDelay, type SyncTaskRequest, type SyncTaskService } from "../core/sync-task";

/** Counts the runs of tasks by what asked for them and how they ended. */
export function countedService(service: SyncTaskService, tasks: Counter): SyncTaskService {
  return {
    async enqueueSyncTask(request) {
      try {
        const task = await service.enqueueSyncTask(request);
        tasks.add(task.trigger, task.status);
        return task;
      } catch (error) {
        const isWaiting = error instanceof SyncDelay || isProviderOut(error) || isOutage(error);
        tasks.add(triggerOf(request), isWaiting ? "waiting" : "failed");
        throw error;
      }
    },
  };
}

function triggerOf(request: SyncTaskRequest): string {
  return "work" in request ? request.work.trigger : "webhook";
}
