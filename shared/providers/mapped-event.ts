import { asObject, asText, at, type JsonObject } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { VerificationSettings } from "../core/registration";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import {
  type EventName,
  type EventWords,
  partsOf,
  plainWords,
  readEventName,
  toEntityType,
  whatHappened,
} from "./event-name";
import { idText } from "./id-text";
import { statedTime } from "./stated-time";

/**
 * Events whose place in the body is a setting. Without settings it is that of Standard Webhooks:
 * `{"type":"user.created","timestamp":"2026-11-24T09:00:00Z","data":{"id":"u1",…}}`.
 */
const path = {
  type: "string",
  maxLength: 200,
  pattern: "^[A-Za-z0-9_$@-]+(?:\\.[A-Za-z0-9_$@-]+){0,9}$",
} as const;
const words = {
  type: "array",
  maxItems: 50,
  items: { type: "string", minLength: 1, maxLength: 100 },
} as const;

/** JSON schema properties of these settings. Paths are field names joined by dots. */
export const mappingProperties = {
  typePath: { ...path, description: "Where the event's type stands; `type` unless set." },
  actionPath: { ...path, description: "Where the action stands, if it is not the last word of the type." },
  entityPath: { ...path, description: "Where the entity's id stands, within its record; `data.id` unless set." },
  timePath: { ...path, description: "Where the time of the change stands; `timestamp` unless set." },
  createdWords: { ...words, description: "Words for a creation; `created` unless set." },
  updatedWords: { ...words, description: "Words for a change; `updated` unless set." },
  deletedWords: { ...words, description: "Words for a deletion; `deleted` unless set." },
  restoredWords: { ...words, description: "Words for a restoration; `restored` unless set." },
} as const;

const unixSeconds = /^\d{9,10}(?:\.\d{1,6})?$/;

/** The one event of such a body. */
export function parseMapped(body: unknown, settings: VerificationSettings = {}): ParsedDelivery {
  const type = nameAt(body, settings.typePath ?? "type");
  const action = settings.actionPath === undefined ? undefined : nameAt(body, settings.actionPath);
  const name = type === undefined ? undefined : nameOf(type, action, wordsIn(settings));
  const entityType = name && toEntityType(name.entity);
  if (type === undefined || name === undefined || entityType === undefined) {
    return { events: [], ignored: "unknown_shape" };
  }
  const { record, entityId } = entityAt(body, settings.entityPath ?? "data.id");
  if (record === undefined || entityId === undefined) return { events: [], ignored: "entity_id_missing" };
  const event: ProviderEvent = {
    entityType,
    eventType: name.eventType,
    entityId,
    nativeType: action === undefined ? type : `${type}.${action}`,
    nativeAction: name.action,
    ...timeOf(valueAt(body, settings.timePath ?? "timestamp")),
    completeness: completenessOf(record),
    data: record,
  };
  return { events: [event] };
}

/** A record of more than its id tells some of its fields; nothing says that it tells all. */
export function completenessOf(record: JsonObject): ProviderEvent["completeness"] {
  return Object.keys(record).length > 1 ? "partial" : "hint";
}

function nameOf(type: string, action: string | undefined, known: EventWords): EventName | undefined {
  if (action === undefined) return readEventName(type, known);
  const [word] = partsOf(action).slice(-1);
  if (word === undefined) return undefined;
  return { entity: partsOf(type), ...whatHappened(word, known) };
}

function wordsIn(settings: VerificationSettings): EventWords {
  const { createdWords, updatedWords, deletedWords, restoredWords } = settings;
  const lists: [EventType, readonly string[] | undefined][] = [
    ["created", createdWords],
    ["updated", updatedWords],
    ["deleted", deletedWords],
    ["restored", restoredWords],
  ];
  if (lists.every(([, list]) => list === undefined)) return plainWords;
  return new Map(
    lists.flatMap(([eventType, list]) =>
      (list ?? [eventType]).map((word): [string, EventType] => [partsOf(word).at(-1) ?? "", eventType]),
    ),
  );
}

function nameAt(body: unknown, dotted: string): string | undefined {
  const value = valueAt(body, dotted);
  return typeof value === "string" ? value : undefined;
}

function valueAt(body: unknown, dotted: string): unknown {
  return at(body, ...dotted.split("."));
}

/** The record is the object that holds the id. */
function entityAt(body: unknown, dotted: string): { record: JsonObject | undefined; entityId: string | undefined } {
  const steps = dotted.split(".");
  const record = asObject(at(body, ...steps.slice(0, -1)));
  return { record, entityId: idText(at(record, ...steps.slice(-1))) };
}

function timeOf(value: unknown): Pick<ProviderEvent, "occurredAt" | "version"> {
  const text = asText(value) ?? "";
  return statedTime(unixSeconds.test(text) ? Math.round(Number(text) * 1000) : text);
}
