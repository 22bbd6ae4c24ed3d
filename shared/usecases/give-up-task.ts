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
 * Lets the task's document say that nobody tries any more, and why: of an outage that lasted too long it says nothing yet.
 * @throws {WebhookError} `store_unavailable`
 */
export async function giveUpTask({ syncTasks, now }: Services, { taskId, reason, ...tenant }: GivenUp): Promise<void> {
  const task = await syncTasks.get(tenant, taskId);
  if (!task || task.status === "completed" || task.givenUp === true) return;
  const finishedAt = new Date(now()).toISOString();
  await syncTasks.save({ ...task, status: "failed", reason, givenUp: true, finishedAt });
}
