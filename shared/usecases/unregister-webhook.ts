import type { Registration } from "../core/registration";
import { activityKeyOf } from "./activity-key";
import { announceChange, giveUpHooks } from "./ask-for-hooks";
import { dropCandidates } from "./pending-secrets";
import { type OwnKey, requireChangeable } from "./require-own";
import { toResumeMessage } from "./resume-message";
import type { Services } from "./services";
import { trySettleHooks } from "./settle-hooks";

/**
 * Deletes a registration: the document first, so that nothing is received any more, then its secrets, counters and
 * routes, and what we set up at its provider. Where that fails, the timer tries again. Events already queued are still
 * drained.
 * @throws {WebhookError} `registration_not_found`, `forbidden`, `store_unavailable`, `queue_unavailable`
 */
export async function unregisterWebhook(services: Services, key: OwnKey): Promise<void> {
  const known = await requireChangeable(services, key);
  // Switched off first: from here on no handshake adds a candidate whose secret nobody would delete.
  const switchedOff = await services.registrations.update(known.id, switchOff);
  const registration = switchedOff ?? known;
  // What is held was accepted, and is drained like what is queued. While nobody can be told so, the webhook stays.
  if (registration.pause) await services.queue.send([toResumeMessage(services, registration)]);
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

function switchOff(current: Registration): Registration {
  const { pause } = current;
  return { ...current, status: "inactive", ...(pause && { pause: { ...pause, state: "resuming" } }) };
}
