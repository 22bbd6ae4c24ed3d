import { defaultRetryPolicy } from "../core/registration";
import { planRetry, type RetryPlan } from "./plan-retry";
import type { Services } from "./services";

/** A message of the event queue for work of our own, as far as its repetition is concerned. */
interface WorkOfOurs {
  readonly failedattempts?: number;
  readonly copies?: number;
  /** ISO 8601: when it was asked for. */
  readonly data: { readonly requestedAt: string };
}

/**
 * Puts off work that failed by a scheduled copy of its message, and answers what was planned. Where the plan has no time,
 * nothing was scheduled, and the work is to be given up.
 * @throws {WebhookError} `queue_unavailable`
 */
export async function putOffWork(services: Services, message: WorkOfOurs, error: unknown): Promise<RetryPlan> {
  const { failedattempts = 0, copies = 0, data } = message;
  const tried = { policy: defaultRetryPolicy, since: data.requestedAt, failedAttempts: failedattempts, copies };
  const plan = planRetry(services, tried, error);
  if (plan.at === undefined) return plan;
  const body = { ...message, failedattempts: plan.attempts, copies: plan.copies };
  // A new id, or duplicate detection would swallow it; not one that grows, because ids have a limit.
  await services.queue.schedule({ messageId: `${services.newId()}~${plan.copies}`, body }, plan.at);
  return plan;
}
