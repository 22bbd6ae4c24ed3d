import { type DeliveryRequest, parseForeignJson } from "../core/delivery-request";
import { asObject, at, type JsonObject, textAt } from "../core/json";

/** A Pub/Sub message, wrapped or not. */
export interface PubSubMessage {
  readonly messageId: string | undefined;
  /** ISO 8601. */
  readonly publishTime: string | undefined;
  /** `projects/<project>/subscriptions/<subscription>`. */
  readonly subscription: string | undefined;
  readonly orderingKey: string | undefined;
  /** All attributes, where they can be told from other headers: in wrapped messages. */
  readonly attributes: JsonObject | undefined;
  readonly attribute: (name: string) => string | undefined;
  readonly data: Buffer;
  /** The data as JSON, `undefined` if it is not. */
  readonly json: unknown;
}

/** A CloudEvent 1.0 inside a message. */
export interface CloudEvent {
  readonly type: string;
  readonly id: string | undefined;
  readonly source: string | undefined;
  readonly subject: string | undefined;
  readonly time: string | undefined;
  readonly data: unknown;
}

/** The message of a push request; `undefined` where there is neither data nor a message id. */
export function openMessage(request: DeliveryRequest): PubSubMessage | undefined {
  const envelope = asObject(request.json());
  const message = asObject(at(envelope, "message"));
  const isWrapped = [textAt(envelope, "subscription"), idIn(message)].some((mark) => mark !== undefined);
  return message !== undefined && isWrapped ? wrapped(message, envelope) : unwrapped(request);
}

function idIn(message: JsonObject | undefined): string | undefined {
  return textAt(message, "messageId") ?? textAt(message, "message_id");
}

/** Both spellings of the fields are sent today, and either may be alone; `data` may be missing, text or binary. */
function wrapped(message: JsonObject, envelope: JsonObject | undefined): PubSubMessage {
  const text = at(message, "data");
  // Node decodes the letters of base64 and of base64url alike.
  const data = Buffer.from(typeof text === "string" ? text : "", "base64");
  const attributes = asObject(message["attributes"]);
  return {
    messageId: idIn(message),
    publishTime: textAt(message, "publishTime") ?? textAt(message, "publish_time"),
    subscription: textAt(envelope, "subscription"),
    orderingKey: textAt(message, "orderingKey") ?? textAt(message, "ordering_key"),
    attributes,
    attribute: (name) => textAt(attributes, name),
    data,
    json: parseForeignJson(data.toString("utf8")),
  };
}

/** "Payload unwrapping": the body is the data, and with metadata each attribute is a header of its own name. */
function unwrapped(request: DeliveryRequest): PubSubMessage | undefined {
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined;
  const messageId = header("x-goog-pubsub-message-id");
  if (messageId === undefined && request.body.length === 0) return undefined;
  return {
    messageId,
    publishTime: header("x-goog-pubsub-publish-time"),
    subscription: header("x-goog-pubsub-subscription-name"),
    orderingKey: header("x-goog-pubsub-ordering-key"),
    attributes: undefined,
    attribute: header,
    data: request.body,
    json: request.json(),
  };
}

/** The CloudEvent of a message: in `ce-` attributes, or as a whole inside the data (CloudEvents, Pub/Sub binding). */
export function cloudEventIn(message: PubSubMessage): CloudEvent | undefined {
  const type = message.attribute("ce-type");
  if (type !== undefined) {
    return {
      type,
      id: message.attribute("ce-id"),
      source: message.attribute("ce-source"),
      subject: message.attribute("ce-subject"),
      time: message.attribute("ce-time"),
      data: message.json,
    };
  }
  return message.attribute("content-type")?.startsWith("application/cloudevents")
    ? structuredEvent(message.json)
    : undefined;
}

function structuredEvent(json: unknown): CloudEvent | undefined {
  const type = textAt(json, "type");
  if (type === undefined) return undefined;
  const encoded = textAt(json, "data_base64");
  return {
    type,
    id: textAt(json, "id"),
    source: textAt(json, "source"),
    subject: textAt(json, "subject"),
    time: textAt(json, "time"),
    data: encoded === undefined ? at(json, "data") : parseForeignJson(Buffer.from(encoded, "base64").toString("utf8")),
  };
}
