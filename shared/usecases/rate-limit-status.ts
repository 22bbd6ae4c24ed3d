import { WebhookError } from "../core/errors";
import { isNearLimit, type Operation, type RateFigures, rateLimitHeaders, tightest } from "../core/rate-limit";
import type { RateSource, RateStatus } from "../core/rate-limiter";
import type { Services } from "./services";

/** Where one level stands, as callers see it. */
export interface RateLevelView {
  readonly requestsPerMinute: number;
  readonly requestsMade: number;
  readonly requestsRemaining: number;
  /** ISO 8601: when the window is empty if no call is made. */
  readonly windowResetAt: string;
  /** From 80 percent on. */
  readonly isThrottled: boolean;
}

/** The integration's own figures on top, then those of its operations and of the tenant's total. */
export interface RateStatusView extends RateLevelView {
  readonly integrationId: string;
  readonly adaptiveMultiplier: number;
  readonly operations: Readonly<Record<Operation, RateLevelView>>;
  readonly tenant: RateLevelView;
}

/** A status and the headers that go with it. */
export interface RateStatusReply {
  readonly view: RateStatusView;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Where the limits of a tenant's integration stand now. `X-RateLimit-*` are those of the integration or of the tenant's
 * total, whichever leaves less room.
 * @throws {WebhookError} `unknown_integration`, `store_unavailable`
 */
export async function rateLimitStatus(services: Services, source: RateSource): Promise<RateStatusReply> {
  requireIntegration(services, source.integrationId);
  const now = services.now();
  const status = await services.rateLimiter.status(source, now);
  const { limit, remaining, resetAt } = tightest([status.integration, status.tenant]);
  const resetSeconds = Math.ceil((resetAt - now) / 1000);
  return { view: toView(source, status), headers: rateLimitHeaders({ limit, remaining, resetSeconds }) };
}

/** @throws {WebhookError} `unknown_integration` */
export function requireIntegration({ providers }: Services, integrationId: string): void {
  if (!providers.has(integrationId)) throw new WebhookError("unknown_integration");
}

function toView({ integrationId }: RateSource, status: RateStatus): RateStatusView {
  const { fetch, create, update, delete: remove } = status.operations;
  return {
    integrationId,
    ...toLevelView(status.integration),
    adaptiveMultiplier: status.adaptiveMultiplier,
    operations: {
      fetch: toLevelView(fetch),
      create: toLevelView(create),
      update: toLevelView(update),
      delete: toLevelView(remove),
    },
    tenant: toLevelView(status.tenant),
  };
}

function toLevelView(figures: RateFigures): RateLevelView {
  return {
    requestsPerMinute: figures.limit,
    requestsMade: figures.made,
    requestsRemaining: figures.remaining,
    windowResetAt: new Date(figures.resetAt).toISOString(),
    isThrottled: isNearLimit(figures),
  };
}
