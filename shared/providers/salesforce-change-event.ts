import { asArray, asObject, asText, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { ProviderEvent } from "../core/webhook-event";
import { eventTypeFor } from "./salesforce-words";
import { statedTime } from "./stated-time";

/** An event of Salesforce's streaming side, whichever envelope it came in. */
export interface StreamedEvent {
  readonly payload: JsonObject;
  /** `/data/ContactChangeEvent`, `ContactChangeEvent`: channel or name, where the envelope tells it. */
  readonly channel: string | undefined;
  readonly eventId: string | undefined;
  readonly replayId: string | undefined;
  /** The organisation, where the envelope tells it. */
  readonly scope: string | undefined;
  /** The envelope of the Pub/Sub API's client libraries, where every field is present and unchanged ones are null. */
  readonly hasEveryField: boolean;
}

/** Undecoded field lists are bitmaps over the Avro schema: `0x1200`, within a compound field `4-0x03`. */
const bitmap = /^(?:\d+-)?0x[0-9a-f]+$/i;
const HEADER_FIELD = "ChangeEventHeader";
const GAP_PREFIX = "GAP_";

/**
 * One event for each record of a change event (Change Data Capture Developer Guide, "Change Event Header Fields").
 * Order is told by `commitTimestamp`: `commitNumber` and `replayId` are not in every envelope, and versions of two
 * kinds cannot be compared.
 */
export function eventsOfChange(streamed: StreamedEvent): ParsedDelivery {
  const header = asObject(streamed.payload[HEADER_FIELD]);
  const entityType = textAt(header, "entityName");
  const changeType = textAt(header, "changeType");
  if (header === undefined || entityType === undefined || changeType === undefined) return unknownShape;
  const deliveryId = deliveryIdOf(header) ?? streamed.eventId;
  const known = deliveryId === undefined ? {} : { deliveryId };
  // Reserved by Salesforce; it reports no change.
  if (changeType === "SNAPSHOT") return { ...known, events: [], ignored: "snapshot" };
  const recordIds = recordIdsOf(header, changeType);
  if (recordIds.length === 0) return { ...known, ...unknownShape };
  const change = changeOf(streamed, header, changeType);
  return { ...known, events: recordIds.map((entityId) => recordEvent(entityId, entityType, changeType, change)) };
}

const unknownShape: ParsedDelivery = { events: [], ignored: "unknown_shape" };

/** What all records of a change event have in common. */
type Change = Pick<ProviderEvent, "eventType" | "occurredAt" | "version" | "scope" | "completeness" | "data" | "gap">;

function recordEvent(entityId: string, entityType: string, changeType: string, change: Change): ProviderEvent {
  // `001*` after a field conversion: all records whose id begins so, and none of their fields.
  const isWildcard = entityId.endsWith("*");
  return {
    entityType,
    entityId,
    nativeType: `${entityType}.${changeType}`,
    nativeAction: changeType,
    ...change,
    ...(isWildcard ? { completeness: "hint", data: {}, gap: true } : {}),
  };
}

/** `transactionKey` with `sequenceNumber` is unique; `commitNumber` is not promised to be. */
function deliveryIdOf(header: JsonObject): string | undefined {
  const [key, sequence] = [textAt(header, "transactionKey"), textAt(header, "sequenceNumber")];
  return key === undefined || sequence === undefined ? undefined : `${key}:${sequence}`;
}

/** After an overflow every record of the entity may have changed, and the ids that are sent mean nothing. */
function recordIdsOf(header: JsonObject, changeType: string): readonly string[] {
  if (changeType === "GAP_OVERFLOW") return ["*"];
  return asArray(header["recordIds"])
    .map(asText)
    .filter((id) => id !== undefined);
}

function changeOf({ payload, scope, hasEveryField }: StreamedEvent, header: JsonObject, changeType: string): Change {
  const isGap = changeType.startsWith(GAP_PREFIX);
  const eventType = changeType === "GAP_OVERFLOW" ? "updated" : eventTypeFor(changeType.replace(GAP_PREFIX, ""));
  const isBare = isGap || eventType === "deleted";
  const fields = isBare ? { data: {}, isIncomplete: isGap } : readFields(payload, listsOf(header, hasEveryField));
  // A new record is sent whole; only a change can leave out what somebody may need.
  const gap = isGap || (eventType !== "created" && fields.isIncomplete);
  return {
    eventType,
    ...statedTime(header["commitTimestamp"]),
    ...(scope === undefined ? {} : { scope }),
    completeness: isGap ? "hint" : "partial",
    data: fields.data,
    ...(gap ? { gap } : {}),
  };
}

/** Which fields the header says were changed, as far as its lists are names and no bitmaps. */
interface FieldLists {
  /** False where a null is there because the field became null: envelopes that send changed fields only. */
  readonly unchangedAreNull: boolean;
  /** Fields that may be null by this change. */
  readonly named: ReadonlySet<string>;
  /** Long texts, sent as a diff: not the field's value. */
  readonly diffs: ReadonlySet<string>;
  readonly isUndecoded: boolean;
}

function listsOf(header: JsonObject, hasEveryField: boolean): FieldLists {
  const [changed, nulled, diffs] = [header["changedFields"], header["nulledFields"], header["diffFields"]].map(namesIn);
  const named = [...(changed ?? []), ...(nulled ?? [])];
  const decisive = [...(nulled ?? changed ?? []), ...(diffs ?? [])];
  return {
    unchangedAreNull: hasEveryField || changed !== undefined || nulled !== undefined,
    named: new Set(named),
    diffs: new Set(diffs),
    isUndecoded: decisive.some((field) => bitmap.test(field)),
  };
}

function namesIn(list: unknown): readonly string[] | undefined {
  return Array.isArray(list) ? list.filter((field) => typeof field === "string") : undefined;
}

/**
 * The values that the change states. `isIncomplete` where more changed than they tell: diffs of long texts, fields that
 * became null but are named by a bitmap only, compound fields (a name, an address) with just their changed parts.
 */
function readFields(
  payload: JsonObject,
  lists: FieldLists,
): { readonly data: JsonObject; readonly isIncomplete: boolean } {
  const data = withoutUnchanged(payload, lists);
  const hasCompound = Object.values(data).some((value) => asObject(value) !== undefined);
  const isIncomplete = lists.isUndecoded || lists.diffs.size > 0 || hasCompound;
  // Where not even the diffs are known by name, any text may be one.
  const mayHoldDiffs = [...lists.diffs].some((field) => bitmap.test(field));
  return { data: mayHoldDiffs ? {} : data, isIncomplete };
}

/** The fields without the header, diffs and nulls that mean "unchanged"; parts of compound fields are named `Name.LastName`. */
function withoutUnchanged(fields: JsonObject, lists: FieldLists, within = ""): JsonObject {
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(fields)) {
    const path = within + name;
    if (path === HEADER_FIELD || lists.diffs.has(path)) continue;
    const parts = within === "" ? asObject(value) : undefined;
    const stated = parts === undefined ? value : withoutUnchanged(parts, lists, `${path}.`);
    const isUnchanged = lists.unchangedAreNull && !lists.named.has(path) && saysNothing(stated);
    if (!isUnchanged) kept.push([name, stated]);
  }
  return Object.fromEntries(kept);
}

function saysNothing(value: unknown): boolean {
  const parts = asObject(value);
  return parts === undefined ? value === null : Object.keys(parts).length === 0;
}
