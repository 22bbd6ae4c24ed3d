import { computeHealth, type HealthStatus, type WebhookHealth } from "../core/health";
import type { Registration } from "../core/registration";
import { activityKeyOf } from "./activity-key";
import { connectionKeyOf } from "./connection-view";
import { providerNamed } from "./provider-of";
import type { Services } from "./services";
import { unroutedAccounts } from "./unrouted-accounts";

/** The health of a registration from its present counters, so that it is true right after a delivery. */
export async function healthOf(services: Services, registration: Registration): Promise<WebhookHealth> {
  const provider = providerNamed(services, registration.integrationId);
  const [activity, connection] = await Promise.all([
    services.gatherer.activityOf(activityKeyOf(registration)),
    services.connections.find(connectionKeyOf(services, registration)),
  ]);
  return computeHealth({
    registration,
    activity,
    provider,
    connection,
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
  for await (const registration of services.registrations.listAll({
    tenantId,
    tenantKey: services.tenantKeyOf(tenantId),
  })) {
    const health = await healthOf(services, registration);
    if (statuses.has(health.status)) found.push(health);
  }
  return found;
}
