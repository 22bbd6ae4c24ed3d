import type { ReplayMark, ToldRequest } from "../core/delivery";
import { parseJson } from "../core/delivery-request";
import { asObject, textAt } from "../core/json";
import { SyncFailure } from "../core/sync-task";
import { eventNameOf, type WebhookEvent } from "../core/webhook-event";
import type { Services } from "./services";

/** An event but for what its message says already. */
export type EventData = Omit<WebhookEvent, "eventId" | "registrationId" | "replayId">;

/**
 * A message of the event queue: a CloudEvents 1.0 JSON object that says nothing twice, because its bytes are what an
 * answer waits for. Where the record's fields do not fit a message they are left out, and `dataref` names the payload
 * that holds them (CloudEvents extension "dataref", the claim check): whose event it was is told even if that is lost.
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
  /** These three are of a replay: what it is told by, and when and by whom it was asked for. */
  readonly replayid?: string;
  readonly replayedat?: string;
  readonly replayedby?: string;
  /** ISO 8601: when it was queued after it had been held. */
  readonly resumedat?: string;
  /** For the delivery log: the request, and the paths into the data that it must not hold. */
  readonly request?: ToldRequest;
  readonly redact?: readonly string[];
  /** CloudEvents extension "distributed tracing": the trace of the delivery, where it is traced. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly data: EventData;
}

const SOURCE = "/webhooks/";

/** A message that was read back, with its event as far as that is in it. */
export interface OpenedMessage {
  readonly message: EventMessage;
  readonly event: WebhookEvent;
}

/** The message of an event, with the event inside. */
export function toEventMessage(
  eventId: string,
  registrationId: string,
  { data, request, redact }: Pick<EventMessage, "data" | "request" | "redact">,
): EventMessage {
  return {
    specversion: "1.0",
    id: eventId,
    source: SOURCE + registrationId,
    type: `castiel.webhook.${eventNameOf(data)}`,
    ...(request && { request }),
    ...(redact && { redact }),
    data,
  };
}

/** Reads a message back. @throws {Error} `message_unreadable`: none of ours, or of a version that we do not know */
export function openMessage(body: unknown): OpenedMessage {
  if (!isEventMessage(body) || !isEventData(body.data)) throw new Error("message_unreadable");
  const event = { ...body.data, eventId: body.id, registrationId: body.source.slice(SOURCE.length) };
  return { message: body, event: body.replayid === undefined ? event : { ...event, replayId: body.replayid } };
}

/** Whose replay a message is; absent where it is the delivery itself. */
export function replayMarkOf({ replayid, replayedat, replayedby }: EventMessage): ReplayMark | undefined {
  if (replayid === undefined || replayedat === undefined) return undefined;
  return { replayId: replayid, requestedAt: replayedat, requestedBy: replayedby ?? "unknown" };
}

/**
 * When its turn came (ISO 8601): its replay was asked for, its webhook was resumed, or else it was received. The wait before
 * that is no time that was spent on it.
 */
export function turnOf({ message, event }: OpenedMessage): string {
  return replayMarkOf(message)?.requestedAt ?? message.resumedat ?? event.receivedAt;
}

/**
 * The event with all its fields, from the payload where they did not fit the message.
 * @throws {SyncFailure} `payload_lost`, which no repetition brings back
 * @throws {WebhookError} `store_unavailable`
 */
export async function loadEvent(services: Services, { message, event }: OpenedMessage): Promise<WebhookEvent> {
  if (message.dataref === undefined) return event;
  const bytes = await services.payloads.get(message.dataref);
  const data = bytes && asObject(parseJson(bytes.toString("utf8")));
  if (data === undefined) throw new SyncFailure("payload_lost", { permanent: true });
  return { ...event, data };
}

/** Only we write to the queue, so the fields that name the event are enough to tell ours from anything else. */
function isEventMessage(value: unknown): value is EventMessage {
  return textAt(value, "id") !== undefined && textAt(value, "source")?.startsWith(SOURCE) === true;
}

function isEventData(value: unknown): value is EventData {
  return ["tenantId", "integrationId", "entityType"].every((name) => textAt(value, name) !== undefined);
}
