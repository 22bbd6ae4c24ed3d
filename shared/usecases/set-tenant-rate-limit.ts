import type { Caller } from "../core/caller";
import { WebhookError } from "../core/errors";
import { tenantCeiling, type TenantLimit, tenantRate, tenantTiers, type TenantTier } from "../core/rate-limit";
import type { Services } from "./services";

/** A figure or a tier; neither is the default. */
export interface TenantLimitRequest {
  readonly requestsPerMinute?: number;
  readonly tier?: TenantTier;
}

/** The total of a tenant as it is now. */
export interface TenantLimitView {
  readonly tenantId: string;
  readonly requestsPerMinute: number;
  readonly tier?: TenantTier;
  /** The most that the tenant may set itself. */
  readonly maximum: number;
}

/**
 * Sets the total of a tenant. A tenant sets its own, up to the operator's maximum; an
 * operator sets any tenant's to anything, and above that the tenant cannot go any more.
 * @throws {WebhookError} `forbidden`, `invalid_request`, `document_changed`, `store_unavailable`
 */
export async function setTenantRateLimit(
  services: Services,
  { caller, tenantId }: { readonly caller: Caller; readonly tenantId: string },
  request: TenantLimitRequest,
): Promise<TenantLimitView> {
  if (tenantId !== caller.tenantId && !caller.isOperator) throw new WebhookError("forbidden", { detail: "operator" });
  const { callsMaximum } = services.rules;
  const now = services.now();
  const limits = await services.rateLimits.update(
    { tenantId, tenantKey: services.tenantKeyOf(tenantId) },
    (current) => ({
      ...current,
      tenant: caller.isOperator ? grant(request) : within(request, current.tenant, callsMaximum),
      updatedAt: new Date(now).toISOString(),
    }),
  );
  services.rateLimiter.setLimit(limits, now);
  const requestsPerMinute = tenantRate(limits.tenant, callsMaximum);
  services.log("info", "rate_limit.set", { tenantId, requestsPerMinute, byOperator: caller.isOperator });
  const { tier } = limits.tenant;
  const maximum = tenantCeiling(limits.tenant, callsMaximum);
  return { tenantId, requestsPerMinute, ...(tier === undefined ? {} : { tier }), maximum };
}

function grant(request: TenantLimitRequest): TenantLimit {
  const { requestsPerMinute: granted, ...limit } = toLimit(request);
  return granted === undefined ? {} : { ...limit, granted };
}

function within(request: TenantLimitRequest, { granted }: TenantLimit, callsMaximum: number): TenantLimit {
  const limit = { ...toLimit(request), ...(granted === undefined ? {} : { granted }) };
  const ceiling = tenantCeiling(limit, callsMaximum);
  if ((limit.requestsPerMinute ?? 0) <= ceiling) return limit;
  const path = request.tier === undefined ? "/requestsPerMinute" : "/tier";
  const message = `must stay within ${ceiling} calls a minute; an operator may allow more`;
  throw new WebhookError("invalid_request", { problems: [{ path, message }] });
}

function toLimit({ requestsPerMinute, tier }: TenantLimitRequest): TenantLimit {
  if (tier !== undefined) return { requestsPerMinute: tenantTiers[tier], tier };
  return requestsPerMinute === undefined ? {} : { requestsPerMinute };
}
