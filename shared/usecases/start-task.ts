import type { SyncTask, SyncWork } from "../core/sync-task";
import { taskIdOf, taskOfWork } from "../sync/task-documents";
import { toWorkMessage } from "../sync/work-message";
import type { Services } from "./services";

/**
 * Queues work that no event asked for, and answers its task. The task is written first, so that whoever was told its id
 * finds it.
 * @throws {WebhookError} `store_unavailable`, `queue_unavailable`: the task then says that it failed
 */
export async function startTask(
  services: Services,
  request: Omit<SyncWork, "taskId" | "requestedAt" | "cursor" | "page">,
): Promise<SyncTask> {
  const now = services.now();
  const requestedAt = new Date(now).toISOString();
  const work = { ...request, taskId: taskIdOf(requestedAt, services.newId()), requestedAt };
  const seed = taskOfWork(work, { attempt: 0, now, retentionSeconds: services.rules.retentionSeconds });
  const task = { ...seed, status: "queued" } as const;
  await services.syncTasks.save(task);
  try {
    await services.queue.send([toWorkMessage(work)]);
  } catch (error) {
    await services.syncTasks.save({ ...task, status: "failed", reason: "queue_unavailable" });
    throw error;
  }
  return task;
}
