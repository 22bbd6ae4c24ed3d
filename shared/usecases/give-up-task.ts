import type { SyncTask } from "../core/sync-task";
import type { Services } from "./services";

/** Which task is given up, and why. */
export interface GivenUp {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly taskId: string;
  /** A code. */
  readonly reason: string;
}

/**
 * Lets the task's document say that it is given up. A failure is in it already; an outage that lasted too long is not.
 * @throws {WebhookError} `store_unavailable`
 */
export async function giveUpTask({ syncTasks, now }: Services, { taskId, reason, ...tenant }: GivenUp): Promise<void> {
  const task = await syncTasks.get(tenant, taskId);
  if (!task || hasEnded(task)) return;
  await syncTasks.save({ ...task, status: "failed", reason, finishedAt: new Date(now()).toISOString() });
}

function hasEnded({ status }: SyncTask): boolean {
  return status === "failed" || status === "completed";
}
