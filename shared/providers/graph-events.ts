import type { DeliveryRequest } from "../core/delivery-request";
import { asArray, asObject, at, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { joinedId } from "./cloud-event";
import { partsOf, plainWords, toEntityType, toSingular, toSnakeCase } from "./event-name";
import { idText } from "./id-text";
import { withoutRepeats } from "./without-repeats";

/** Fields of a notification that say where to look. Left out: `clientState`, a credential, and encrypted content. */
const keptFields = ["subscriptionId", "subscriptionExpirationDateTime", "changeType", "resource", "resourceData"];

const word = /^[A-Za-z]{1,60}$/;

/** `lifecycleEvent`: what happened to the subscription itself. */
const lifecycleWords: ReadonlyMap<string, EventType> = new Map([
  ["subscriptionRemoved", "deleted"],
  ["reauthorizationRequired", "occurred"],
  ["missed", "occurred"],
]);

/** The events of a collection of notifications, one for each that names what it is about. */
export function parseGraph(request: DeliveryRequest): ParsedDelivery {
  const notifications = asArray(at(request.json(), "value"));
  const events = withoutRepeats(notifications.flatMap((notification) => eventOf(notification) ?? []));
  return {
    deliveryId: joinedId(notifications.map(idOf)),
    ...(events.length === 0 ? { events, ignored: "unknown_shape" } : { events }),
  };
}

/** The notification's own id, which Graph does not always state. */
function idOf(notification: unknown): string | undefined {
  return idText(at(notification, "id"));
}

function eventOf(value: unknown): ProviderEvent | undefined {
  const notification = asObject(value);
  if (notification === undefined) return undefined;
  const lifecycleEvent = wordAt(notification, "lifecycleEvent");
  return lifecycleEvent === undefined ? changeEvent(notification) : lifecycleEventOf(notification, lifecycleEvent);
}

function wordAt(notification: JsonObject, name: string): string | undefined {
  const text = textAt(notification, name);
  return text !== undefined && word.test(text) ? text : undefined;
}

function changeEvent(notification: JsonObject): ProviderEvent | undefined {
  const resource = readResource(textAt(notification, "resource") ?? "");
  const entityType = toEntityType(typeOf(notification) ?? resource.type);
  const entityId = idText(at(notification, "resourceData", "id")) ?? idText(resource.id);
  const changeType = wordAt(notification, "changeType");
  if (entityType === undefined || entityId === undefined || changeType === undefined) return undefined;
  return {
    entityType,
    eventType: plainWords.get(changeType) ?? "occurred",
    entityId,
    nativeType: `${entityType}.${changeType}`,
    ...common(notification),
  };
}

/** `#Microsoft.Graph.Message` is a `message`. */
function typeOf(notification: JsonObject): readonly string[] | undefined {
  const type = textAt(notification, "resourceData", "@odata.type");
  return type === undefined ? undefined : partsOf(type).slice(-1);
}

/** `Users/u1/Messages/m1` and `chats('c1')/messages('m1')` end in a collection and an id. */
function readResource(resource: string): { readonly type: readonly string[]; readonly id: string | undefined } {
  const steps = resource.replaceAll(/\('([^']*)'\)/g, "/$1").split("/");
  const [collection = "", id = ""] = steps.filter((step) => step !== "").slice(-2);
  return { type: [toSingular(toSnakeCase(collection))], id };
}

/** Notifications that got lost leave a gap in what the subscription watches. */
function lifecycleEventOf(notification: JsonObject, lifecycleEvent: string): ProviderEvent | undefined {
  const entityId = idText(notification["subscriptionId"]);
  if (entityId === undefined) return undefined;
  return {
    entityType: "subscription",
    eventType: lifecycleWords.get(lifecycleEvent) ?? "occurred",
    entityId,
    nativeType: `subscription.${lifecycleEvent}`,
    nativeAction: lifecycleEvent,
    ...(lifecycleEvent === "missed" ? { gap: true } : {}),
    ...common(notification),
  };
}

function common(notification: JsonObject): Pick<ProviderEvent, "id" | "scope" | "idScope" | "completeness" | "data"> {
  const tenant = textAt(notification, "tenantId");
  const kept = keptFields.filter((name) => Object.hasOwn(notification, name));
  return {
    id: idOf(notification),
    scope: tenant,
    idScope: tenant,
    completeness: "hint",
    data: Object.fromEntries(kept.map((name) => [name, notification[name]])),
  };
}
