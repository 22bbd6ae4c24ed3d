import { keepAtDoor } from "./keep-request";
import { noteAtDoor } from "./note-at-door";
import { type Arrival, type DeliveryReceipt, deliveryIdOf, receiptOfNothing } from "./queue-delivery";
import type { Services } from "./services";

/** Slack names one; a record has to end somewhere. */
const MAX_NAMED = 20;

/**
 * Records at the shared webhook that a delivery, or its part for these accounts, is for nobody. It is answered 200, because
 * a vendor switches an app off whose deliveries fail, and repeating this one would not help.
 */
export function noteUnrouted(services: Services, arrival: Arrival, accountIds: readonly string[]): DeliveryReceipt {
  const { parsed, source, request, receivedAt: at } = arrival;
  const { registration } = arrival.entry;
  const unrouted = accountIds.slice(0, MAX_NAMED);
  const kind = registration.routing ?? "account";
  const deliveryId = deliveryIdOf(parsed, services.newId);
  noteAtDoor(services, registration, {
    verdict: "ignored",
    at,
    reason: "unrouted",
    detail:
      unrouted.length > 0 ? `No webhook takes what is of ${kind} ${unrouted.join(", ")}.` : `It names no ${kind}.`,
    unrouted,
    deliveryId,
    ...(parsed.attempt && { attempt: parsed.attempt }),
    // What a vendor says about one account is nothing that this webhook is the worse for.
    ...(unrouted.length === 0 && parsed.notices && { notices: parsed.notices }),
    events: parsed.events,
    request: keepAtDoor(services, registration, source, request),
  });
  services.log("info", "delivery.unrouted", { registrationId: registration.id, accountIds: unrouted });
  return receiptOfNothing({ ...arrival, parsed: { ...parsed, ignored: "unrouted" } }, deliveryId);
}
