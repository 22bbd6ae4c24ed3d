import { backOffMs, OUTAGE_LIMIT_MS } from "../core/back-off";
import { isOutage, isWebhookError } from "../core/errors";
import type { RetryPolicy } from "../core/registration";
import { isProviderOut, SyncDelay, SyncFailure } from "../core/sync-task";
import type { Services } from "./services";

/** What has been tried so far. */
interface Tried {
  readonly policy: RetryPolicy;
  /** ISO 8601: when the work came in. */
  readonly since: string;
  /** Attempts that failed and count, without the present one. */
  readonly failedAttempts: number;
  /** Copies made so far. */
  readonly copies: number;
}

/** What is to be done about a failure. */
export interface RetryPlan {
  /** When to try again, in milliseconds since 1970; absent where the work is given up. */
  readonly at?: number;
  /** Attempts that failed and count, with the present one if it does. */
  readonly attempts: number;
  readonly copies: number;
  /** False where the failure used up no attempt. */
  readonly counts: boolean;
  /** A code, for the owner. */
  readonly reason: string;
}

/**
 * DESIGN 11, Retries: an outage of a back end of ours or of the provider, and the wait for a rate limit, use up no attempt,
 * for seven days; what repeating cannot mend is given up at once; anything else is tried again as the policy says.
 */
export function planRetry({ now }: Pick<Services, "now">, tried: Tried, error: unknown): RetryPlan {
  const { policy, failedAttempts, copies } = tried;
  const reason = reasonOf(error);
  const isYoung = now() - Date.parse(tried.since) < OUTAGE_LIMIT_MS;
  if (error instanceof SyncDelay && isYoung)
    return { at: Math.max(now(), error.at), attempts: failedAttempts, copies, counts: false, reason };
  const counts = !((isOutage(error) || isProviderOut(error)) && isYoung);
  const attempts = counts ? failedAttempts + 1 : failedAttempts;
  const isPermanent = error instanceof SyncFailure && error.permanent;
  if (isPermanent || attempts > policy.maxRetries) return { attempts, copies, counts: true, reason };
  const at = now() + backOffMs(policy, copies, Math.random());
  return { at, attempts, copies: copies + 1, counts, reason };
}

/** A code for the owner. The message of an unknown error may hold anything, so it stays in the log of the host. */
function reasonOf(error: unknown): string {
  if (error instanceof SyncFailure || error instanceof SyncDelay) return error.reason;
  return isWebhookError(error) ? error.code : "internal_error";
}
