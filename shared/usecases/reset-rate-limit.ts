import type { RateSource } from "../core/rate-limiter";
import { rateLimitStatus, type RateStatusReply, requireIntegration } from "./rate-limit-status";
import type { Services } from "./services";

/**
 * Forgets the calls to an integration and what its provider said of its quota, and answers the status after that. The
 * calls still count for the tenant's total, which is the operator's protection and not the tenant's to reset.
 * @throws {WebhookError} `unknown_integration`, `store_unavailable`
 */
export async function resetRateLimit(services: Services, source: RateSource): Promise<RateStatusReply> {
  requireIntegration(services, source.integrationId);
  await services.rateLimiter.reset(source);
  services.log("info", "rate_limit.reset", { tenantId: source.tenantId, integrationId: source.integrationId });
  return rateLimitStatus(services, source);
}
