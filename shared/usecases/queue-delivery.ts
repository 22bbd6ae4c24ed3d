import { hash } from "node:crypto";
import { type ToldRequest, withoutKept } from "../core/delivery";
import type { DeliveryRequest } from "../core/delivery-request";
import { eventIdOf } from "../core/event-id";
import type { ParsedDelivery } from "../core/provider";
import { eventNameOf, type ProviderEvent } from "../core/webhook-event";
import { activityKeyOf } from "./activity-key";
import { type EventMessage, toEventMessage } from "./event-message";
import { holdEvents } from "./hold-events";
import { keepAtDoor, keepRequest } from "./keep-request";
import { noteAtDoor } from "./note-at-door";
import { noteHeld } from "./note-held";
import type { CachedRegistration } from "./registration-cache";
import { sendEvents } from "./send-events";
import type { Services } from "./services";

/** One event in the reply. */
export interface EventReceipt {
  readonly eventName: string;
  readonly eventType: string;
  readonly entityType: string;
  readonly entityId: string;
  readonly nativeType: string;
  /** True if this delivery put it on the queue. */
  readonly syncTriggered: boolean;
}

/** The reply to a verified delivery: the seed's three fields, then the rest (DESIGN 4). */
export interface DeliveryReceipt {
  readonly success: true;
  /** These five are of the first event. */
  readonly eventType?: string | undefined;
  readonly entityId?: string | undefined;
  readonly entityType?: string | undefined;
  readonly eventName?: string | undefined;
  readonly nativeType?: string | undefined;
  readonly syncTriggered: boolean;
  readonly deliveryId: string;
  readonly processingTimeMs: number;
  /** The events of this delivery were queued before. */
  readonly duplicate?: true | undefined;
  /** The webhook is paused: its events are kept, and queued when it is resumed. */
  readonly held?: true | undefined;
  /** Why there is nothing to queue, where that deserves a word: `unknown_shape`, `unrouted`. */
  readonly ignored?: string | undefined;
  readonly events: readonly EventReceipt[];
}

/** A verified and parsed delivery. */
export interface Arrival {
  readonly entry: CachedRegistration;
  readonly parsed: ParsedDelivery;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** `performance.now()` when the request came in. */
  readonly startedAt: number;
  readonly source: DeliveryRequest;
  /** What is told of it. */
  readonly request: ToldRequest;
}

/**
 * Queues the events that the registration asked for, all or none, and answers the receipt. While the webhook is paused they
 * are held in its place.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`, `hold_full`: then nothing counts as seen, and the provider repeats
 */
export async function queueDelivery(services: Services, arrival: Arrival): Promise<DeliveryReceipt> {
  const { entry, parsed } = arrival;
  const deliveryId = deliveryIdOf(parsed, services.newId);
  const wanted = wantedOf(arrival);
  const events = wanted.map((index) => messageAt(arrival, deliveryId, index, nextOrder(arrival.receivedAt)));
  const known = events.length === 0 ? [] : await sendOrHold(services, arrival, events);
  const triggered = new Set(wanted.filter((_, position) => known[position] !== true));
  const duplicate = events.length > 0 && triggered.size === 0;
  noteArrival(services, arrival, { deliveryId, duplicate, queued: triggered.size });
  const isHeld = entry.registration.pause !== undefined;
  if (isHeld)
    noteHeld(
      services,
      events.filter((_, position) => known[position] !== true),
    );
  const receipts = parsed.events.map((event, index) => toReceipt(event, triggered.has(index) && !isHeld));
  const held = isHeld && triggered.size > 0;
  return { ...toDeliveryReceipt(arrival, receipts, { deliveryId, duplicate }), ...(held && { held }) };
}

/** Answers for each event whether it was known already. */
function sendOrHold(
  services: Services,
  { entry: { registration }, request: { bodyBytes } }: Arrival,
  events: readonly EventMessage[],
): Promise<readonly boolean[]> {
  const { pause } = registration;
  return pause === undefined
    ? sendEvents(services, events, bodyBytes)
    : holdEvents(services, { registration, pause }, events, bodyBytes);
}

/** The receipt of a delivery of which nothing is queued. */
export function receiptOfNothing(arrival: Arrival, deliveryId: string): DeliveryReceipt {
  const receipts = arrival.parsed.events.map((event) => toReceipt(event, false));
  return toDeliveryReceipt(arrival, receipts, { deliveryId, duplicate: false });
}

/**
 * The messages of a delivery that is taken long after its receipt: their order is that of then. Where it has no id of its
 * own it has this one, so that it has the same one each time.
 */
