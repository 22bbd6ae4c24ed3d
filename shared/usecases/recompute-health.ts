import type { TenantEntry } from "../repositories/registrations";
import { activityKeyOf } from "./activity-key";
import type { Services } from "./services";
import { healthOf } from "./webhook-health";

/** What a run of the timer saw. */
export interface HealthRun {
  readonly checked: number;
  readonly changed: number;
}

/** Recomputes the health of every webhook, logs what changed since the last run, and puts the tenants' counts right. */
export async function recomputeHealth(services: Services): Promise<HealthRun> {
  await services.gatherer.flush();
  const run = { checked: 0, changed: 0 };
  for await (const tenant of services.registrations.listTenants()) {
    const seen = await recomputeTenant(services, tenant);
    run.checked += seen.checked;
    run.changed += seen.changed;
  }
  return run;
}

async function recomputeTenant(services: Services, tenant: TenantEntry): Promise<HealthRun> {
  let [checked, failed, changed] = [0, 0, 0];
  for await (const registration of services.registrations.listAll({
    tenantId: tenant.tenantId,
    tenantKey: tenant.id,
  })) {
    const health = await healthOf(services, registration);
    checked++;
    if (health.status === "failed") failed++;
    const key = activityKeyOf(registration);
    const before = (await services.activities.get(key)).reportedStatus ?? "healthy";
    if (before === health.status) continue;
    changed++;
    await services.activities.saveReportedStatus(key, health.status);
    const level = health.status === "healthy" ? "info" : "warn";
    services.log(level, "health.changed", { registrationId: registration.id, from: before, to: health.status });
  }
  if (checked !== tenant.registrationsCount || failed !== tenant.failedRegistrationsCount) {
    await services.registrations.saveTenantCounts({
      ...tenant,
      registrationsCount: checked,
      failedRegistrationsCount: failed,
    });
  }
  return { checked, changed };
}
