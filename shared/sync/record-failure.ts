import { SyncDelay, SyncFailure } from "../core/sync-task";

/** How one record of several failed. */
export interface RecordFailure {
  /** A code. */
  readonly reason: string;
  /** No repetition can help. */
  readonly permanent: boolean;
}

/** What the error says of the one record that it concerns; an error that concerns more goes on. */
export function recordFailure(error: unknown): RecordFailure {
  if (error instanceof SyncFailure) return error;
  if (error instanceof SyncDelay) return { reason: error.reason, permanent: false };
  throw error;
}
