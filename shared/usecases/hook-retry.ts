import { backOffMs, WITHOUT_CHANCE } from "../core/back-off";
import { isOutage, isWebhookError } from "../core/errors";
import type { HookLedger } from "../core/hook-ledger";
import { SyncDelay, SyncFailure } from "../core/sync-task";
import { LeaseLost } from "./held-ledger";
import type { Services } from "./services";

/** Why a call about a hook failed, and when it is tried again. */
export interface HookRetry {
  /** A code, for the owner. */
  readonly reason: string;
  /** The provider, its status and its own code, where it answered; no more of what it said. */
  readonly detail?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Attempts that failed in a row; a wait for a limit is none. */
  readonly failures: number;
  /** ISO 8601; when the first of them failed. */
  readonly failingSince: string;
}

/** First after a minute, then doubled up to an hour, for as long as the webhook lives: its owner may mend it at any time. */
const RETRIES = { backoffSeconds: 60 };

/**
 * What to do about a failure.
 * @throws what is no failure at the provider: an outage of a back end of ours, a lease that was lost
 */
export function planHookRetry({ now, log }: Services, ledger: HookLedger, error: unknown): HookRetry {
  if (isOutage(error) || error instanceof LeaseLost) throw error;
  const { failures, failingSince = new Date(now()).toISOString() } = ledger;
  if (error instanceof SyncDelay) {
    return { reason: error.reason, at: Math.max(now(), error.at), failures, failingSince };
  }
  const reason = error instanceof SyncFailure ? error.reason : isWebhookError(error) ? error.code : "internal_error";
  if (reason === "internal_error") log("error", "hooks.failed", { registrationId: ledger.id, error: String(error) });
  const at = now() + backOffMs(RETRIES, failures, WITHOUT_CHANCE);
  return { reason, ...detailOf(error), at, failures: failures + 1, failingSince };
}

/** The cause of a failure at a provider says no more than its log line does (`adapters/vendors/failures.ts`). */
function detailOf(error: unknown): Pick<HookRetry, "detail"> {
  return error instanceof SyncFailure && error.cause instanceof Error ? { detail: error.cause.message } : {};
}
