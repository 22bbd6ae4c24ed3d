import { type ActivityCount, activityCounts } from "./activity";
import type { HealthStatus, WebhookHealth } from "./health";

/** A webhook that somebody should look at, and why. */
export interface TroubledWebhook {
  readonly registrationId: string;
  readonly integrationId: string;
  readonly status: Exclude<HealthStatus, "healthy">;
  /** The first recommendation of its health, where there is one. */
  readonly advice?: string;
}

/** All webhooks of a tenant at one time. */
export interface TenantSummary {
  /** ISO 8601. */
  readonly computedAt: string;
  readonly windowMinutes: number;
  /** `unseen`: whose health could not be found out, and which nothing else in here is about. */
  readonly webhooks: Readonly<Record<HealthStatus | "all" | "unseen", number>>;
  /** What happened within the window, summed over all webhooks. */
  readonly counts: Readonly<Record<ActivityCount, number>>;
  /** Those that failed first, at most {@link MAX_TROUBLED}. */
  readonly troubled: readonly TroubledWebhook[];
}

/** A list that is longer is searched, not read. */
export const MAX_TROUBLED = 10;

/** Sums up the health of webhooks, one after the other, without keeping them. */
export class TenantTally {
  readonly #webhooks = { all: 0, healthy: 0, degraded: 0, failed: 0, unseen: 0 };
  readonly #counts = Object.fromEntries(activityCounts.map((count) => [count, 0])) as Record<ActivityCount, number>;
  readonly #troubled: Record<TroubledWebhook["status"], TroubledWebhook[]> = { failed: [], degraded: [] };

  add({ registrationId, integrationId, status, counts, recommendations: [advice] }: WebhookHealth): void {
    this.#webhooks.all++;
    this.#webhooks[status]++;
    for (const count of activityCounts) this.#counts[count] += counts[count];
    if (status === "healthy" || this.#troubled[status].length === MAX_TROUBLED) return;
    this.#troubled[status].push({ registrationId, integrationId, status, ...(advice === undefined ? {} : { advice }) });
  }

  addUnseen(): void {
    this.#webhooks.all++;
    this.#webhooks.unseen++;
  }

  /** What was added so far. */
  toSummary(computedAt: string, windowMinutes: number): TenantSummary {
    const { failed, degraded } = this.#troubled;
    return {
      computedAt,
      windowMinutes,
      webhooks: { ...this.#webhooks },
      counts: { ...this.#counts },
      troubled: [...failed, ...degraded].slice(0, MAX_TROUBLED),
    };
  }
}
