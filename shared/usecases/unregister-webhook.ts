import { activityKeyOf } from "./activity-key";
import { announceChange, giveUpHooks } from "./ask-for-hooks";
import { dropCandidates } from "./pending-secrets";
import { type OwnKey, requireChangeable } from "./require-own";
import type { Services } from "./services";
import { trySettleHooks } from "./settle-hooks";

/**
 * Deletes a registration: the document first, so that nothing is received any more, then its secrets, counters and
 * routes, and what we set up at its provider. Where that fails, the timer tries again. Events already queued are still
 * drained.
 * @throws {WebhookError} `registration_not_found`, `forbidden`
 */
export async function unregisterWebhook(services: Services, key: OwnKey): Promise<void> {
  const known = await requireChangeable(services, key);
  // Switched off first: from here on no handshake adds a candidate whose secret nobody would delete.
  const switchedOff = await services.registrations.update(known.id, (current) => ({ ...current, status: "inactive" }));
  const registration = switchedOff ?? known;
  if (registration.provisioning) await announceChange(services, registration.id);
  await services.registrations.delete(registration);
  services.cache.forget(registration.id);
  services.gatherer.forget(registration.id);
  await services.secrets.delete(registration.id);
  await dropCandidates(services, registration);
  await services.activities.delete(activityKeyOf(registration));
  if (registration.routing !== undefined) await services.routes.deleteAll(registration);
  services.log("info", "registration.deleted", { registrationId: registration.id });
  if (!registration.provisioning) return;
  await giveUpHooks(services, registration.id);
  await trySettleHooks(services, registration.id);
}
