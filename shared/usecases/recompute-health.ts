import type { Finding } from "../core/alert";
import { webhookFindings } from "../core/alert-findings";
import type { HealthStatus, WebhookHealth } from "../core/health";
import type { Registration } from "../core/registration";
import { TenantTally } from "../core/tenant-summary";
import type { TenantEntry } from "../repositories/registrations";
import { activityKeyOf } from "./activity-key";
import { countDeadLetters, type DeadLetterCounts } from "./count-dead-letters";
import { evaluateService, evaluateTenant } from "./evaluate-alerts";
import { summaryOf } from "./overview";
import { tendPause } from "./tend-pause";
import { providerNamed } from "./provider-of";
import type { Services } from "./services";
import { serveDue } from "./serve-due";
import { tendSecret } from "./tend-secret";
import { healthOf } from "./webhook-health";

/** What a run of the timer saw. */
export interface HealthRun {
  readonly checked: number;
  readonly changed: number;
  /** Webhooks, or all of a tenant's as one, that could not be looked at; the next run tries again. */
  readonly failed: number;
}

type Counting = { -readonly [Count in keyof HealthRun]: number };

/**
 * Looks after the secrets and after what is resumed, recomputes the health of every webhook, logs what changed since the last run, keeps
 * a summary of each tenant, and finds what there is to alert somebody of. What fails for one is logged and fails for no other.
 */
export async function recomputeHealth(services: Services): Promise<HealthRun> {
  await services.gatherer.flush();
  const run: Counting = { checked: 0, changed: 0, failed: 0 };
  await serveDue(services.registrations.listTenants(), async (tenant) => {
    try {
      await recomputeTenant(services, tenant, run);
    } catch (error) {
      run.failed++;
      services.log("error", "health.not_recomputed", { tenantId: tenant.tenantId, error: String(error) });
    }
  });
  await evaluateService(services);
  return run;
}

async function recomputeTenant(services: Services, tenant: TenantEntry, run: Counting): Promise<void> {
  const owner = { tenantId: tenant.tenantId, tenantKey: tenant.id };
  const tally = new TenantTally();
  const findings: Finding[] = [];
  const unseen = new Set<string>();
  const deadLetters = await countDeadLetters(services, tenant.tenantId);
  await serveDue(services.registrations.listAll(owner), async (registration) => {
    try {
      const seen = await recomputeWebhook(services, registration, deadLetters);
      findings.push(...seen.findings);
      tally.add(seen.health);
      run.checked++;
      if (seen.isChanged) run.changed++;
    } catch (error) {
      unseen.add(registration.id);
      tally.addUnseen();
      run.failed++;
      services.log("error", "health.not_recomputed", { registrationId: registration.id, error: String(error) });
    }
  });
  await services.registrations.saveTenantSummary(tenant, summaryOf(services, tally));
  await evaluateTenant(services, owner, { findings, unseen });
}

interface SeenWebhook {
  readonly health: WebhookHealth;
  readonly findings: readonly Finding[];
  /** Its status is not the one last reported. */
  readonly isChanged: boolean;
}

async function recomputeWebhook(
  services: Services,
  found: Registration,
  deadLetters: DeadLetterCounts,
): Promise<SeenWebhook> {
  const registration = await tendSecret(services, found);
  await tendPause(services, registration);
  const health = await healthOf(services, registration, deadLetters);
  const provider = providerNamed(services, registration.integrationId);
  const findings = webhookFindings({ registration, health, provider, now: services.now() });
  return { health, findings, isChanged: await reportChange(services, registration, health.status) };
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
