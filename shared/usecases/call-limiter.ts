import { type CallLog, KEPT_SECONDS, noCalls, roomAt } from "../core/call-log";
import type { Log } from "../core/ports";
import {
  figuresOf,
  nextMultiplier,
  type Operation,
  operations,
  type ProviderQuota,
  type RateFigures,
  type TenantRateLimits,
  tightest,
} from "../core/rate-limit";
import type { RateDecision, RateLedger, RateLimiter, RateSource, RateStatus } from "../core/rate-limiter";
import {
  integrationKeys,
  type LevelWindow,
  lineKey,
  planRates,
  type RateKeys,
  rateKeys,
  type RatePlan,
} from "./rate-plan";
import { RateReporter } from "./rate-reporter";
import type { TenantLimits } from "./tenant-limits";

/** What the limiter works with. */
export interface LimiterDependencies {
  readonly ledger: RateLedger;
  readonly limits: TenantLimits;
  readonly tenantKeyOf: (tenantId: string) => string;
  /** The most that a tenant may set for its total. */
  readonly tenantMaximum: number;
  readonly log: Log;
}

/** What a provider said of its quota counts this long after the last time it said anything. */
const QUOTA_MEMORY_MS = 5 * 60_000;

/** The three levels of limits over one ledger: a call counts on all of them or on none. */
export class CallLimiter implements RateLimiter {
  readonly #dependencies: LimiterDependencies;
  readonly #reporter: RateReporter;

  constructor(dependencies: LimiterDependencies) {
    this.#dependencies = dependencies;
    this.#reporter = new RateReporter(dependencies.log);
  }

  async take(source: RateSource, operation: Operation, now: number): Promise<RateDecision> {
    const { plan } = await this.#planFor(source, now);
    const windows = [plan.integration, plan.operations[operation], plan.tenant] as const;
    const { allowed, logs } = await this.#dependencies.ledger.take(windows, now);
    if (!allowed) return this.#wait(source, { windows, logs, operation }, now);
    const figures = (n: 0 | 1 | 2): RateFigures => figuresOf(windows[n], logs[n] ?? noCalls, now);
    const levels = [figures(0), figures(1), figures(2)] as const;
    this.#reporter.noteMade(source, operation, levels, now);
    return { allowed, figures: tightest(levels) };
  }

  async giveBack(source: RateSource, operation: Operation, takenAt: number): Promise<void> {
    const keys = this.#keysOf(source);
    await this.#dependencies.ledger.giveBack([keys.integration, keys.operation(operation), keys.tenant], takenAt);
  }

  async observe(source: RateSource, quota: ProviderQuota, now: number): Promise<void> {
    if (!(quota.limit > 0 && quota.used >= 0)) return;
    const { ledger } = this.#dependencies;
    const { multiplier: key } = this.#keysOf(source);
    const present = await this.#multiplierOf(source, now);
    const next = nextMultiplier(quota, present);
    if (next < 1) await ledger.remember(key, next, { now, forMs: QUOTA_MEMORY_MS });
    else if (present < 1) await ledger.clear([key]);
    this.#reporter.noteMultiplier(source, present, next);
  }

  async status(source: RateSource, now: number): Promise<RateStatus> {
    const { plan, multiplier } = await this.#planFor(source, now);
    const windows = [plan.integration, plan.tenant, ...operations.map((name) => plan.operations[name])];
    const logs = await this.#dependencies.ledger.read(windows.map(({ key }) => key));
    const byKey = new Map(windows.map(({ key }, n) => [key, logs[n]]));
    const figures = (window: LevelWindow): RateFigures => figuresOf(window, byKey.get(window.key) ?? noCalls, now);
    const { fetch, create, update, delete: remove } = plan.operations;
    return {
      integration: figures(plan.integration),
      operations: { fetch: figures(fetch), create: figures(create), update: figures(update), delete: figures(remove) },
      tenant: figures(plan.tenant),
      adaptiveMultiplier: multiplier,
    };
  }

  async reset(source: RateSource): Promise<void> {
    await this.#dependencies.ledger.clear(integrationKeys(this.#keysOf(source)));
  }

  setLimit(limits: TenantRateLimits, now: number): void {
    this.#dependencies.limits.takeOver(limits, now);
  }

  /**
   * When to ask again. Those who wait are told different times, one call's worth apart: a backlog of thousands that all
   * came back as the first call fits would be turned away once more but for a few, and so on.
   */
  async #wait(source: RateSource, refused: Refused, now: number): Promise<RateDecision> {
    const { windows, logs, operation } = refused;
    const rooms = windows.map((window, n) => {
      const log = logs[n] ?? noCalls;
      return { window, at: roomAt(log, window.limit, now), figures: figuresOf(window, log, now) };
    });
    const { window, at, figures } = rooms.reduce((latest, room) => (room.at > latest.at ? room : latest));
    const place = { earliest: at, stepMs: Math.ceil((KEPT_SECONDS * 1000) / window.limit) };
    const retryAt = await this.#dependencies.ledger.queueUp(lineKey(window.key), place, now);
    this.#reporter.noteExceeded(source, operation, { figures, retryAt }, now);
    return { allowed: false, figures, retryAt };
  }

  async #planFor(source: RateSource, now: number): Promise<{ plan: RatePlan; multiplier: number }> {
    const { limits, tenantMaximum } = this.#dependencies;
    const [settings, multiplier] = await Promise.all([
      limits.of(source.tenantId, now),
      this.#multiplierOf(source, now),
    ]);
    const { integrationId } = source;
    const keys = this.#keysOf(source);
    return { plan: planRates({ keys, limits: settings, integrationId, multiplier, tenantMaximum }), multiplier };
  }

  async #multiplierOf(source: RateSource, now: number): Promise<number> {
    return (await this.#dependencies.ledger.recall(this.#keysOf(source).multiplier, now)) ?? 1;
  }

  #keysOf({ tenantId, integrationId }: RateSource): RateKeys {
    return rateKeys(this.#dependencies.tenantKeyOf(tenantId), integrationId);
  }
}

/** A call that did not fit. */
interface Refused {
  readonly windows: readonly LevelWindow[];
  readonly logs: readonly CallLog[];
  readonly operation: Operation;
}
