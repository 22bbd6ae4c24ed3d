import { at } from "../core/json";
import type { Clock, Log } from "../core/ports";
import type { Operation } from "../core/rate-limit";
import type { OnQuota, RateLimiter } from "../core/rate-limiter";
import type { ConnectionKey, RecordReader } from "../core/record-reader";
import { SyncDelay, SyncFailure } from "../core/sync-task";

/** What limits a reader. */
export interface ReaderLimits {
  readonly limiter: RateLimiter;
  readonly now: Clock;
}

/**
 * A reader that calls the provider only where the limits have room. Where they have none it throws `SyncDelay` at once,
 * so that the task waits in the queue and not in a worker. Any call may wait, also one that writes: dropping it would
 * lose it. A call that fails at the provider has been made and counts; a connection without credentials makes none, and
 * what was counted for it is given back.
 */
export function limitedReader(reader: RecordReader, { limiter, now }: ReaderLimits): RecordReader {
  async function limited<T>(connection: ConnectionKey, operation: Operation, call: () => Promise<T>): Promise<T> {
    const takenAt = now();
    const decision = await limiter.take(connection, operation, takenAt);
    if (!decision.allowed) throw new SyncDelay("rate_limited", decision.retryAt);
    const [result] = await Promise.allSettled([call()]);
    if (hadNoCredentials(result)) await limiter.giveBack(connection, operation, takenAt);
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }
  return {
    read: (connection, reference, options) =>
      limited(connection, "fetch", () => reader.read(connection, reference, options)),
    list: (connection, query) => limited(connection, "fetch", () => reader.list(connection, query)),
    write: (connection, change) => limited(connection, change.action, () => reader.write(connection, change)),
  };
}

/** A reading answers so, whatever else fails so. */
function hadNoCredentials(result: PromiseSettledResult<unknown>): boolean {
  if (result.status === "fulfilled") return at(result.value, "kind") === "no_credentials";
  return result.reason instanceof SyncFailure && result.reason.reason === "no_credentials";
}

/** Hands what a provider says of its quota to the limiter; nobody waits for that, and its failure costs a log line. */
export function quotaObserver({ limiter, now, log }: ReaderLimits & { readonly log: Log }): OnQuota {
  return (source, quota) => {
    limiter.observe(source, quota, now()).catch((error: unknown) => {
      log("warn", "rate_limit.not_observed", { integrationId: source.integrationId, error: String(error) });
    });
  };
}
