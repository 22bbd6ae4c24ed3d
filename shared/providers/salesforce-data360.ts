import { type DeliveryRequest, parseForeignJson } from "../core/delivery-request";
import { asArray, asObject, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { ProviderEvent } from "../core/webhook-event";
import { eventTypeFor } from "./salesforce-words";
import { statedTime } from "./stated-time";
import { withoutRepeats } from "./without-repeats";

const objectName = /^\w{1,100}$/;
/** Where the records of Data 360 keep their id: the standard models, own objects, and what was ingested with one. */
const idFields = ["ssot__Id__c", "Id__c", "id__c", "Id", "id"];

/**
 * The events of a Data 360 data action (Platform Events Developer Guide, "DataObjectDataChgEvent"), which come in batches
 * `{"schemas":[…],"events":[…]}`. Each has an id of its own.
 */
export function parseData360(request: DeliveryRequest): ParsedDelivery {
  const found = asArray(asObject(request.json())?.["events"]).flatMap((event) => eventOf(asObject(event)) ?? []);
  if (found.length === 0) return { events: [], ignored: "unknown_shape" };
  return { deliveryId: found.find(({ id }) => id !== undefined)?.id, events: withoutRepeats(found) };
}

function eventOf(event: JsonObject | undefined): ProviderEvent | undefined {
  const entityType = textAt(event, "SourceObjectDeveloperName") ?? "";
  const prompt = textAt(event, "EventPrompt");
  if (event === undefined || prompt === undefined || !objectName.test(entityType)) return undefined;
  const id = textAt(event, "EventUuid");
  const data = recordIn(event["PayloadCurrentValue"]);
  const record = identify(data, event);
  // A change of nobody knows what is no change of a record: that something happened is all it says.
  const entityId = record ?? id;
  if (entityId === undefined) return undefined;
  return {
    id,
    entityType,
    eventType: record === undefined ? "occurred" : eventTypeFor(prompt),
    entityId,
    nativeType: `${entityType}.${prompt}`,
    nativeAction: prompt,
    ...statedTime(event["EventCreationDateTime"] ?? event["EventPublishDateTime"]),
    completeness: "partial",
    data,
  };
}

/** The record's fields, which come as JSON text. */
function recordIn(value: unknown): JsonObject {
  return asObject(typeof value === "string" ? parseForeignJson(value) : value) ?? {};
}

/** The record's id; of a deleted one, as it was before. */
function identify(current: JsonObject, event: JsonObject): string | undefined {
  const before = recordIn(event["PayloadPrevValue"]);
  const candidates = [current, before].flatMap((record) => idFields.map((name) => textAt(record, name)));
  return candidates.find((id) => id !== undefined) ?? textAt(event, "ProfileIdValue");
}
