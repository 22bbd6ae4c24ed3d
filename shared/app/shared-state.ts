import { createHmac } from "node:crypto";
import { MemoryRateLedger } from "../adapters/memory/rate-ledger";
import type { Clock, Log } from "../core/ports";
import type { RateLedger } from "../core/rate-limiter";
import type { RegistrationCopies } from "../core/registration-copies";

/** What instances share beside their stores. */
export interface SharedState {
  readonly ledger: RateLedger;
  /** Absent without Redis. */
  readonly copies?: RegistrationCopies;
  close(): void;
}

/** Where shared state is kept. */
export interface SharedStateOptions {
  /** Of Redis; without one, state is in this process alone. */
  readonly url: string | undefined;
  readonly installationKey: string;
  readonly now: Clock;
  readonly log: Log;
}

/** Opens the shared state. A Redis that is out is no reason not to start. Its adapters are loaded only where it is used. */
export async function openSharedState({ url, installationKey, now, log }: SharedStateOptions): Promise<SharedState> {
  const own = new MemoryRateLedger();
  if (url === undefined) return { ledger: own, close: () => undefined };
  const [{ RedisConnection }, { RedisRateLedger }, { RedisRegistrationCopies }] = await Promise.all([
    import("../adapters/redis/connection.js"),
    import("../adapters/redis/rate-ledger.js"),
    import("../adapters/redis/registration-copies.js"),
  ]);
  const redis = await RedisConnection.open({ url, now, log });
  const key = createHmac("sha256", installationKey).update("copies of registrations").digest();
  return {
    ledger: new RedisRateLedger(redis, own),
    copies: new RedisRegistrationCopies(redis, { key, now }),
    close: () => redis.close(),
  };
}
