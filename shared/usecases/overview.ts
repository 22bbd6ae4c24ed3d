import { MOST_DEAD_LETTERS } from "../core/dead-letter";
import type { QueueDepth } from "../core/ports";
import { type TenantSummary, TenantTally } from "../core/tenant-summary";
import { countDeadLetters, type DeadLetterCounts } from "./count-dead-letters";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";
import { healthOf } from "./webhook-health";

/** All webhooks of a tenant at a glance, and what waits in the queue. */
export interface Overview {
  /** How many webhooks the tenant has, just now. */
  readonly webhooksCount: number;
  /** Events that were given up and wait to be replayed or discarded, just now; 1,000 stands for as many or more. */
  readonly deadLettersCount: number;
  /** Of just now for a few webhooks, else as the health timer last saw them; absent before it first did. */
  readonly summary?: TenantSummary;
  /** Of all tenants; absent where the queue does not tell. */
  readonly queue?: QueueDepth;
  /** What webhooks can be registered for. */
  readonly integrations: readonly { readonly integrationId: string; readonly displayName: string }[];
}

/** With more webhooks the health of all of them takes too long for a question that is asked every few seconds. */
export const LIVE_WEBHOOKS = 200;

/** @throws {WebhookError} `store_unavailable` */
export async function overviewOf(services: Services, tenantId: string): Promise<Overview> {
  const [entry, queue, deadLetters] = await Promise.all([
    services.registrations.findTenant(tenantOf(services, tenantId)),
    services.queue.depth(),
    // It is asked for every few seconds; what it says of one webhook goes by the newest.
    countDeadLetters(services, tenantId, { newest: MOST_DEAD_LETTERS }),
  ]);
  const webhooksCount = entry?.registrationsCount ?? 0;
  const summary = webhooksCount > LIVE_WEBHOOKS ? entry?.summary : await summariseNow(services, tenantId, deadLetters);
  const integrations = [...services.providers.values()].map(({ id, displayName }) => ({
    integrationId: id,
    displayName,
  }));
  return {
    webhooksCount,
    deadLettersCount: deadLetters.all,
    ...(summary && { summary }),
    ...(queue && { queue }),
    integrations,
  };
}

/** What was tallied, as it is kept and shown. */
export function summaryOf({ now, rules }: Services, tally: TenantTally): TenantSummary {
  return tally.toSummary(new Date(now()).toISOString(), Math.round(rules.healthWindowMs / 60_000));
}

async function summariseNow(
  services: Services,
  tenantId: string,
  deadLetters: DeadLetterCounts,
): Promise<TenantSummary> {
  const { items } = await services.registrations.list(tenantOf(services, tenantId), { limit: LIVE_WEBHOOKS });
  const tally = new TenantTally();
  for (const health of await Promise.all(items.map((registration) => healthOf(services, registration, deadLetters)))) {
    tally.add(health);
  }
  return summaryOf(services, tally);
}
