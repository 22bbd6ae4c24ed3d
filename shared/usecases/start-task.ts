import type { SyncTask, SyncWork } from "../core/sync-task";
import { taskIdOf, taskOfWork } from "../sync/task-documents";
import { toWorkMessage } from "../sync/work-message";
import type { Services } from "./services";

/**
 * Queues work that no event asked for, and answers its task.
 * @throws {WebhookError} as `startWork` does
 */
export async function startTask(
  services: Services,
  request: Omit<SyncWork, "taskId" | "requestedAt" | "cursor" | "page">,
): Promise<SyncTask> {
  const requestedAt = new Date(services.now()).toISOString();
  return startWork(services, { ...request, taskId: taskIdOf(requestedAt, services.newId()), requestedAt });
}

/**
 * The same for work that has its id. The task is written first, so that whoever was told its id finds it.
 * @throws {WebhookError} `store_unavailable`, `queue_unavailable`: the task then says that it failed
 */
export async function startWork(services: Services, work: SyncWork): Promise<SyncTask> {
  const now = services.now();
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
