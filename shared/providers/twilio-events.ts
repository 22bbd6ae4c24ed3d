import type { DeliveryRequest } from "../core/delivery-request";
import type { JsonObject } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { type CloudEvent, fromCloudEvent } from "./cloud-event";
import { parseCloudEvents } from "./cloudevents";
import { toSnakeCase } from "./event-name";
import { idText } from "./id-text";
import { isForm } from "./is-form";
import { completenessOf } from "./mapped-event";

const IDEMPOTENCY_HEADER = "i-twilio-idempotency-token";
const unknownShape: ParsedDelivery = { events: [], ignored: "unknown_shape" };

/** What a form is about, by the parameter that names it; the first that is there counts. */
interface FormRow {
  readonly id: string;
  readonly entityType: string;
  /** Parameters that tell what happened. */
  readonly status: readonly string[];
}

const rows: readonly FormRow[] = [
  { id: "RecordingSid", entityType: "recording", status: ["RecordingStatus"] },
  { id: "TranscriptionSid", entityType: "transcription", status: ["TranscriptionStatus", "TranscriptionEvent"] },
  { id: "ConferenceSid", entityType: "conference", status: ["StatusCallbackEvent"] },
  { id: "MessageSid", entityType: "message", status: ["MessageStatus", "SmsStatus"] },
  { id: "SmsSid", entityType: "message", status: ["SmsStatus"] },
  { id: "CallSid", entityType: "call", status: ["CallStatus"] },
];

const statusForm = /^[\w-]{1,60}$/;
/** States in which a message, a call or a conference is new; every other is a change of it. */
const firstStates = ["received", "receiving", "initiated", "queued", "conference-start"];
/** `onMessageAdded`: the `EventType` of Conversations. */
const conversationEvent = /^on([A-Z][A-Za-z]*?)(Added|Updated|Removed)$/;
const conversationWords: ReadonlyMap<string, EventType> = new Map([
  ["Added", "created"],
  ["Updated", "updated"],
  ["Removed", "deleted"],
]);

/** The event of a form, which all but Event Streams sends, or the CloudEvents of those. */
export function parseTwilio(request: DeliveryRequest): ParsedDelivery {
  if (!isForm(request)) return parseStream(request.json());
  const deliveryId = idText(request.headers.get(IDEMPOTENCY_HEADER));
  const event = formEvent(Object.fromEntries(new URLSearchParams(request.body.toString("utf8"))));
  return { deliveryId, ...(event === undefined ? unknownShape : { events: [event] }) };
}

function parseStream(json: unknown): ParsedDelivery {
  return parseCloudEvents(Array.isArray(json) ? json : [json], streamEvent);
}

/** Event Streams name their entity within the data: `messageSid`, `call_sid`. */
function streamEvent(cloudEvent: CloudEvent): ProviderEvent | undefined {
  const event = fromCloudEvent(cloudEvent);
  if (event === undefined) return undefined;
  const field = Object.keys(cloudEvent.data).find((name) => toSnakeCase(name) === `${event.entityType}_sid`);
  const entityId = field === undefined ? undefined : idText(cloudEvent.data[field]);
  return { ...event, entityId: entityId ?? event.entityId, idScope: undefined };
}

type Form = Readonly<Record<string, string>>;

function formEvent(form: Form): ProviderEvent | undefined {
  return conversationEventOf(form) ?? statusEvent(form);
}

function statusEvent(form: Form): ProviderEvent | undefined {
  const row = rows.find(({ id }) => idText(form[id]) !== undefined);
  const entityId = row && idText(form[row.id]);
  if (row === undefined || entityId === undefined) return undefined;
  const status = row.status.map((name) => form[name]).find((value) => value !== undefined && statusForm.test(value));
  const isNew = firstStates.includes(status ?? "") || isIncomingCall(form, row);
  return {
    entityType: row.entityType,
    eventType: isNew ? "created" : "updated",
    entityId,
    nativeType: status === undefined ? row.entityType : `${row.entityType}.${status}`,
    nativeAction: status,
    ...sequenceOf(form, row),
    ...common(form),
  };
}

/** The first that is heard of an incoming call is that it rings; an outgoing one was initiated before. */
function isIncomingCall(form: Form, { entityType }: FormRow): boolean {
  return entityType === "call" && form["CallStatus"] === "ringing" && form["Direction"] === "inbound";
}

function sequenceOf(form: Form, { entityType }: FormRow): Pick<ProviderEvent, "version"> {
  const number = form["SequenceNumber"] ?? "";
  return entityType === "call" && /^\d{1,9}$/.test(number) ? { version: { kind: "sequence", value: number } } : {};
}

function conversationEventOf(form: Form): ProviderEvent | undefined {
  const [, subject = "", word = ""] = conversationEvent.exec(form["EventType"] ?? "") ?? [];
  // What changed may be an aspect, not the thing itself: `onConversationStateUpdated`, `onDeliveryUpdated`.
  const named = ["Message", "Participant", "Conversation"].find((name) => subject.startsWith(name)) ?? "Message";
  const entityId = idText(form[`${named}Sid`]);
  const eventType = conversationWords.get(word);
  if (subject === "" || entityId === undefined || eventType === undefined) return undefined;
  return {
    entityType: named.toLowerCase(),
    eventType: subject === named ? eventType : "updated",
    entityId,
    nativeType: `conversations.${form["EventType"] ?? ""}`,
    nativeAction: form["EventType"],
    ...common(form),
  };
}

function common(form: Form): Pick<ProviderEvent, "scope" | "completeness" | "data"> {
  const data: JsonObject = form;
  return { scope: form["AccountSid"], completeness: completenessOf(data), data };
}
