import type { Finding } from "../core/alert";
import { webhookFindings } from "../core/alert-findings";
import type { TenantEntry } from "../repositories/registrations";
import { activityKeyOf } from "./activity-key";
import { evaluateService, evaluateTenant } from "./evaluate-alerts";
import { providerNamed } from "./provider-of";
import type { Services } from "./services";
import { tendSecret } from "./tend-secret";
import { healthOf } from "./webhook-health";

/** What a run of the timer saw. */
export interface HealthRun {
  readonly checked: number;
  readonly changed: number;
}

/**
 * Looks after the secrets, recomputes the health of every webhook, logs what changed since the last run, puts the tenants'
 * counts right, and finds what there is to alert somebody of.
 */
export async function recomputeHealth(services: Services): Promise<HealthRun> {
  await services.gatherer.flush();
  const run = { checked: 0, changed: 0 };
  for await (const tenant of services.registrations.listTenants()) {
    const seen = await recomputeTenant(services, tenant);
    run.checked += seen.checked;
    run.changed += seen.changed;
  }
  await evaluateService(services);
  return run;
}

async function recomputeTenant(services: Services, tenant: TenantEntry): Promise<HealthRun> {
  let [checked, failed, changed] = [0, 0, 0];
  const owner = { tenantId: tenant.tenantId, tenantKey: tenant.id };
  const findings: Finding[] = [];
  for await (const found of services.registrations.listAll(owner)) {
    const registration = await tendSecret(services, found);
    const health = await healthOf(services, registration);
    const provider = providerNamed(services, registration.integrationId);
    findings.push(...webhookFindings({ registration, health, provider, now: services.now() }));
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
  await evaluateTenant(services, owner, findings);
  return { checked, changed };
}
