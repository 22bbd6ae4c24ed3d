import type { DeliveryRequest } from "../core/delivery-request";
import { asObject, at, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { ProviderEvent } from "../core/webhook-event";
import { eventsOfChange, type StreamedEvent } from "./salesforce-change-event";
import { eventTypeFor } from "./salesforce-words";
import { statedTime } from "./stated-time";

/** What Apex code may add to tell repeats apart (our header; the body of the seed has no id). */
const EVENT_ID_HEADER = "x-salesforce-event-id";

/** A CometD channel, or the bare name that EventBridge gives as `detail-type`. */
const platformEventName = /^(?:\/event\/)?(\w+)$/;
/** EventBridge partner sources are `aws.partner/salesforce.com/<organisation>/<channel>` (Event Relay guide). */
const partnerSource = /^aws\.partner\/salesforce\.com\/([^/]+)\//;

/** The events of a body: the seed's JSON, a platform event, or change data capture. */
export function parseSalesforce(request: DeliveryRequest): ParsedDelivery {
  const body = asObject(request.json());
  const streamed = body && openEnvelope(body);
  if (streamed !== undefined) {
    const parsed = at(streamed.payload, "ChangeEventHeader") ? eventsOfChange(streamed) : platformEvent(streamed);
    // An id in the body is signed; the header is not, so it only fills in.
    return { ...deliveryIdOf(request), ...parsed };
  }
  const event = body && recordEvent(body);
  if (event === undefined) return { events: [], ignored: "unknown_shape" };
  return { ...deliveryIdOf(request), events: [event] };
}

function deliveryIdOf(request: DeliveryRequest): Pick<ParsedDelivery, "deliveryId"> {
  const deliveryId = request.headers.get(EVENT_ID_HEADER) ?? "";
  return deliveryId === "" ? {} : { deliveryId };
}

/** Bare `{schema,payload,event}`, CometD's `{data,channel}`, a Pub/Sub client's `{id,schemaId,payload}`, EventBridge's `{detail}`. */
function openEnvelope(body: JsonObject): StreamedEvent | undefined {
  const inner = asObject(body["detail"]) ?? asObject(body["data"]) ?? body;
  const payload = asObject(inner["payload"]);
  if (payload === undefined) return undefined;
  return {
    payload,
    channel: textAt(body, "detail-type") ?? textAt(body, "channel"),
    eventId: textAt(inner, "event", "EventUuid") ?? textAt(payload, "EventUuid") ?? textAt(inner, "id"),
    replayId: textAt(inner, "event", "replayId") ?? textAt(inner, "replayId"),
    scope: partnerSource.exec(textAt(body, "source") ?? "")?.[1],
    hasEveryField: Object.hasOwn(inner, "schemaId"),
  };
}

/** The body of the seed: `{"action":"created","sobject":{"name":"Contact","fields":{"Id":"003…"}}}`. */
function recordEvent(body: JsonObject): ProviderEvent | undefined {
  const fields = asObject(at(body, "sobject", "fields"));
  const entityType = textAt(body, "sobject", "name");
  const entityId = textAt(fields, "Id");
  const action = textAt(body, "action");
  if (fields === undefined || entityType === undefined || entityId === undefined || action === undefined)
    return undefined;
  const eventType = eventTypeFor(action);
  return {
    entityType,
    eventType,
    entityId,
    nativeType: `${entityType}.${action}`,
    ...(action === eventType ? {} : { nativeAction: action }),
    ...statedTime(fields["SystemModstamp"] ?? fields["LastModifiedDate"]),
    completeness: "partial",
    data: fields,
  };
}

/** `/event/Order_Shipped__e`: something happened; no record changed. */
function platformEvent({ payload, channel, eventId, replayId, scope }: StreamedEvent): ParsedDelivery {
  const entityType = platformEventName.exec(channel ?? "")?.[1];
  const entityId = eventId ?? replayId;
  if (entityType === undefined || entityId === undefined) return { events: [], ignored: "unknown_shape" };
  const event: ProviderEvent = {
    entityType,
    eventType: "occurred",
    entityId,
    nativeType: entityType,
    ...statedTime(payload["CreatedDate"]),
    ...(scope === undefined ? {} : { scope }),
    completeness: "full",
    data: payload,
  };
  return { deliveryId: `${entityType}:${entityId}`, events: [event] };
}
