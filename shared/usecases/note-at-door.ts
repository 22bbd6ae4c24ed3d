import type { ActivityCount } from "../core/activity";
import type { DoorRecord, ToldRequest } from "../core/delivery";
import type { NoticeName } from "../core/provider-notice";
import type { Registration } from "../core/registration";
import { type DeliveryAttempt, eventNameOf, type ProviderEvent } from "../core/webhook-event";
import { activityKeyOf } from "./activity-key";
import type { Services } from "./services";

/** A delivery that ended at the door. */
export interface DoorOutcome {
  readonly verdict: DoorRecord["verdict"];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason?: string;
  readonly detail?: string | undefined;
  readonly deliveryId?: string;
  readonly attempt?: DeliveryAttempt;
  readonly notices?: readonly NoticeName[];
  /** Accounts that lead to nobody, where the webhook is shared. */
  readonly unrouted?: readonly string[];
  readonly events?: readonly ProviderEvent[];
  readonly request?: ToldRequest;
  /** Anybody may have sent it: it is recorded, but counts for nothing in the webhook's health. */
  readonly isUnproved?: boolean;
}

const countOf: Readonly<Record<DoorRecord["verdict"], ActivityCount>> = {
  duplicate: "duplicate",
  ignored: "ignored",
  handshake: "handshake",
  refused: "refused",
  rate_limited: "rateLimited",
};

/** Counts and records, in the background, a delivery that will never reach the consumer. */
export function noteAtDoor(services: Services, registration: Registration, outcome: DoorOutcome): void {
  const { verdict, at, reason, detail } = outcome;
  services.metrics.deliveries.add(registration.integrationId, verdict);
  const why = { ...(reason === undefined ? {} : { reason }), ...(detail === undefined ? {} : { detail }) };
  if (outcome.isUnproved !== true) {
    const { notices, unrouted } = outcome;
    services.gatherer.note(activityKeyOf(registration), {
      at,
      count: countOf[verdict],
      ...why,
      ...(notices && { notices }),
      ...(unrouted && { unrouted }),
    });
  }
  const span = services.tracer?.active();
  span?.set({ "castiel.delivery.verdict": verdict, "castiel.delivery.reason": reason });
  services.gatherer.record({
    id: `door-${services.newId()}`,
    pk: registration.id,
    tenantId: registration.tenantId,
    schemaVersion: 1,
    ttl: services.rules.retentionSeconds,
    registrationId: registration.id,
    integrationId: registration.integrationId,
    connectionId: registration.connectionId,
    deliveryId: outcome.deliveryId ?? "",
    receivedAt: new Date(at).toISOString(),
    verdict,
    ...why,
    ...(outcome.attempt && { attempt: outcome.attempt }),
    ...(outcome.request && { request: outcome.request }),
    ...(span && { traceparent: span.context.traceparent }),
    eventNames: (outcome.events ?? []).map(eventNameOf),
    ...firstOf(outcome.events),
  });
  if (verdict === "refused") services.log("info", "delivery.refused", { registrationId: registration.id, reason });
}

/** What a search finds the delivery by. */
function firstOf([first]: readonly ProviderEvent[] = []): Pick<DoorRecord, "nativeType" | "entityType" | "entityId"> {
  if (first === undefined) return {};
  const { nativeType, entityType, entityId } = first;
  return { nativeType, entityType, entityId };
}
