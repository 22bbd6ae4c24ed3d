import { parseJson } from "../core/delivery-request";
import { textAt } from "../core/json";
import { eventNameOf, type WebhookEvent } from "../core/webhook-event";
import type { Services } from "./services";

/** An event but for what its message says already. */
export type EventData = Omit<WebhookEvent, "eventId" | "registrationId">;

/**
 * A message of the event queue: a CloudEvents 1.0 JSON object that says nothing twice, because its bytes are what an
 * answer waits for. Where the event does not fit a message, `data` is absent and `dataref` names the payload that holds
 * it (CloudEvents extension "dataref", the claim check).
 */
export interface EventMessage {
  readonly specversion: "1.0";
  /** The event's id. */
  readonly id: string;
  /** `/webhooks/{registrationId}` */
  readonly source: string;
  readonly type: string;
  /** Attempts that failed and count; absent before the first. */
  readonly failedattempts?: number;
  /** Copies made so far, those for an outage included: they space out the next one. Absent before the first. */
  readonly copies?: number;
  readonly dataref?: string;
  readonly data?: EventData;
}

const SOURCE = "/webhooks/";

/** A message that was read back, with its event, whichever way that came. */
export interface OpenedMessage {
  readonly message: EventMessage;
  readonly event: WebhookEvent;
}

/** The message of an event, with the event inside. */
export function toEventMessage(eventId: string, registrationId: string, data: EventData): EventMessage {
  return {
    specversion: "1.0",
    id: eventId,
    source: SOURCE + registrationId,
    type: `castiel.webhook.${eventNameOf(data)}`,
    data,
  };
}

/**
 * Reads a message and, by its claim check, the event that did not fit into it.
 * @throws {Error} `payload_lost`, `message_unreadable`: the queue's own dead letters take what can never be handled
 * @throws {WebhookError} `store_unavailable`
 */
export async function openMessage(services: Services, body: unknown): Promise<OpenedMessage> {
  if (!isEventMessage(body)) throw new Error("message_unreadable");
  const data = body.dataref === undefined ? body.data : await readPayload(services, body.dataref);
  if (!isEventData(data)) throw new Error("message_unreadable");
  return { message: body, event: { ...data, eventId: body.id, registrationId: body.source.slice(SOURCE.length) } };
}

async function readPayload(services: Services, dataref: string): Promise<unknown> {
  const bytes = await services.payloads.get(dataref);
  if (!bytes) throw new Error("payload_lost");
  return parseJson(bytes.toString("utf8"));
}

/** Only we write to the queue, so the fields that name the event are enough to tell ours from anything else. */
function isEventMessage(value: unknown): value is EventMessage {
  return textAt(value, "id") !== undefined && textAt(value, "source")?.startsWith(SOURCE) === true;
}

function isEventData(value: unknown): value is EventData {
  return ["tenantId", "integrationId", "entityType"].every((name) => textAt(value, name) !== undefined);
}
