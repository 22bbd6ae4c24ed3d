import { createHash } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import { asObject, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { NoticeName } from "../core/provider-notice";
import type { VerificationSettings } from "../core/registration";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { mappedMessage } from "./google-mapped-message";
import { type CloudEvent, cloudEventIn, openMessage, type PubSubMessage } from "./google-message";
import { workspaceEvents } from "./google-workspace-events";
import { statedTime } from "./stated-time";

const digits = /^\d{1,20}$/;

/** Cloud Storage, "Pub/Sub notifications": an archived object is no longer the live one, as a deleted one. */
const storageWords: ReadonlyMap<string, EventType> = new Map([
  ["OBJECT_FINALIZE", "created"],
  ["OBJECT_METADATA_UPDATE", "updated"],
  ["OBJECT_DELETE", "deleted"],
  ["OBJECT_ARCHIVE", "deleted"],
]);

const noticesForLifecycle: ReadonlyMap<string, NoticeName> = new Map([
  ["suspended", "subscription_suspended"],
  ["expirationReminder", "subscription_expiring"],
  ["expired", "subscription_expired"],
]);

/** Google Forms API, "Set up push notifications". */
const formsWords: ReadonlyMap<string, Pick<ProviderEvent, "entityType" | "eventType">> = new Map([
  ["RESPONSES", { entityType: "form_response", eventType: "created" }],
  ["SCHEMA", { entityType: "form", eventType: "updated" }],
]);

/**
 * The events of a Pub/Sub message. What is known neither by its source nor by the registration's paths is an event of the
 * message itself: nothing is lost.
 */
export function parseGoogle(request: DeliveryRequest, settings: VerificationSettings = {}): ParsedDelivery {
  const message = openMessage(request);
  if (message === undefined) return { events: [], ignored: "unknown_shape" };
  const cloudEvent = cloudEventIn(message);
  const notice = noticeFor(cloudEvent);
  const deliveryId = deliveryIdOf(message, cloudEvent);
  return {
    ...(deliveryId === undefined ? {} : { deliveryId }),
    ...(notice && { notices: [notice] }),
    events: (knownEvents(message, cloudEvent) ?? [otherEvent(message, cloudEvent, settings)]).map((event) => ({
      ...statedTime(message.publishTime),
      ...(message.subscription === undefined ? {} : { scope: message.subscription }),
      ...event,
    })),
  };
}

/** What becomes of the subscription itself (Google Workspace Events API, "Receive and respond to lifecycle events"). */
function noticeFor(cloudEvent: CloudEvent | undefined): NoticeName | undefined {
  const [, what = ""] = /^google\.workspace\.events\.subscription\.v\d+\.(\w+)$/.exec(cloudEvent?.type ?? "") ?? [];
  return noticesForLifecycle.get(what);
}

/** A CloudEvent may be published twice, and is then told by its own id; a message id is unique within its topic. */
function deliveryIdOf(message: PubSubMessage, cloudEvent: CloudEvent | undefined): string | undefined {
  if (cloudEvent?.source === undefined || cloudEvent.id === undefined) return message.messageId;
  return `${cloudEvent.source}:${cloudEvent.id}`;
}

/** What Google's own sources tell. */
function knownEvents(message: PubSubMessage, cloudEvent?: CloudEvent): readonly ProviderEvent[] | undefined {
  if (cloudEvent !== undefined) return workspaceEvents(cloudEvent);
  const event = storageEvent(message) ?? formsEvent(message) ?? mailboxEvent(message);
  return event && [event];
}

function otherEvent(
  message: PubSubMessage,
  cloudEvent: CloudEvent | undefined,
  settings: VerificationSettings,
): ProviderEvent {
  return mappedMessage(message, settings) ?? messageEvent(message, cloudEvent);
}

function storageEvent(message: PubSubMessage): ProviderEvent | undefined {
  const nativeAction = message.attribute("eventType") ?? "";
  const eventType = storageWords.get(nativeAction);
  const [bucket, name] = [message.attribute("bucketId"), message.attribute("objectId")];
  if (eventType === undefined || bucket === undefined || name === undefined) return undefined;
  const resource = asObject(message.json);
  return {
    entityType: "object",
    eventType,
    entityId: `${bucket}/${name}`,
    nativeType: `storage.${nativeAction}`,
    nativeAction,
    ...statedTime(message.attribute("eventTime")),
    ...sequence(message.attribute("objectGeneration")),
    // With `payloadFormat` JSON_API_V1 the data is the object's whole resource, with NONE it is empty.
    completeness: resource === undefined ? "hint" : "full",
    data: resource ?? { bucket, name },
  };
}

function formsEvent(message: PubSubMessage): ProviderEvent | undefined {
  const nativeAction = message.attribute("eventType") ?? "";
  const known = formsWords.get(nativeAction);
  const [formId, watchId] = [message.attribute("formId"), message.attribute("watchId")];
  if (known === undefined || formId === undefined) return undefined;
  return {
    ...known,
    entityId: formId,
    nativeType: `forms.${nativeAction}`,
    nativeAction,
    completeness: "hint",
    data: { formId, ...(watchId === undefined ? {} : { watchId }) },
  };
}

/** Gmail, "Push notifications": a mailbox and how far its history has come. */
function mailboxEvent(message: PubSubMessage): ProviderEvent | undefined {
  const emailAddress = textAt(message.json, "emailAddress");
  const historyId = textAt(message.json, "historyId");
  if (emailAddress === undefined || historyId === undefined) return undefined;
  return {
    entityType: "mailbox",
    eventType: "updated",
    entityId: emailAddress,
    nativeType: "gmail.history",
    nativeAction: "history",
    ...sequence(historyId),
    completeness: "hint",
    data: { emailAddress, historyId },
  };
}

function messageEvent(message: PubSubMessage, cloudEvent?: CloudEvent): ProviderEvent {
  return {
    entityType: "pubsub_message",
    eventType: "occurred",
    entityId:
      message.messageId ?? cloudEvent?.id ?? `sha256:${createHash("sha256").update(message.data).digest("hex")}`,
    nativeType: cloudEvent?.type ?? "pubsub.message",
    ...statedTime(cloudEvent?.time),
    completeness: "full",
    data: contentOf(message),
  };
}

/** JSON as it is, anything else in base64, so that no byte is lost. */
function contentOf({ attributes, orderingKey, json, data }: PubSubMessage): JsonObject {
  return {
    ...(attributes === undefined ? {} : { attributes }),
    ...(orderingKey === undefined ? {} : { orderingKey }),
    ...(json === undefined ? { base64: data.toString("base64") } : { json }),
  };
}

function sequence(number: string | undefined): Pick<ProviderEvent, "version"> {
  return number !== undefined && digits.test(number) ? { version: { kind: "sequence", value: number } } : {};
}
