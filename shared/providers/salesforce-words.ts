import type { EventType } from "../core/webhook-event";

/** The seed's words and those of Apex triggers and change events, in lower case. */
const wordsForAction: ReadonlyMap<string, EventType> = new Map([
  ["created", "created"],
  ["create", "created"],
  ["insert", "created"],
  ["inserted", "created"],
  ["updated", "updated"],
  ["update", "updated"],
  ["deleted", "deleted"],
  ["delete", "deleted"],
  ["restored", "restored"],
  ["restore", "restored"],
  ["undeleted", "restored"],
  ["undelete", "restored"],
]);

/** Our word for one of Salesforce's, in any case; `occurred` for a word that we do not know. */
export function eventTypeFor(word: string): EventType {
  return wordsForAction.get(word.toLowerCase()) ?? "occurred";
}
