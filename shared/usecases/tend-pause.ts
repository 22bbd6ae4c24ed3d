import { textAt } from "../core/json";
import type { Pause } from "../core/pause";
import type { Registration } from "../core/registration";
import { resumeAnew } from "./pause-webhook";
import { PAYLOAD_TTL_SECONDS } from "./send-events";
import type { Services } from "./services";

/** To queue all that may be held takes minutes. */
const LOST_AFTER_MS = 3_600_000;
/** Often enough for a timer that is out for weeks. */
const RENEW_PAYLOADS_AFTER_MS = (PAYLOAD_TTL_SECONDS * 1000) / 3;

/**
 * Resumes anew what was asked to be an hour ago and still is not: whoever asked may have been killed before it was queued,
 * or an outage have lasted for longer than anybody tries. While a webhook is paused the payloads of what it holds are kept from
 * running out. Never throws: the next run of the timer tries again.
 */
export async function tendPause(services: Services, registration: Registration): Promise<void> {
  const { pause, id: registrationId } = registration;
  if (pause === undefined) return;
  try {
    if (isLost(services, pause)) await resumeAnew(services, registration);
    if (isDueForRenewal(services, pause)) await renewPayloads(services, registration);
  } catch (error) {
    services.log("warn", "pause.not_tended", { registrationId, error: String(error) });
  }
}

function isLost({ now }: Services, { state, resumedAt, since }: Pause): boolean {
  return state === "resuming" && now() - Date.parse(resumedAt ?? since) >= LOST_AFTER_MS;
}

function isDueForRenewal({ now }: Services, { payloadsRenewedAt, since }: Pause): boolean {
  return now() - Date.parse(payloadsRenewedAt ?? since) >= RENEW_PAYLOADS_AFTER_MS;
}

/** Written anew, because a payload lives from its last write on, on Azure too. */
async function renewPayloads(services: Services, { id, tenantId }: Registration): Promise<void> {
  const payloadsRenewedAt = new Date(services.now()).toISOString();
  for await (const { message } of services.heldEvents.all(tenantId, id)) {
    const dataref = textAt(message.body, "dataref");
    const bytes = dataref === undefined ? undefined : await services.payloads.get(dataref);
    if (dataref !== undefined && bytes) await services.payloads.put(dataref, bytes, PAYLOAD_TTL_SECONDS);
  }
  await services.registrations.update(id, (current) =>
    current.pause ? { ...current, pause: { ...current.pause, payloadsRenewedAt } } : current,
  );
}
