import type { DoorRecord, ReplayMark } from "../core/delivery";
import { WebhookError } from "../core/errors";
import { toDeliveryRequest } from "../core/kept-request";
import type { QueueMessage } from "../core/ports";
import { refusalSentence } from "../core/refusal-sentence";
import { lineIdOf } from "../repositories/delivery-lines";
import { recordIdOf } from "../repositories/deliveries";
import { arrivalAt, type VerifiedDelivery } from "./deliver-to";
import type { EventMessage } from "./event-message";
import { type Arrival, messagesOfReceipt } from "./queue-delivery";
import { markAsReplay } from "./replay-message";
import { webhookUrlOf } from "./registration-rules";
import { routeDelivery } from "./route-delivery";
import { toQueueBodies } from "./send-events";
import type { Services } from "./services";
import { type Refused, verifyDelivery } from "./verify-delivery";

/** What a delivery that ended at the door is, now that it is looked at again. */
export interface SecondLook {
  /** Of its events, for the queue. */
  readonly messages: readonly (QueueMessage & { readonly body: EventMessage })[];
  /** The lines of the log that they will have. */
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
  const found: EventMessage[] = [];
  for (const receiver of routing?.receivers ?? [entry]) {
    const arrival = withKept(arrivalAt(services, receiver, delivery), record);
    found.push(...(await toQueueBodies(services, messagesOfReceipt(arrival, record.id), request.body.length)));
  }
  if (found.length === 0) throw new WebhookError("nothing_to_replay");
  const messages = found.map((body) => markAsReplay(body, mark, record.traceparent));
  const { receivedAt } = record;
  return { messages, deliveries: found.map(({ id }) => lineIdOf({ receivedAt, id: recordIdOf(id) })) };
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
  const { keptAs: _, ...told } = arrival.request;
  const keptAs = request?.keptAs;
  const isKeptThere = keptAs !== undefined && registrationId === arrival.entry.registration.id;
  return { ...arrival, request: isKeptThere ? { ...told, keptAs } : told };
}
