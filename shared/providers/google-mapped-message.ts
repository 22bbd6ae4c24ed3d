import type { Problem } from "../core/errors";
import { asObject, type JsonObject } from "../core/json";
import type { VerificationSettings } from "../core/registration";
import type { ProviderEvent } from "../core/webhook-event";
import type { PubSubMessage } from "./google-message";
import { mappingProperties, parseMapped } from "./mapped-event";

/**
 * Pub/Sub messages of anybody's, which tell what happened where the registration says: in their data as JSON (`json.…`)
 * or in an attribute (`attributes.…`).
 */
const path = {
  type: "string",
  maxLength: 200,
  pattern: "^(?:json|attributes)(?:\\.[A-Za-z0-9_$@-]+){1,9}$",
} as const;
const { createdWords, updatedWords, deletedWords, restoredWords } = mappingProperties;

/** JSON schema properties of these settings. */
export const messageProperties = {
  typePath: { ...path, description: "Where a message of your own tells its type: `attributes.type`, `json.kind`." },
  actionPath: { ...path, description: "Where it tells what happened, if that is not the last word of the type." },
  entityPath: { ...path, description: "Where the entity's id stands: `json.order.id`, `attributes.orderId`." },
  timePath: { ...path, description: "Where the time of the change stands; the time of publishing unless set." },
  createdWords,
  updatedWords,
  deletedWords,
  restoredWords,
} as const;

const needed = ["typePath", "entityPath"] as const;
const others = ["actionPath", "timePath", "createdWords", "updatedWords", "deletedWords", "restoredWords"] as const;
const ATTRIBUTES = "attributes.";

/** Type and id are needed as soon as one of these settings is there. */
export function messageSettingsProblems(settings: VerificationSettings): readonly Problem[] {
  if ([...needed, ...others].every((name) => settings[name] === undefined)) return [];
  const missing = needed.filter((name) => settings[name] === undefined);
  return missing.map((name) => ({ path: `/verification/${name}`, message: "is needed to read messages of your own" }));
}

/** The event that a message tells by these settings; `undefined` where there are none, or it tells no such thing. */
export function mappedMessage(message: PubSubMessage, settings: VerificationSettings): ProviderEvent | undefined {
  const { typePath, entityPath } = settings;
  if (typePath === undefined || entityPath === undefined) return undefined;
  const told = { json: message.json, attributes: message.attributes ?? headersAmong(message, settings) };
  const [event] = parseMapped(told, settings).events;
  if (event === undefined) return undefined;
  // The id may be an attribute, but the record is never more than the data.
  const record = entityPath.startsWith(ATTRIBUTES) ? asObject(message.json) : undefined;
  return record === undefined ? event : { ...event, completeness: "partial", data: record };
}

/** Of an unwrapped message the attributes that are asked for: nothing tells the rest from other headers. */
function headersAmong(message: PubSubMessage, settings: VerificationSettings): JsonObject {
  const { typePath, actionPath, entityPath, timePath } = settings;
  const asked = [typePath, actionPath, entityPath, timePath].filter((name) => name?.startsWith(ATTRIBUTES));
  const names = asked.map((name = "") => name.slice(ATTRIBUTES.length));
  return Object.fromEntries(names.map((name) => [name, message.attribute(name)]));
}
