import { serviceActor } from "../core/audit";
import type { Registration } from "../core/registration";
import {
  isDeadlineAlarming,
  retirementOf,
  secretDueAt,
  type SecretRotation,
  usesDuring,
  withoutReplaced,
} from "../core/rotation";
import { rotatesItself } from "../core/secret-health";
import { activityKeyOf } from "./activity-key";
import { generateSecret } from "./generate-secret";
import { recordWebhookChange } from "./record-webhook-change";
import { beginRotation, defaultTerms } from "./rotate-secret";
import type { Services } from "./services";

/**
 * What time has come for of a webhook's secret: the old one is retired, or its owner warned that it will be, or a change of it
 * begun where we make it at the provider ourselves. Answers the webhook as it is then. Never throws: the next run of the timer tries again.
 */
export async function tendSecret(services: Services, registration: Registration): Promise<Registration> {
  try {
    const tended = registration.rotation
      ? await retireWhenDue(services, registration, registration.rotation)
      : await rotateWhenDue(services, registration);
    return tended ?? registration;
  } catch (error) {
    services.log("warn", "secret.not_tended", { registrationId: registration.id, error: String(error) });
    return registration;
  }
}

async function retireWhenDue(
  services: Services,
  registration: Registration,
  rotation: SecretRotation,
): Promise<Registration | undefined> {
  // As long as we cannot change it at the provider, the old one is the one in use.
  if (registration.provisioning?.reason !== undefined) return undefined;
  const { secretUses } = await services.gatherer.activityOf(activityKeyOf(registration));
  const uses = usesDuring(rotation, secretUses);
  const reason = retirementOf(rotation, uses, services.now());
  if (reason === undefined) {
    const isNews = rotation.warnedAt === undefined && isDeadlineAlarming(rotation, uses, services.now());
    return isNews ? warnOfDeadline(services, registration, rotation) : undefined;
  }
  const at = new Date(services.now()).toISOString();
  const retired = await services.registrations.update(registration.id, (current) =>
    current.rotation?.startedAt === rotation.startedAt ? withoutReplaced(current, at) : current,
  );
  if (retired === undefined || retired.rotation) return retired;
  services.cache.forget(registration.id);
  services.log("info", "secret.retired", { registrationId: registration.id, reason });
  await recordWebhookChange(services, {
    action: "retire-secret",
    by: serviceActor(retired.tenantId),
    before: registration,
    after: retired,
  });
  return retired;
}

/** Health and alerts tell of it for as long as it is so; that they began to is noted once. */
async function warnOfDeadline(
  services: Services,
  before: Registration,
  { startedAt, deadline }: SecretRotation,
): Promise<Registration | undefined> {
  const warnedAt = new Date(services.now()).toISOString();
  const after = await services.registrations.update(before.id, (current) => {
    const isNews = current.rotation?.startedAt === startedAt && current.rotation.warnedAt === undefined;
    return isNews ? { ...current, rotation: { ...current.rotation, warnedAt } } : current;
  });
  if (after?.rotation?.warnedAt !== warnedAt) return after;
  services.log("warn", "secret.deadline_near", { registrationId: before.id, deadline });
  const by = serviceActor(after.tenantId);
  await recordWebhookChange(services, { action: "warn-of-secret-deadline", by, before, after });
  return after;
}

async function rotateWhenDue(services: Services, registration: Registration): Promise<Registration | undefined> {
  const dueAt = secretDueAt(registration, services.rules.secretMaxAgeMs);
  if (dueAt === undefined || services.now() < dueAt || !rotatesItself(registration)) return undefined;
  const begun = await beginRotation(services, registration, {
    secret: generateSecret(),
    secretOrigin: "generated",
    scheme: registration.verification.scheme,
    terms: defaultTerms(services, "policy"),
  });
  services.log("info", "secret.rotation_begun", { registrationId: registration.id, startedBy: "policy" });
  await recordWebhookChange(services, {
    action: "rotate-secret",
    by: serviceActor(begun.tenantId),
    before: registration,
    after: begun,
  });
  return begun;
}
