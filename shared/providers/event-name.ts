import type { EventType } from "../core/webhook-event";

/** What happened, by the words for it, in lower case. */
export type EventWords = ReadonlyMap<string, EventType>;

/** Our own words, which the open standards' examples use as well. */
export const plainWords: EventWords = new Map([
  ["created", "created"],
  ["updated", "updated"],
  ["deleted", "deleted"],
  ["restored", "restored"],
]);

/** What the name of an event tells: `customer.subscription.updated`, `com.example.order.created.v2`, `BlobDeleted`. */
export interface EventName {
  /** What it is about, in snake_case, from the general to the particular; empty where the name does not tell. */
  readonly entity: readonly string[];
  readonly eventType: EventType;
  /** The word for what happened, where it is not ours. */
  readonly action: string | undefined;
}

const MAX_NAME_LENGTH = 200;
const separators = /[./:]/;
const version = /^v\d+$/i;
const entityType = /^[A-Za-z0-9_-]{1,100}$/;

/**
 * Reads the name of an event: its last part tells what happened, those before it to what. A last part of several words
 * tells both, if its last word is one of `words`.
 */
export function readEventName(name: string, words: EventWords = plainWords): EventName {
  const parts = partsOf(name);
  const last = parts.at(-1) ?? "";
  const before = parts.slice(0, -1);
  if (words.has(last)) return { entity: before, ...whatHappened(last, words) };
  const [, subject = "", word = ""] = /^(.+)_([^_]+)$/.exec(last) ?? [];
  if (words.has(word)) return { entity: [...before, subject], ...whatHappened(word, words) };
  if (before.length > 0) return { entity: before, ...whatHappened(last, words) };
  return { entity: parts, eventType: "occurred", action: undefined };
}

/** What a word of the provider's says; `occurred` where it is not one of `words`. */
export function whatHappened(word: string, words: EventWords): Pick<EventName, "eventType" | "action"> {
  const eventType = words.get(word) ?? "occurred";
  return { eventType, action: word === eventType ? undefined : word };
}

/** The parts of a name in snake_case, without versions; none where the name is longer than any is. */
export function partsOf(name: string): readonly string[] {
  if (name.length > MAX_NAME_LENGTH) return [];
  const parts = name.split(separators).map(toSnakeCase);
  return parts.filter((part) => part !== "" && !version.test(part));
}

/** The parts of an entity's name as one entity type, `undefined` if they make none. */
export function toEntityType(parts: readonly string[]): string | undefined {
  const joined = parts.join("_");
  return entityType.test(joined) ? joined : undefined;
}

/** `accessProposal`, `Access-Proposal` and `access proposal` are `access_proposal`. */
export function toSnakeCase(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}

/** One of what a plural names: `orders`, `companies`, `addresses`. */
export function toSingular(plural: string): string {
  if (plural.endsWith("ies")) return `${plural.slice(0, -3)}y`;
  if (/(?:ss|us|x|ch|sh)es$/.test(plural)) return plural.slice(0, -2);
  return plural.endsWith("s") && !plural.endsWith("ss") ? plural.slice(0, -1) : plural;
}
