import { parseJson } from "../core/delivery-request";
import { asObject, at, textAt } from "../core/json";
import { eventNameOf, type WebhookEvent } from "../core/webhook-event";
import type { Services } from "./services";

/**
 * A message of the event queue: a CloudEvents 1.0 JSON object. Where the event does not fit a message, `data` is absent
 * and `dataref` names the payload that holds it (CloudEvents extension "dataref", the claim check).
 */
export interface EventMessage {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** Attempts that failed and count. */
  readonly failedattempts: number;
  /** Copies made so far, those for an outage included: they space out the next one. */
  readonly copies: number;
  readonly dataref?: string;
  readonly data?: WebhookEvent;
}

/** A message that was read back, with its event, whichever way that came. */
export interface OpenedMessage {
  readonly event: WebhookEvent;
  readonly failedAttempts: number;
  readonly copies: number;
  readonly dataref?: string;
}

/** The message of an event, with the event inside. */
export function toEventMessage(event: WebhookEvent, failedattempts = 0, copies = 0): EventMessage {
  return {
    specversion: "1.0",
    id: event.eventId,
    source: `/webhooks/${event.registrationId}`,
    type: `castiel.webhook.${eventNameOf(event)}`,
    subject: event.entityId,
    time: event.occurredAt ?? event.receivedAt,
    datacontenttype: "application/json",
    failedattempts,
    copies,
    data: event,
  };
}

/**
 * Reads a message and, by its claim check, the event that did not fit into it.
 * @throws {Error} `payload_lost`, `message_unreadable`: the queue's own dead letters take what can never be handled
 * @throws {WebhookError} `store_unavailable`
 */
export async function openMessage(services: Services, body: unknown): Promise<OpenedMessage> {
  const message = asObject(body);
  const dataref = textAt(message, "dataref");
  const event = dataref === undefined ? at(message, "data") : await readPayload(services, dataref);
  if (!isWebhookEvent(event)) throw new Error("message_unreadable");
  return {
    event,
    failedAttempts: Number(at(message, "failedattempts") ?? 0),
    copies: Number(at(message, "copies") ?? 0),
    ...(dataref === undefined ? {} : { dataref }),
  };
}

async function readPayload(services: Services, dataref: string): Promise<unknown> {
  const bytes = await services.payloads.get(dataref);
  if (!bytes) throw new Error("payload_lost");
  return parseJson(bytes.toString("utf8"));
}

/** Only we write to the queue, so the fields that name the event are enough to tell ours from anything else. */
function isWebhookEvent(value: unknown): value is WebhookEvent {
  return ["eventId", "tenantId", "registrationId", "entityType"].every((name) => textAt(value, name) !== undefined);
}
