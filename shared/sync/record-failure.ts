import { isOutage, isWebhookError } from "../core/errors";
import { SyncDelay, SyncFailure } from "../core/sync-task";

/** How one record of several failed. */
export interface RecordFailure {
  /** A code. */
  readonly reason: string;
  /** No repetition can help. */
  readonly permanent: boolean;
}

/** What the error says of the one record that it concerns. An outage of ours concerns them all, and goes on. */
export function recordFailure(error: unknown): RecordFailure {
  if (error instanceof SyncFailure) return error;
  if (error instanceof SyncDelay) return { reason: error.reason, permanent: false };
  if (isOutage(error)) throw error;
  // Whatever else is wrong is wrong with this record: in a task of its own it is nobody else's affair.
  return { reason: isWebhookError(error) ? error.code : "internal_error", permanent: false };
}
