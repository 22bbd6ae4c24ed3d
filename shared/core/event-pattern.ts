import { eventNameOf, type ProviderEvent } from "./webhook-event";

/**
 * Which events a registration asks for (DESIGN 11, Event patterns). Segments of letters, digits, `_` and `-`, joined by
 * dots. `*` stands for one whole segment, and as the last segment for all that follow. A single word matches an entity
 * type or an event type. Case does not count. A pattern is held against `entityType.eventType`, the provider's own name,
 * and `entityType.<the provider's own action>`. An event that wants to be named is matched by none whose first segment
 * is `*`, and not by its event type alone.
 */
const wellFormed = /^(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*$/;

/** JSON schema pattern of one entry of `events`. */
export const eventPatternSource = wellFormed.source;

/** What a compiled list of patterns answers for an event. */
export type EventMatcher = (event: ProviderEvent) => boolean;

/** Compiles a list of well-formed patterns, once per registration, because it is asked for every event. */
export function compileEventPatterns(patterns: readonly string[]): EventMatcher {
  const lowered = patterns.map((text) => text.toLowerCase());
  const takesAll = lowered.some((pattern) => pattern === "*" || pattern === "*.*");
  const any = takesAll ? () => true : matcherOf(lowered);
  const naming = lowered.filter((pattern) => !pattern.startsWith("*"));
  const named = naming.length === lowered.length ? any : matcherOf(naming);
  return (event) => (event.onlyByName === true ? named(event) : any(event));
}

function matcherOf(patterns: readonly string[]): EventMatcher {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const wildcards = patterns.filter((pattern) => pattern.includes("*")).map((pattern) => pattern.split("."));
  return (event) => namesOf(event).some((name) => exact.has(name) || matchesAny(wildcards, name));
}

function namesOf(event: ProviderEvent): string[] {
  const entityType = event.entityType.toLowerCase();
  const names = [eventNameOf(event).toLowerCase(), event.nativeType.toLowerCase(), entityType];
  if (event.onlyByName !== true) names.push(event.eventType);
  if (event.nativeAction !== undefined) names.push(`${entityType}.${event.nativeAction.toLowerCase()}`);
  return names;
}

function matchesAny(wildcards: readonly (readonly string[])[], name: string): boolean {
  if (wildcards.length === 0) return false;
  const segments = name.split(".");
  return wildcards.some((pattern) => segmentsMatch(pattern, segments));
}

function segmentsMatch(pattern: readonly string[], segments: readonly string[]): boolean {
  const takesRest = pattern.at(-1) === "*";
  if (takesRest ? segments.length < pattern.length : segments.length !== pattern.length) return false;
  return pattern.every((wanted, index) => wanted === "*" || wanted === segments[index]);
}
