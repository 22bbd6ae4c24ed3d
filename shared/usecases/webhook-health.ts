import { computeHealth, type HealthStatus, type WebhookHealth } from "../core/health";
import type { Registration } from "../core/registration";
import { activityKeyOf } from "./activity-key";
import { connectionKeyOf } from "./connection-view";
import { countDeadLetters, countDeadLettersOf, type DeadLetterCounts } from "./count-dead-letters";
import { providerNamed } from "./provider-of";
import type { Services } from "./services";
import { unroutedAccounts } from "./unrouted-accounts";

/**
 * The health of a registration from its present counters, so that it is true right after a delivery. Whoever looks at
 * several of a tenant's counts the dead letters of all of them beforehand.
 */
export async function healthOf(
  services: Services,
  registration: Registration,
  deadLetters?: DeadLetterCounts,
): Promise<WebhookHealth> {
  const provider = providerNamed(services, registration.integrationId);
  const [activity, connection, deadLettersCount] = await Promise.all([
    services.gatherer.activityOf(activityKeyOf(registration)),
    services.connections.find(connectionKeyOf(services, registration)),
    deadLetters?.of(registration) ?? countDeadLettersOf(services, registration),
  ]);
  return computeHealth({
    registration,
    activity,
    provider,
    connection,
    deadLettersCount,
    ...(registration.pause && {
      hold: {
        held: await services.heldEvents.countOf(registration.tenantId, registration.id),
        bounds: services.rules.holdBounds,
      },
    }),
    unrouted: await unroutedAccounts(services, registration, activity),
    now: services.now(),
    windowMs: services.rules.healthWindowMs,
    secretMaxAgeMs: services.rules.secretMaxAgeMs,
  });
}

/** The health of those of a tenant's webhooks that have one of the statuses. */
export async function listHealth(
  services: Services,
  tenantId: string,
  statuses: ReadonlySet<HealthStatus>,
): Promise<WebhookHealth[]> {
  const found: WebhookHealth[] = [];
  const deadLetters = await countDeadLetters(services, tenantId);
  for await (const registration of services.registrations.listAll({
    tenantId,
    tenantKey: services.tenantKeyOf(tenantId),
  })) {
    const health = await healthOf(services, registration, deadLetters);
    if (statuses.has(health.status)) found.push(health);
  }
  return found;
}
