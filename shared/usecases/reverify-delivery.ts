import { type DoorRecord, type ReplayMark, withoutKept } from "../core/delivery";
import { WebhookError } from "../core/errors";
import { toDeliveryRequest } from "../core/kept-request";
import { refusalSentence } from "../core/refusal-sentence";
import type { Registration } from "../core/registration";
import { lineIdOf } from "../repositories/delivery-lines";
import { recordIdOf } from "../repositories/deliveries";
import { arrivalAt, type VerifiedDelivery } from "./deliver-to";
import { type EventMessage, openMessage } from "./event-message";
import { holdEvents } from "./hold-events";
import { noteHeld } from "./note-held";
import { type Arrival, messagesOfReceipt } from "./queue-delivery";
import { markAsReplay, toReplayedMessage } from "./replay-message";
import { webhookUrlOf } from "./registration-rules";
import { routeDelivery } from "./route-delivery";
import { toQueueBodies } from "./send-events";
import type { Services } from "./services";
import { type Refused, verifyDelivery } from "./verify-delivery";

/** The events of a delivery that one webhook asks for, marked as a replay. */
export interface ReplayedPart {
  readonly registration: Registration;
  readonly events: readonly EventMessage[];
  /** Of the whole delivery. */
  readonly bodyBytes: number;
}

/** What a delivery that ended at the door is, now that it is looked at again. */
export interface SecondLook {
  /** One part, or of a shared webhook one a receiver. */
  readonly parts: readonly ReplayedPart[];
  /** The lines of the log that its events will have, as far as they are in its own tenant's. */
  readonly deliveries: readonly string[];
}

/**
 * Takes a delivery that ended at the door as if it came now, but for the time: its kept bytes are verified against the present
 * secrets and settings, judged at the time of receipt, and matched with the events that are asked for by now.
 * @throws {WebhookError} `delivery_not_kept`, `registration_not_found`; `delivery_unproved`, with the reason in `problems`;
 *   `nothing_to_replay`; `store_unavailable`, `secrets_unavailable`, `keys_unavailable`
 */
export async function reverifyDelivery(services: Services, record: DoorRecord, mark: ReplayMark): Promise<SecondLook> {
  const delivery = await proveKept(services, record);
  const { entry, request } = delivery;
  const { registration, provider } = entry;
  // What it offers or asks for was answered, or refused, for good.
  if (provider.handshake?.(request, registration.verification)) throw new WebhookError("nothing_to_replay");
  const routing = registration.routing === undefined ? undefined : await routeDelivery(services, entry, request);
  const parts: ReplayedPart[] = [];
  for (const receiver of routing?.receivers ?? [entry]) {
    const arrival = withKept(arrivalAt(services, receiver, delivery), record);
    const events = await eventsOf(services, record, arrival, mark);
    if (events.length === 0) continue;
    parts.push({ registration: receiver.registration, events, bodyBytes: request.body.length });
  }
  if (parts.length === 0) throw new WebhookError("nothing_to_replay");
  const own = parts.filter(({ registration: { tenantId } }) => tenantId === record.tenantId);
  const events = own.flatMap((part) => part.events);
  return { parts, deliveries: await Promise.all(events.map((event) => lineOf(services, record, event))) };
}

/** Who asks is nothing for another tenant to read. */
const SOMEBODY = "operator";

/**
 * The events that a webhook asks for, marked as a replay. To another tenant's, which a shared one leads to, it is none: what had
 * its effect there is left alone.
 */
async function eventsOf(
  services: Services,
  record: DoorRecord,
  arrival: Arrival,
  mark: ReplayMark,
): Promise<readonly EventMessage[]> {
  const messages = messagesOfReceipt(arrival, record.id);
  const { tenantId, id: registrationId } = arrival.entry.registration;
  if (tenantId === record.tenantId) return messages.map((body) => markAsReplay(body, mark, record.traceparent));
  const known = await Promise.all(
    messages.map(({ id }) => services.deliveries.findEvent({ tenantId, registrationId, recordId: recordIdOf(id) })),
  );
  const missing = messages.filter((_, index) => known[index]?.outcome !== "synchronised");
  return missing.map((body) => markAsReplay(body, { ...mark, requestedBy: SOMEBODY }));
}

/** Where the provider has repeated it meanwhile, the event has a line already, with the time of that. */
async function lineOf(
  { deliveries }: Services,
  { tenantId, receivedAt }: DoorRecord,
  message: EventMessage,
): Promise<string> {
  const { registrationId } = openMessage(message).event;
  const id = recordIdOf(message.id);
  const known = await deliveries.findEvent({ tenantId, registrationId, recordId: id });
  return lineIdOf(known ?? { receivedAt, id });
}

/**
 * Queues a part or, while its webhook is paused, holds it.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`, `hold_full`
 */
export async function sendPart(services: Services, { registration, events, bodyBytes }: ReplayedPart): Promise<void> {
  const { pause } = registration;
  if (pause === undefined) {
    const bodies = await toQueueBodies(services, events, bodyBytes);
    await services.queue.send(bodies.map(toReplayedMessage));
    return;
  }
  const known = await holdEvents(services, { registration, pause }, events, bodyBytes);
  noteHeld(
    services,
    events.filter((_, index) => known[index] !== true),
  );
}

async function proveKept(services: Services, record: DoorRecord): Promise<VerifiedDelivery> {
  const { tenantId, registrationId } = record;
  const keptAs = record.request?.keptAs;
  const kept = keptAs && (await services.keptRequests.get({ tenantId, registrationId, keptAs }));
  if (!kept) throw new WebhookError("delivery_not_kept");
  const entry = await services.cache.find(registrationId);
  if (entry?.registration.tenantId !== tenantId || entry.registration.status === "inactive") {
    throw new WebhookError("registration_not_found");
  }
  const request = toDeliveryRequest(kept, webhookUrlOf(services, registrationId));
  const receivedAt = Date.parse(record.receivedAt);
  const outcome = await verifyDelivery(services, { entry, request, receivedAt });
  if ("refused" in outcome) throw unproved(outcome);
  return { ...outcome, receivedAt, startedAt: performance.now() };
}

/** The caller is the owner, so that the reason may be told. */
function unproved({ entry: { provider }, refused: { reason } }: Refused): WebhookError {
  const problems = [{ path: "", message: refusalSentence({ reason }, provider) }];
  return new WebhookError("delivery_unproved", { detail: reason, problems });
}

/** What is kept stays with the webhook that it was sent to. */
function withKept(arrival: Arrival, { registrationId, request }: DoorRecord): Arrival {
  const told = withoutKept(arrival.request);
  const keptAs = request?.keptAs;
  const isKeptThere = keptAs !== undefined && registrationId === arrival.entry.registration.id;
  return { ...arrival, request: isKeptThere ? { ...told, keptAs } : told };
}
