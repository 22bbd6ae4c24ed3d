import { activityKeyOf } from "./activity-key";
import { dropCandidates } from "./pending-secrets";
import { requireOwn } from "./require-own";
import type { Services } from "./services";

/**
 * Deletes a registration: the document first, so that nothing is received any more, then its secrets and counters.
 * Events already queued are still drained.
 * @throws {WebhookError} `registration_not_found`
 */
export async function unregisterWebhook(
  services: Services,
  key: { readonly tenantId: string; readonly registrationId: string },
): Promise<void> {
  const known = await requireOwn(services, key);
  // Switched off first: from here on no handshake adds a candidate whose secret nobody would delete.
  const switchedOff = await services.registrations.update(known.id, (current) => ({ ...current, status: "inactive" }));
  const registration = switchedOff ?? known;
  await services.registrations.delete(registration);
  services.cache.forget(registration.id);
  services.gatherer.forget(registration.id);
  await services.secrets.delete(registration.id);
  await dropCandidates(services, registration);
  await services.activities.delete(activityKeyOf(registration));
  services.log("info", "registration.deleted", { registrationId: registration.id });
}
