import {
  adapted,
  integrationRates,
  type Operation,
  operations,
  type RateLevel,
  type TenantRateLimits,
  tenantRate,
} from "../core/rate-limit";
import type { RateWindow } from "../core/rate-limiter";

/** A window and the level that it belongs to. */
export interface LevelWindow extends RateWindow {
  readonly level: RateLevel;
}

/** The windows in which calls of a tenant to an integration are counted, with the limits that count now. */
export interface RatePlan {
  readonly integration: LevelWindow;
  readonly operations: Readonly<Record<Operation, LevelWindow>>;
  readonly tenant: LevelWindow;
}

/** What the limits of a plan depend on. */
export interface PlanBasis {
  readonly keys: RateKeys;
  readonly limits: TenantRateLimits;
  readonly integrationId: string;
  /** The share of the limits of the integration that is used. */
  readonly multiplier: number;
  /** The most that a tenant may set for its total. */
  readonly tenantMaximum: number;
}

/** The plan. What a provider says of its quota narrows the integration and its operations, not the tenant's total. */
export function planRates({ keys, limits, integrationId, multiplier, tenantMaximum }: PlanBasis): RatePlan {
  const { requestsPerMinute, operations: rates } = integrationRates(limits, integrationId);
  const operation = (name: Operation): LevelWindow => ({
    level: "operation",
    key: keys.operation(name),
    limit: adapted(rates[name], multiplier),
  });
  return {
    integration: { level: "integration", key: keys.integration, limit: adapted(requestsPerMinute, multiplier) },
    operations: {
      fetch: operation("fetch"),
      create: operation("create"),
      update: operation("update"),
      delete: operation("delete"),
    },
    tenant: { level: "tenant", key: keys.tenant, limit: tenantRate(limits.tenant, tenantMaximum) },
  };
}

/** The names under which a ledger keeps what concerns a tenant's integration. */
export interface RateKeys {
  readonly tenant: string;
  readonly integration: string;
  operation(name: Operation): string;
  /** The share of the limits that is used. */
  readonly multiplier: string;
}

/** The braces keep what belongs to one tenant on one node of a Redis cluster. */
export function rateKeys(tenantKey: string, integrationId: string): RateKeys {
  const tenant = `{${tenantKey}}`;
  const integration = `${tenant}:${integrationId}`;
  return {
    tenant,
    integration,
    operation: (name) => `${integration}:${name}`,
    multiplier: `${integration}:multiplier`,
  };
}

/** The name of the line of those who wait for room in a window. */
export function lineKey(windowKey: string): string {
  return `${windowKey}:line`;
}

/** Everything under which calls to the integration alone are kept; the tenant's total is not among it. */
export function integrationKeys(keys: RateKeys): readonly string[] {
  const windows = [keys.integration, ...operations.map((name) => keys.operation(name))];
  return [...windows, ...windows.map(lineKey), keys.multiplier];
}
