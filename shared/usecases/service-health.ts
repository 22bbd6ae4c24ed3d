import type { Problem } from "../core/errors";
import type { QueueDepth } from "../core/ports";
import { type CanaryHealth, canaryHealth } from "./canary-health";
import { CANARY_TENANT } from "./run-canary";
import type { Services, SyncEngineKind } from "./services";

/** How the service as a whole is; anyone may read it, so it holds counts and nothing else. */
export interface ServiceHealth {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly registrationsCount: number;
  readonly failedRegistrationsCount: number;
  /** Percent, 0 to 100. */
  readonly cacheHitRate: number;
  readonly queue?: QueueDepth;
  /** Absent where the settings that say it are wrong. Where an external one is, is nobody else's affair. */
  readonly syncEngine?: SyncEngineKind;
  /** Absent where the canary is off. */
  readonly canary?: CanaryHealth;
  /** Settings that are missing or wrong; for an operator. */
  readonly problems?: readonly Problem[];
}

/** The health of a service that cannot even be built. */
export function unreachable(problems: readonly Problem[]): ServiceHealth {
  const counts = { registrationsCount: 0, failedRegistrationsCount: 0, cacheHitRate: 0 };
  return { status: "unhealthy", ...counts, ...(problems.length > 0 && { problems }) };
}

/** Unhealthy: a store does not answer. Degraded: more than a tenth of the webhooks failed, there are dead letters, or no canary came through. */
export async function serviceHealth(services: Services): Promise<ServiceHealth> {
  const about = { cacheHitRate: services.cache.hitRate, syncEngine: services.rules.syncEngine };
  try {
    const { counts, queue, canary } = await recentFigures(services);
    const isLate = canary?.status === "late";
    const troubled = counts.failed * 10 > counts.all || (queue?.deadLettered ?? 0) > 0 || isLate;
    return {
      status: troubled ? "degraded" : "healthy",
      registrationsCount: counts.all,
      failedRegistrationsCount: counts.failed,
      ...about,
      ...(queue === undefined ? {} : { queue }),
      ...(canary === undefined ? {} : { canary }),
    };
  } catch (error) {
    services.log("error", "service.unhealthy", { error: String(error) });
    return { status: "unhealthy", registrationsCount: 0, failedRegistrationsCount: 0, ...about };
  }
}

/** How many webhooks there are, and how many of them were not healthy when the timer last looked. */
export interface WebhookCounts {
  readonly all: number;
  readonly failed: number;
  readonly degraded: number;
  /** How many it could not look at. */
  readonly unseen: number;
}

/** What is known of the service as a whole. */
export interface Figures {
  readonly counts: WebhookCounts;
  readonly queue: QueueDepth | undefined;
  readonly canary: CanaryHealth | undefined;
}

/** Anyone may ask, and the answer takes reading all tenants, page after page: once in this time. */
const RECENT_MS = 5_000;
const recent = new WeakMap<Services, { readonly at: number; readonly figures: Promise<Figures> }>();

/** The figures of the last five seconds; nothing of a failure is kept. */
export function recentFigures(services: Services): Promise<Figures> {
  const at = services.now();
  const known = recent.get(services);
  if (known && at - known.at < RECENT_MS) return known.figures;
  const figures = readFigures(services);
  recent.set(services, { at, figures });
  figures.catch(() => recent.delete(services));
  return figures;
}

async function readFigures(services: Services): Promise<Figures> {
  const [counts, queue, canary] = await Promise.all([
    countRegistrations(services),
    services.queue.depth(),
    canaryHealth(services),
  ]);
  return { counts, queue, canary };
}

async function countRegistrations({ registrations }: Services): Promise<Figures["counts"]> {
  const counts = { all: 0, failed: 0, degraded: 0, unseen: 0 };
  for await (const tenant of registrations.listTenants()) {
    // Nobody registered the canary's webhook, and its health is told by itself.
    if (tenant.tenantId === CANARY_TENANT) continue;
    counts.all += tenant.registrationsCount;
    counts.failed += tenant.failedRegistrationsCount;
    counts.degraded += tenant.summary?.webhooks.degraded ?? 0;
    counts.unseen += tenant.summary?.webhooks.unseen ?? 0;
  }
  return counts;
}
