import { hash } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import { asObject, type JsonObject, textAt } from "../core/json";
import type { HandshakeReply, OpenHandshake, ParsedDelivery } from "../core/provider";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { statedTime } from "./stated-time";

/** `TransactionalSendEvents.EmailSent`, `EngagementEvents.EmailOpen`, `TransactionalSendEvents.SmsBounced`. */
const categoryType = /^\w{1,80}\.(([A-Z][a-z]+)\w{0,80})$/;
const channels: ReadonlySet<string> = new Set(["Email", "Sms", "Push", "Ott"]);
/** Engagement events (opened, clicked, unsubscribed) change nothing about the message. */
const endings: readonly (readonly [ending: RegExp, eventType: EventType])[] = [
  [/NotSent$/, "updated"],
  [/Sent$/, "created"],
  [/(?:Bounced|Delivered|Transient|Failed)$/, "updated"],
];
const MAX_KEY_LENGTH = 1024;

/**
 * The events of Marketing Cloud's Event Notification Service (Marketing Cloud Engagement, "Supported Notification
 * Events"): a list of what became of messages. They come at least once, and nothing but what they say tells them apart: all of it,
 * since a message may be opened or clicked twice within a second.
 */
export function parseEns(request: DeliveryRequest): ParsedDelivery {
  const body = request.json();
  const items = Array.isArray(body) ? body : [body];
  const events = new Map<string, ProviderEvent>();
  for (const item of items) {
    const event = eventOf(asObject(item));
    if (event?.id !== undefined) events.set(event.id, event);
  }
  const [deliveryId] = events.keys();
  if (deliveryId === undefined) return { events: [], ignored: "unknown_shape" };
  return { deliveryId, events: [...events.values()] };
}

function eventOf(event: JsonObject | undefined): ProviderEvent | undefined {
  const nativeType = textAt(event, "eventCategoryType") ?? "";
  const [, name, kind = ""] = categoryType.exec(nativeType) ?? [];
  const entityId = messageIdOf(event);
  if (event === undefined || name === undefined || entityId === undefined) return undefined;
  const time = millisecondsOf(textAt(event, "timestampUTC"));
  return {
    id: [nativeType, entityId, time ?? "", hash("sha256", JSON.stringify(event), "hex").slice(0, 32)].join(":"),
    entityType: channels.has(kind) ? `${kind.toLowerCase()}_message` : kind.toLowerCase(),
    eventType: endings.find(([ending]) => ending.test(name))?.[1] ?? "occurred",
    entityId,
    nativeType,
    nativeAction: name,
    ...statedTime(time),
    scope: textAt(event, "mid"),
    completeness: "partial",
    data: event,
  };
}

/** The guide says "UTC Epoch time" and no unit: seconds have ten digits until the year 2286. */
function millisecondsOf(time: string | undefined): string | undefined {
  return time !== undefined && /^\d{10}$/.test(time) ? `${time}000` : time;
}

/** The sender's own key of the message, else the ids of the job, batch and list that it belongs to. */
function messageIdOf(event: JsonObject | undefined): string | undefined {
  const composite = asObject(event?.["composite"]);
  const parts = ["jobId", "listId", "subscriberId", "batchId"].map((name) => textAt(composite, name));
  const joined = parts.filter((part) => part !== undefined).join(".");
  return textAt(event, "info", "messageKey") ?? textAt(event, "compositeId") ?? (joined === "" ? undefined : joined);
}

/**
 * The first request to a new callback, `{"callbackId":…,"verificationKey":…}` (`POST /platform/v1/ens-verify`). The key
 * is used once, to verify the callback there; deliveries are signed with another.
 */
export function ensHandshake(request: DeliveryRequest): OpenHandshake | undefined {
  const body = asObject(request.json());
  if (body === undefined || Object.keys(body).length !== 2) return undefined;
  const { callbackId, verificationKey } = body;
  if (typeof callbackId !== "string" || typeof verificationKey !== "string") return undefined;
  if (callbackId === "" || verificationKey === "" || verificationKey.length > MAX_KEY_LENGTH) return undefined;
  return { reply: handshakeReply(), candidateSecret: verificationKey, candidateUse: "callback_verification" };
}

function handshakeReply(): HandshakeReply {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ success: true, handshake: "verification_key" }),
  };
}
