import type { WorkMessage } from "../sync/work-message";
import { giveUpTask } from "./give-up-task";
import { putOffWork } from "./put-off-work";
import type { Services } from "./services";

/**
 * Hands work that no event asked for to SyncTaskService. Returns once the message may be completed: done, put off by a
 * scheduled copy, or given up, which the task's document says. Throws only where the copy could not be queued.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`
 */
export async function drainWork(services: Services, message: WorkMessage): Promise<void> {
  const { failedattempts = 0, data: work } = message;
  try {
    await services.sync.enqueueSyncTask({ work, attempt: failedattempts + 1 });
  } catch (error) {
    const { at, attempts, reason, counts } = await putOffWork(services, message, error);
    services.log("warn", "sync_task.failed", { taskId: work.taskId, reason, attempts, outage: !counts });
    if (at === undefined) await giveUpTask(services, { ...work, reason });
  }
}
