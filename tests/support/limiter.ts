import { hash, randomUUID } from "node:crypto";
import type { IntegrationLimit, Operation, TenantLimit } from "../../shared/core/rate-limit";
import type { RateDecision, RateLedger, RateLimiter, RateSource } from "../../shared/core/rate-limiter";
import { RateLimits } from "../../shared/repositories/rate-limits";
import { CallLimiter } from "../../shared/usecases/call-limiter";
import { TenantLimits } from "../../shared/usecases/tenant-limits";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";
import { noon } from "./make";

/** One line of the limiter's log. */
export interface LimiterLine {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A limiter over a ledger, with its limits in a store of its own. */
export interface TestLimiter {
  readonly limiter: RateLimiter;
  readonly store: TestStore;
  readonly rateLimits: RateLimits;
  readonly tenantKeyOf: (tenantId: string) => string;
  readonly lines: readonly LimiterLine[];
  /** Sets limits of a tenant, as the routes do. */
  set(tenantId: string, limits: TestLimits): Promise<void>;
  /** Takes as many times as it says, one after the other; answers how many were allowed. */
  takeMany(source: RateSource, times: number, now: number, operation?: Operation): Promise<number>;
}

interface TestLimits {
  readonly tenant?: TenantLimit;
  readonly integrations?: Readonly<Record<string, IntegrationLimit>>;
}

const tenantKeyOf = (tenantId: string): string => hash("sha256", tenantId, "hex").slice(0, 16);

/** A tenant that nobody else has heard of: a Redis may be shared by all tests of a file. */
export function newSource(integrationId = "github"): RateSource {
  return { tenantId: randomUUID(), integrationId };
}

/** Opens a limiter; `store.close()` when done. */
export function openLimiter(ledger: RateLedger): TestLimiter {
  const store = openTestStore();
  const lines: LimiterLine[] = [];
  const rateLimits = new RateLimits(store.documents);
  const limiter = new CallLimiter({
    ledger,
    limits: new TenantLimits(rateLimits, tenantKeyOf),
    tenantKeyOf,
    tenantMaximum: 5_000,
    log: (_, event, fields = {}) => void lines.push({ event, fields }),
  });
  return {
    limiter,
    store,
    rateLimits,
    tenantKeyOf,
    lines,
    set: async (tenantId, limits) => {
      const tenant = { tenantId, tenantKey: tenantKeyOf(tenantId) };
      limiter.setLimit(await rateLimits.update(tenant, (current) => ({ ...current, ...limits })), noon);
    },
    takeMany: async (source, times, now, operation = "fetch") => {
      let allowed = 0;
      for (let n = 0; n < times; n++) if ((await limiter.take(source, operation, now)).allowed) allowed++;
      return allowed;
    },
  };
}

/** When a call that has to wait may ask again; fails the test if it need not. */
export function retryAtOf(decision: RateDecision): number {
  if (decision.allowed) throw new Error("the call was allowed");
  return decision.retryAt;
}