export function messagesOfReceipt(arrival: Arrival, ownId: string): readonly EventMessage[] {
  const deliveryId = deliveryIdOf(arrival.parsed, () => ownId);
  return wantedOf(arrival).map((index) => messageAt(arrival, deliveryId, index, arrival.receivedAt * 1000 + index));
}

/** The provider's id of the delivery, else one of ours. */
export function deliveryIdOf({ deliveryId }: ParsedDelivery, newId: () => string): string {
  return deliveryId === undefined ? newId() : shortId(deliveryId);
}

const MAX_DELIVERY_ID_LENGTH = 200;

/** The provider's id, or its digest where it is longer than anything that is worth reading. */
function shortId(id: string): string {
  return id.length <= MAX_DELIVERY_ID_LENGTH ? id : `sha256:${hash("sha256", id, "hex")}`;
}

/** Events are numbered as parsed, before matching, so that a change of the registration changes no event's id. */
function wantedOf({ entry, parsed }: Arrival): readonly number[] {
  return [...parsed.events.entries()].flatMap(([index, event]) => (entry.matches(event) ? [index] : []));
}

let lastOrder = 0;

/** Microseconds since 1970, different for each event of this process. */
function nextOrder(receivedAt: number): number {
  lastOrder = Math.max(lastOrder + 1, receivedAt * 1000);
  return lastOrder;
}

function messageAt(arrival: Arrival, deliveryId: string, index: number, receivedOrder: number): EventMessage {
  const { registration } = arrival.entry;
  const { attempt, events } = arrival.parsed;
  const found = events[index];
  if (found === undefined) throw new RangeError(`no event ${index} in this delivery`);
  const { id, onlyByName: _, ...event } = found;
  const data = {
    ...event,
    ...(attempt && { attempt }),
    deliveryId: id ?? deliveryId,
    tenantId: registration.tenantId,
    integrationId: registration.integrationId,
    connectionId: registration.connectionId,
    receivedAt: new Date(arrival.receivedAt).toISOString(),
    receivedOrder,
    retryPolicy: registration.retryPolicy,
  };
  const eventId = eventIdOf(registration.id, deliveryId, { index, id });
  const { redact } = registration;
  return toEventMessage(eventId, registration.id, { data, request: arrival.request, ...(redact && { redact }) });
}

function toReceipt(event: ProviderEvent, syncTriggered: boolean): EventReceipt {
  const { eventType, entityType, entityId, nativeType } = event;
  return { eventName: eventNameOf(event), eventType, entityType, entityId, nativeType, syncTriggered };
}

function toDeliveryReceipt(
  arrival: Arrival,
  receipts: readonly EventReceipt[],
  { deliveryId, duplicate }: { readonly deliveryId: string; readonly duplicate: boolean },
): DeliveryReceipt {
  const [first] = receipts;
  const { ignored } = arrival.parsed;
  // Where there is nothing to say the field is undefined, which JSON leaves out.
  return {
    success: true,
    eventType: first?.eventType,
    entityId: first?.entityId,
    entityType: first?.entityType,
    eventName: first?.eventName,
    nativeType: first?.nativeType,
    syncTriggered: receipts.some((receipt) => receipt.syncTriggered),
    deliveryId,
    duplicate: duplicate || undefined,
    ignored,
    processingTimeMs: Math.round((performance.now() - arrival.startedAt) * 100) / 100,
    events: receipts,
  };
}

function noteArrival(
  services: Services,
  { entry, parsed, receivedAt, source, request }: Arrival,
  outcome: { readonly deliveryId: string; readonly duplicate: boolean; readonly queued: number },
): void {
  const { registration } = entry;
  const { deliveryId, duplicate, queued } = outcome;
  // A repeated delivery says the same again, and nothing new.
  const told = parsed.notices !== undefined && !duplicate ? { notices: parsed.notices } : {};
  if (queued > 0) {
    keepRequest(services, registration, source, request);
    const held = registration.pause !== undefined || undefined;
    services.tracer?.active()?.set({ "castiel.delivery.verdict": "accepted", "castiel.delivery.held": held });
    services.gatherer.note(activityKeyOf(registration), { at: receivedAt, count: "accepted", ...told });
    services.metrics.deliveries.add(registration.integrationId, "accepted");
    return;
  }
  noteAtDoor(services, registration, {
    verdict: duplicate ? "duplicate" : "ignored",
    at: receivedAt,
    ...(duplicate ? {} : { reason: parsed.ignored ?? "not_asked_for" }),
    ...(parsed.attempt && { attempt: parsed.attempt }),
    ...told,
    deliveryId,
    events: parsed.events,
    // What a repetition holds is kept already.
    request: duplicate ? withoutKept(request) : keepAtDoor(services, registration, source, request),
  });
}
