import type { ActivityCount } from "../core/activity";
import type { EventRecord } from "../core/delivery";
import { tenantKeyIn } from "../core/registration-id";
import type { WebhookEvent } from "../core/webhook-event";
import type { Settlement } from "./event-record";
import type { Services } from "./services";

const countOf: Readonly<Record<Settlement["outcome"], ActivityCount>> = {
  synchronised: "synced",
  retrying: "syncFailed",
  dead: "dead",
};

/** Five in a row put the registration into `failed` (`castiel.md`, Health); the next genuine delivery clears it. */
const FAILURES_TO_FAIL = 5;

/** Counts an attempt to synchronise, once its record is written. */
export async function noteSynchronisation(
  services: Services,
  event: WebhookEvent,
  { outcome, reason, latencyMs }: Pick<Settlement, "outcome" | "reason"> & Pick<EventRecord, "latencyMs">,
): Promise<void> {
  const { registrationId, tenantId, integrationId } = event;
  const { metrics } = services;
  metrics.events.add(integrationId, outcome);
  if (outcome !== "retrying") metrics.eventLatency.observe(integrationId, Math.max(0, latencyMs) / 1000);
  const pk = tenantKeyIn(registrationId);
  if (pk === undefined) return;
  const key = { registrationId, tenantId, pk };
  services.gatherer.note(key, {
    at: services.now(),
    count: countOf[outcome],
    ...(reason === undefined ? {} : { reason }),
  });
  if (outcome === "synchronised") return;
  const activity = await services.gatherer.activityOf(key);
  if (activity.syncFailuresInRow < FAILURES_TO_FAIL) return;
  await services.registrations.update(registrationId, (current) =>
    current.status === "active" ? { ...current, status: "failed" } : current,
  );
  services.cache.forget(registrationId);
}
