import { type IntegrationLimit, type IntegrationRates, integrationRates } from "../core/rate-limit";
import type { RateSource } from "../core/rate-limiter";
import { requireIntegration } from "./rate-limit-status";
import type { Services } from "./services";

/** The limits of an integration as they are now, with the defaults filled in. */
export interface IntegrationLimitView extends IntegrationRates {
  readonly integrationId: string;
}

/**
 * Replaces what the tenant set for an integration; what is absent is the default again.
 * @throws {WebhookError} `unknown_integration`, `document_changed`, `store_unavailable`
 */
export async function setRateLimit(
  services: Services,
  { tenantId, integrationId }: RateSource,
  limit: IntegrationLimit,
): Promise<IntegrationLimitView> {
  requireIntegration(services, integrationId);
  const now = services.now();
  const tenant = { tenantId, tenantKey: services.tenantKeyOf(tenantId) };
  const limits = await services.rateLimits.update(tenant, (current) => ({
    ...current,
    integrations: { ...current.integrations, [integrationId]: limit },
    updatedAt: new Date(now).toISOString(),
  }));
  services.rateLimiter.setLimit(limits, now);
  const rates = integrationRates(limits, integrationId);
  services.log("info", "rate_limit.set", { tenantId, integrationId, requestsPerMinute: rates.requestsPerMinute });
  return { integrationId, ...rates };
}
