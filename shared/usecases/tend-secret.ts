import { serviceActor } from "../core/audit";
import type { Registration } from "../core/registration";
import { retirementOf, secretDueAt, type SecretRotation, usesDuring, withoutReplaced } from "../core/rotation";
import { rotatesItself } from "../core/secret-health";
import { activityKeyOf } from "./activity-key";
import { generateSecret } from "./generate-secret";
import { recordWebhookChange } from "./record-webhook-change";
import { beginRotation, defaultTerms } from "./rotate-secret";
import type { Services } from "./services";

/**
 * What time has come for of a webhook's secret: the old one is retired, or a change of it begun where we make it at the
 * provider ourselves. Answers the webhook as it is then. Never throws: the next run of the timer tries again.
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
  const reason = retirementOf(rotation, usesDuring(rotation, secretUses), services.now());
  if (reason === undefined) return undefined;
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
