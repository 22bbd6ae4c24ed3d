import type { TenantRateLimits } from "../core/rate-limit";
import type { RateLimits } from "../repositories/rate-limits";

/** As old as a registration in memory may be (DESIGN 11, Cache). */
const FRESH_MS = 30_000;
const MAX_TENANTS = 10_000;

interface Known {
  readonly loadedAt: number;
  readonly limits: Promise<TenantRateLimits>;
}

/** The limits of tenants in memory, the longest ago loaded out first. While the store is down, what was known counts. */
export class TenantLimits {
  readonly #rateLimits: RateLimits;
  readonly #tenantKeyOf: (tenantId: string) => string;
  readonly #known = new Map<string, Known>();

  constructor(rateLimits: RateLimits, tenantKeyOf: (tenantId: string) => string) {
    this.#rateLimits = rateLimits;
    this.#tenantKeyOf = tenantKeyOf;
  }

  /** @throws {WebhookError} `store_unavailable` where nothing is known */
  of(tenantId: string, now: number): Promise<TenantRateLimits> {
    const known = this.#known.get(tenantId);
    if (known && now - known.loadedAt < FRESH_MS) return known.limits;
    const loading = this.#rateLimits.get({ tenantId, tenantKey: this.#tenantKeyOf(tenantId) });
    const next = { loadedAt: now, limits: known ? loading.catch(() => known.limits) : loading };
    this.#keep(tenantId, next);
    next.limits.catch(() => {
      if (this.#known.get(tenantId) === next) this.#known.delete(tenantId);
    });
    return next.limits;
  }

  /** Takes over what was just stored. */
  takeOver(limits: TenantRateLimits, now: number): void {
    this.#keep(limits.tenantId, { loadedAt: now, limits: Promise.resolve(limits) });
  }

  #keep(tenantId: string, known: Known): void {
    this.#known.delete(tenantId);
    this.#known.set(tenantId, known);
    if (this.#known.size <= MAX_TENANTS) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
