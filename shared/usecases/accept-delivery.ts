import { isOutage } from "../core/errors";
import type { HandshakeReply } from "../core/provider";
import { activityKeyOf } from "./activity-key";
import { arrivalAt, deliverTo, demandRoom, type VerifiedDelivery } from "./deliver-to";
import { noteAtDoor } from "./note-at-door";
import { noteUnrouted } from "./note-unrouted";
import { markVerified } from "./pending-secrets";
import type { DeliveryReceipt } from "./queue-delivery";
import type { CachedRegistration } from "./registration-cache";
import { type Routing, routeDelivery } from "./route-delivery";
import type { Services } from "./services";

/** How a delivery that was not refused ends. */
export type DeliveryResult =
  | { readonly kind: "handshake"; readonly reply: HandshakeReply }
  | {
      readonly kind: "receipt";
      readonly receipt: DeliveryReceipt;
      /** What the provider wants to read in place of the receipt. */
      readonly reply?: HandshakeReply | undefined;
    };

/**
 * The second half of the walk: rate → handshake or parse → match → queue → answer. What comes to a shared webhook goes to
 * each of its receivers as if it had been delivered there: by their limits, settings, events and retry policies.
 * @throws {WebhookError} `rate_limited`, `queue_unavailable`, `store_unavailable`, `secrets_unavailable`
 */
export async function acceptDelivery(services: Services, delivery: VerifiedDelivery): Promise<DeliveryResult> {
  const { entry, request } = delivery;
  const { registration, provider } = entry;
  const routing = registration.routing === undefined ? undefined : await routeDelivery(services, entry, request);
  await admit(services, delivery, routing?.receivers ?? [entry]);
  const handshake = provider.handshake?.(request, registration.verification);
  if (handshake) {
    noteAtDoor(services, registration, { verdict: "handshake", at: delivery.receivedAt });
    return { kind: "handshake", reply: handshake };
  }
  const receipt = routing
    ? await deliverToAll(services, delivery, routing)
    : await deliverTo(services, entry, delivery);
  return { kind: "receipt", receipt, reply: provider.acknowledge?.(request, registration.verification) };
}

/** Takes room at whoever the delivery is for, and notes that they receive. */
async function admit(
  services: Services,
  delivery: VerifiedDelivery,
  receivers: readonly CachedRegistration[],
): Promise<void> {
  const { entry } = delivery;
  for (const each of receivers.length > 0 ? receivers : [entry]) demandRoom(services, each, delivery);
  for (const { registration } of new Set([entry, ...receivers])) {
    if (!registration.isVerified || registration.status === "failed") await markVerified(services, registration);
  }
}

/**
 * If one of several cannot be queued, the others have it all the same, but the delivery counts as not received: the
 * provider repeats it, and for those that had it already the repetition is a duplicate.
 */
async function deliverToAll(
  services: Services,
  delivery: VerifiedDelivery,
  { receivers, unrouted }: Routing,
): Promise<DeliveryReceipt> {
  const receipts: DeliveryReceipt[] = [];
  const failures: unknown[] = [];
  for (const receiver of receivers) {
    try {
      receipts.push(await deliverTo(services, receiver, delivery));
    } catch (error) {
      failures.push(error);
      // The repetition may never come: it is the receiver whose gap there is to repair then.
      if (isOutage(error)) noteMissed(services, receiver, delivery);
    }
  }
  if (failures.length > 0) throw failures[0];
  const receipt = receipts.find(({ syncTriggered }) => syncTriggered) ?? receipts[0];
  const { entry, receivedAt } = delivery;
  if (receipt) services.gatherer.note(activityKeyOf(entry.registration), { at: receivedAt, count: "routed" });
  if (receipt && unrouted.length === 0) return receipt;
  const unqueued = noteUnrouted(services, arrivalAt(services, entry, delivery), unrouted);
  return receipt ?? unqueued;
}

function noteMissed(
  { gatherer }: Services,
  { registration }: CachedRegistration,
  { receivedAt }: VerifiedDelivery,
): void {
  gatherer.note(activityKeyOf(registration), { at: receivedAt, count: "unavailable" });
}
