import { searchableFields } from "../core/delivery";
import type { DeliveryQuery } from "../usecases/list-deliveries";
import { pageParameters, readPage } from "./schemas";
import { syncTaskSchema } from "./sync-task-schemas";

/** JSON schemas of the delivery log. */

const time = { type: "string", format: "date-time" } as const;
const text = { type: "string" } as const;
const searched = { type: "string", minLength: 1, maxLength: 1000 } as const;

/** Path parameter: a delivery. */
export const deliveryIdParameter = { type: "string", pattern: "^delivery-[0-9a-z-]{1,150}$" } as const;

/** Query parameters of the log of one webhook. */
export const webhookDeliveryParameters = {
  verdict: { enum: ["accepted", "duplicate", "ignored", "handshake", "refused", "rate_limited"] },
  outcome: { enum: ["held", "retrying", "synchronised", "dead", "discarded"] },
  eventName: { ...searched, description: "As in `Contact.created`." },
  entityType: searched,
  entityId: searched,
  since: { ...time, description: "Received then or later." },
  until: { ...time, description: "Received then or earlier." },
  ...pageParameters,
} as const;

/** Query parameters of `GET /deliveries`. */
export const deliveryParameters = {
  ...webhookDeliveryParameters,
  registrationId: searched,
  integrationId: searched,
  deliveryId: { ...searched, description: "The provider's own id of a delivery." },
  replayId: { ...searched, description: "Those that this replay was the last to handle." },
} as const;

const { verdict: _, outcome: __, ...eventParameters } = webhookDeliveryParameters;

/** Query parameters of `GET /dead-letters`. */
export const deadLetterParameters = {
  ...eventParameters,
  registrationId: searched,
  integrationId: searched,
} as const;

const lineProperties = {
  deliveryId: text,
  sourceDeliveryId: { ...text, description: "The provider's own id of the delivery; ours where it gave none." },
  registrationId: text,
  integrationId: text,
  connectionId: text,
  receivedAt: time,
  verdict: webhookDeliveryParameters.verdict,
  reason: { ...text, description: "Why it was refused or ignored, or why the last attempt failed." },
  eventName: text,
  nativeType: text,
  entityType: text,
  entityId: text,
  outcome: webhookDeliveryParameters.outcome,
  attempts: { type: "integer" },
  replayable: { type: "boolean", description: "Enough is kept to replay it." },
  replayId: { ...text, description: "The last replay that handled it." },
  latencyMs: { type: "number", description: "To outcome from receipt, resumption or the request of its replay." },
} as const;
const lineFields = ["deliveryId", "registrationId", "integrationId", "receivedAt", "verdict"] as const;

/** A line of the log. */
export const deliveryLineSchema = {
  title: "DeliveryLine",
  type: "object",
  required: lineFields,
  properties: lineProperties,
} as const;

/** One page of `GET /dead-letters`. */
export const deadLetterPageSchema = {
  title: "DeadLetterPage",
  type: "object",
  required: ["deadLetters"],
  properties: {
    deadLetters: { type: "array", items: deliveryLineSchema },
    queue: {
      type: "array",
      description: "What the queue gave up itself, newest first; for an operator, on the first page.",
      items: {
        type: "object",
        properties: {
          messageId: text,
          reason: text,
          deliveryCount: { type: "integer" },
          deadLetteredAt: time,
          type: text,
          source: text,
        },
      },
    },
    nextCursor: { ...text, description: "A page may be empty and still have one." },
  },
} as const;

/** One page of the log. */
export const deliveryPageSchema = {
  title: "DeliveryPage",
  type: "object",
  required: ["deliveries"],
  properties: {
    deliveries: { type: "array", items: deliveryLineSchema },
    nextCursor: { ...text, description: "A page may be empty and still have one." },
  },
} as const;

/** One delivery. */
export const deliverySchema = {
  title: "Delivery",
  type: "object",
  required: lineFields,
  properties: {
    ...lineProperties,
    detail: { ...text, description: "What was found out about a refusal." },
    eventNames: { type: "array", items: text },
    change: text,
    settledAt: time,
    replays: {
      type: "array",
      description: "The last ten, newest first.",
      items: {
        type: "object",
        properties: {
          replayId: text,
          requestedAt: time,
          requestedBy: text,
          outcome: webhookDeliveryParameters.outcome,
          attempts: { type: "integer" },
          settledAt: time,
          reason: text,
          traceId: { ...text, description: "Of its own trace." },
          deliveries: {
            type: "array",
            description: "Of a delivery that had ended at the door: the lines that its events have now.",
            items: text,
          },
        },
      },
    },
    explanation: { ...text, description: "Why it was refused, and the next step." },
    attempt: { type: "object", description: "Which attempt of the provider's it was." },
    request: { type: "object", description: "Headers, those that hold a proof masked, and the size of the body." },
    body: { ...text, description: "What was sent, where it is kept; the webhook's secrets are masked in it." },
    bodyEncoding: { enum: ["utf-8", "base64"] },
    event: { type: "object", description: "The event, as far as it is kept." },
    redacted: { type: "array", description: "Its fields of which something was left out.", items: text },
    syncTask: syncTaskSchema,
    traceId: { ...text, description: "Of the trace of the delivery, where it was traced and sampled." },
  },
} as const;

/** The reply to `POST /deliveries/{deliveryId}/replay`. */
export const queuedReplaySchema = {
  title: "QueuedReplay",
  type: "object",
  required: ["replayId", "deliveryId", "requestedAt"],
  properties: {
    replayId: text,
    deliveryId: text,
    requestedAt: time,
    deliveries: {
      type: "array",
      description: "Of a delivery that had ended at the door: the lines that its events will have.",
      items: text,
    },
  },
} as const;

/** A search as its checked query parameters say it. */
export function toDeliveryQuery(query: Readonly<Record<string, unknown>>): DeliveryQuery {
  const textOf = (name: string): string | undefined => (typeof query[name] === "string" ? query[name] : undefined);
  const fields = searchableFields.flatMap((name) => (textOf(name) === undefined ? [] : [[name, textOf(name)]]));
  const [since, until] = [textOf("since"), textOf("until")];
  return {
    // The schema lets only values through that these fields may have.
    fields: Object.fromEntries(fields) as DeliveryQuery["fields"],
    ...readPage(query),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}
