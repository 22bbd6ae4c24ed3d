import { defaultRetryPolicy } from "../core/registration";
import type { WorkMessage } from "../sync/work-message";
import { giveUpTask } from "./give-up-task";
import { planRetry } from "./plan-retry";
import type { Services } from "./services";

/**
 * Hands work that no event asked for to SyncTaskService. Returns once the message may be completed: done, put off by a
 * scheduled copy, or given up, which the task's document says. Throws only where the copy could not be queued.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`
 */
export async function drainWork(services: Services, message: WorkMessage): Promise<void> {
  const { failedattempts = 0, copies = 0, data: work } = message;
  try {
    await services.sync.enqueueSyncTask({ work, attempt: failedattempts + 1 });
  } catch (error) {
    const tried = { policy: defaultRetryPolicy, since: work.requestedAt, failedAttempts: failedattempts, copies };
    const plan = planRetry(services, tried, error);
    const { attempts, reason, counts } = plan;
    services.log("warn", "sync_task.failed", { taskId: work.taskId, reason, attempts, outage: !counts });
    if (plan.at === undefined) return giveUpTask(services, { ...work, reason });
    const copy: WorkMessage = { ...message, failedattempts: attempts, copies: plan.copies };
    // A new id, or duplicate detection would swallow it; not one that grows, because ids have a limit.
    await services.queue.schedule({ messageId: `${services.newId()}~${plan.copies}`, body: copy }, plan.at);
  }
}
