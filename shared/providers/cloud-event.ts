import { hash } from "node:crypto";
import { type DeliveryRequest, parseForeignJson } from "../core/delivery-request";
import { asObject, type JsonObject, textAt } from "../core/json";
import type { ProviderEvent } from "../core/webhook-event";
import { readEventName, toEntityType } from "./event-name";
import { completenessOf } from "./mapped-event";
import { idText, shortened } from "./id-text";
import { statedTime } from "./stated-time";

/** A CloudEvent 1.0, however it came (github.com/cloudevents/spec, `cloudevents/spec.md`). */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | undefined;
  readonly time: string | undefined;
  readonly data: JsonObject;
}

const MAX_ATTRIBUTE_LENGTH = 2048;
/** What the names of events should begin with, turned round: `com.example.` (spec.md, "type"). */
const domain = /^(?:com|org|net|io|dev|app|ai|co)\.[^.]+\.(?=[^.])/i;
const jsonType = /^[a-z]+\/(?:[\w.-]+\+)?json\b/i;

/** The event of an object in the JSON format; `undefined` if it lacks one of the required attributes. */
export function structuredCloudEvent(value: unknown): CloudEvent | undefined {
  const attribute = (name: string): string | undefined => stringAt(value, name);
  return withAttributes(attribute, () => structuredData(asObject(value) ?? {}));
}

/** The event of a request in binary mode: attributes in `ce-` headers, data in the body. */
export function binaryCloudEvent(request: DeliveryRequest): CloudEvent | undefined {
  const attribute = (name: string): string | undefined => decodeHeader(request.headers.get(`ce-${name}`));
  return withAttributes(attribute, () => binaryData(request));
}

function withAttributes(
  attribute: (name: string) => string | undefined,
  readData: () => JsonObject,
): CloudEvent | undefined {
  const [id, source, type] = ["id", "source", "type"].map(attribute);
  if (attribute("specversion") !== "1.0") return undefined;
  if (id === undefined || source === undefined || type === undefined) return undefined;
  return { id, source, type, subject: attribute("subject"), time: attribute("time"), data: readData() };
}

function stringAt(value: unknown, name: string): string | undefined {
  const text = asObject(value)?.[name];
  return typeof text === "string" ? bounded(text) : undefined;
}

function bounded(text: string): string | undefined {
  return text === "" || text.length > MAX_ATTRIBUTE_LENGTH ? undefined : text;
}

/**
 * A header's value without its quotes and percent-decoded once (HTTP binding, 3.1.3.2); `undefined` for escapes that are
 * no UTF-8, which "MUST be rejected".
 */
function decodeHeader(value: string | null): string | undefined {
  if (value === null) return undefined;
  const unquoted = /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, "$1") : value;
  try {
    return bounded(decodeURIComponent(unquoted));
  } catch {
    return undefined;
  }
}

/** What is no JSON object is kept under a name of its own: `data`, or `data_base64` for bytes. */
function structuredData(event: JsonObject): JsonObject {
  const { data, data_base64: encoded } = event;
  if (typeof encoded !== "string") return data === undefined || data === null ? {} : (asObject(data) ?? { data });
  const isJson = jsonType.test(textAt(event, "datacontenttype") ?? "");
  return bytesAsData(Buffer.from(encoded, "base64"), isJson);
}

function binaryData({ headers, body }: DeliveryRequest): JsonObject {
  return body.length === 0 ? {} : bytesAsData(body, jsonType.test(headers.get("content-type") ?? ""));
}

function bytesAsData(bytes: Buffer, isJson: boolean): JsonObject {
  const data = isJson ? parseForeignJson(bytes.toString("utf8")) : undefined;
  return data === undefined ? { data_base64: bytes.toString("base64") } : (asObject(data) ?? { data });
}

/**
 * The normalised event. `com.example.order.created` creates an `order`: the rest of the name belongs to the sender. What
 * it is about is its subject, which is unique within its source, else the data's id, else the event itself.
 */
export function fromCloudEvent(event: CloudEvent): ProviderEvent | undefined {
  const { id, source, type, subject, time, data } = event;
  const name = readEventName(type.replace(domain, ""));
  const entityType = toEntityType(name.entity.slice(-1));
  const entityId = idText(subject) ?? idText(data["id"]) ?? idText(id);
  if (entityType === undefined || entityId === undefined) return undefined;
  return {
    id: identityOf(event),
    entityType,
    eventType: name.eventType,
    entityId,
    nativeType: type,
    nativeAction: name.action,
    ...statedTime(time),
    scope: source,
    idScope: source,
    completeness: completenessOf(data),
    data,
  };
}

/** What tells an event from all others, whatever company it comes in (spec.md, "id"): its source and its id. */
export function identityOf({ source, id }: CloudEvent): string {
  return shortened(`${source} ${id}`);
}

/**
 * One id for a delivery of several events, from theirs: the same whenever the same events come together again. A single
 * one stands for itself; `undefined` where one is missing.
 */
export function joinedId(ids: readonly (string | undefined)[]): string | undefined {
  const [first] = ids;
  if (ids.length <= 1 || ids.includes(undefined)) return ids.length === 1 ? first : undefined;
  return `sha256:${hash("sha256", JSON.stringify(ids), "hex")}`;
}
