import type { Finding } from "../core/alert";
import { webhookFindings } from "../core/alert-findings";
import type { HealthStatus } from "../core/health";
import type { Registration } from "../core/registration";
import { TenantTally } from "../core/tenant-summary";
import type { TenantEntry } from "../repositories/registrations";
import { activityKeyOf } from "./activity-key";
import { evaluateService, evaluateTenant } from "./evaluate-alerts";
import { summaryOf } from "./overview";
import { tendPause } from "./pause-webhook";
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
 * Looks after the secrets and after what is resumed, recomputes the health of every webhook, logs what changed since the last run, keeps
 * a summary of each tenant, and finds what there is to alert somebody of.
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
  const owner = { tenantId: tenant.tenantId, tenantKey: tenant.id };
  const tally = new TenantTally();
  const findings: Finding[] = [];
  let changed = 0;
  for await (const found of services.registrations.listAll(owner)) {
    const registration = await tendSecret(services, found);
    await tendPause(services, registration);
    const health = await healthOf(services, registration);
    const provider = providerNamed(services, registration.integrationId);
    findings.push(...webhookFindings({ registration, health, provider, now: services.now() }));
    tally.add(health);
    if (await reportChange(services, registration, health.status)) changed++;
  }
  const summary = summaryOf(services, tally);
  await services.registrations.saveTenantSummary(tenant, summary);
  await evaluateTenant(services, owner, findings);
  return { checked: summary.webhooks.all, changed };
}

/** Logs a status that is not the one last reported; answers whether it was. */
async function reportChange(services: Services, registration: Registration, status: HealthStatus): Promise<boolean> {
  const key = activityKeyOf(registration);
  const before = (await services.activities.get(key)).reportedStatus ?? "healthy";
  if (before === status) return false;
  await services.activities.saveReportedStatus(key, status);
  const level = status === "healthy" ? "info" : "warn";
  services.log(level, "health.changed", { registrationId: registration.id, from: before, to: status });
  return true;
}
