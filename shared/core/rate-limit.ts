import { type CallLog, callsIn, emptyAt } from "./call-log";
import type { Document } from "./ports";

/** Limits of our calls to providers, each in calls within any 60 seconds (castiel.md, "Rate limits"). */

/** What a call does at the provider. */
export const operations = ["fetch", "create", "update", "delete"] as const;

/** One of {@link operations}. */
export type Operation = (typeof operations)[number];

/** All calls of a tenant to one integration, those of one operation among them, or all calls of the tenant. */
export type RateLevel = "integration" | "operation" | "tenant";

const integrationDefaults: ReadonlyMap<string, number> = new Map([
  ["salesforce", 300],
  ["github", 360],
  ["google", 240],
  ["notion", 180],
  ["slack", 60],
]);
/** For an integration that the table does not name: as careful as with the most careful. */
const OTHER_INTEGRATION = 60;
const operationDefaults: Readonly<Record<Operation, number>> = { fetch: 200, create: 100, update: 150, delete: 50 };

/** The total of a tenant, by what it has subscribed to. */
export const tenantTiers = { default: 5_000, premium: 10_000, enterprise: 50_000 } as const;

/** One of {@link tenantTiers}. */
export type TenantTier = keyof typeof tenantTiers;

/** What a tenant set for an integration; what is absent is the default. */
export interface IntegrationLimit {
  readonly requestsPerMinute?: number;
  readonly operations?: Readonly<Partial<Record<Operation, number>>>;
}

/** What was set for the total of a tenant. */
export interface TenantLimit {
  readonly requestsPerMinute?: number;
  readonly tier?: TenantTier;
  /** What an operator set for this tenant, above or below the maximum for all; the tenant may set less itself. */
  readonly granted?: number;
}

/** Everything that was set for a tenant: one document, in the partition of the tenant. */
export interface TenantRateLimits extends Document {
  readonly tenant: TenantLimit;
  readonly integrations: Readonly<Record<string, IntegrationLimit>>;
  readonly updatedAt: string;
}

/** The limits of an integration, with the defaults filled in. */
export interface IntegrationRates {
  readonly requestsPerMinute: number;
  readonly operations: Readonly<Record<Operation, number>>;
}

/** What counts for an integration. */
export function integrationRates({ integrations }: TenantRateLimits, integrationId: string): IntegrationRates {
  const set = Object.hasOwn(integrations, integrationId) ? integrations[integrationId] : undefined;
  return {
    requestsPerMinute: set?.requestsPerMinute ?? integrationDefaults.get(integrationId) ?? OTHER_INTEGRATION,
    operations: { ...operationDefaults, ...set?.operations },
  };
}

/** The most that a tenant may set for itself; `maximum` is the operator's for all tenants. */
export function tenantCeiling({ granted }: TenantLimit, maximum: number): number {
  return granted ?? maximum;
}

/** What counts for the total of a tenant: never above its ceiling, even if that was lowered later. */
export function tenantRate(limit: TenantLimit, maximum: number): number {
  const wanted = limit.requestsPerMinute ?? limit.granted ?? tenantTiers.default;
  return Math.min(wanted, tenantCeiling(limit, maximum));
}

/** How much of its quota a provider says is used. */
export interface ProviderQuota {
  readonly used: number;
  readonly limit: number;
}

/** The share of our limits that we use after what the provider told; between 30 and 70 percent it stays as it is. */
export function nextMultiplier({ used, limit }: ProviderQuota, present: number): number {
  const share = used / limit;
  if (share > 0.9) return 0.5;
  if (share >= 0.7) return 0.75;
  return share < 0.3 ? 1 : present;
}

/** A limit of which only a share is used. At least one call a minute is left, so that we learn when the quota recovers. */
export function adapted(limit: number, multiplier: number): number {
  return Math.max(1, Math.floor(limit * multiplier));
}

/** Where one level stands. Times in milliseconds since 1970. */
export interface RateFigures {
  readonly level: RateLevel;
  readonly limit: number;
  readonly made: number;
  readonly remaining: number;
  /** When the window is empty again if no call is made. */
  readonly resetAt: number;
}

/** Where a window of this level and limit stands at `now`. */
export function figuresOf(
  { level, limit }: { readonly level: RateLevel; readonly limit: number },
  log: CallLog,
  now: number,
): RateFigures {
  const made = callsIn(log, now);
  return { level, limit, made, remaining: Math.max(0, limit - made), resetAt: emptyAt(log, now) };
}

/** Those of several figures that leave the least room. */
export function tightest(figures: readonly [RateFigures, ...RateFigures[]]): RateFigures {
  return figures.reduce((least, next) => (next.remaining < least.remaining ? next : least));
}

/** True from 80 percent of the limit on. */
export function isNearLimit({ made, limit }: RateFigures): boolean {
  return made >= limit * 0.8;
}

/** `X-RateLimit-*` as all our replies carry them; `Reset` in seconds from now. */
export function rateLimitHeaders(figures: {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}): Record<string, string> {
  return {
    "x-ratelimit-limit": String(figures.limit),
    "x-ratelimit-remaining": String(figures.remaining),
    "x-ratelimit-reset": String(figures.resetSeconds),
  };
}
