import { at } from "../core/json";
import type { Clock, Log } from "../core/ports";
import type { Operation } from "../core/rate-limit";
import type { OnQuota, RateLimiter } from "../core/rate-limiter";
import type { ConnectionKey } from "../core/record-reader";
import { SyncDelay, SyncFailure } from "../core/sync-task";

/** What limits calls to providers. */
export interface CallLimits {
  readonly limiter: RateLimiter;
  readonly now: Clock;
}

/** Makes a call where the limits have room for it. */
type LimitedCall = <T>(connection: ConnectionKey, operation: Operation, call: () => Promise<T>) => Promise<T>;

/**
 * Where the limits have no room, the call is not made and `SyncDelay` is thrown at once. A call that fails at the provider
 * has been made and counts; a connection without credentials makes none, and what was counted for it is given back.
 */
export function limitCalls({ limiter, now }: CallLimits): LimitedCall {
  return async (connection, operation, call) => {
    const takenAt = now();
    const decision = await limiter.take(connection, operation, takenAt);
    if (!decision.allowed) throw new SyncDelay("rate_limited", decision.retryAt);
    const [result] = await Promise.allSettled([call()]);
    if (hadNoCredentials(result)) await limiter.giveBack(connection, operation, takenAt);
    if (result.status === "rejected") throw result.reason;
    return result.value;
  };
}

/** A reading answers so, whatever else fails so. */
function hadNoCredentials(result: PromiseSettledResult<unknown>): boolean {
  if (result.status === "fulfilled") return at(result.value, "kind") === "no_credentials";
  return result.reason instanceof SyncFailure && result.reason.reason === "no_credentials";
}

/** Hands what a provider says of its quota to the limiter; nobody waits for that, and its failure costs a log line. */
export function quotaObserver({ limiter, now, log }: CallLimits & { readonly log: Log }): OnQuota {
  return (source, quota) => {
    limiter.observe(source, quota, now()).catch((error: unknown) => {
      log("warn", "rate_limit.not_observed", { integrationId: source.integrationId, error: String(error) });
    });
  };
}
