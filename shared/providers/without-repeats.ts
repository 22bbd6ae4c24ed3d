import type { ProviderEvent } from "../core/webhook-event";

/** The events of one delivery, each once: of those with the same id of their own, the first. */
export function withoutRepeats(events: readonly ProviderEvent[]): readonly ProviderEvent[] {
  const seen = new Set<string>();
  return events.filter(({ id }) => id === undefined || (!seen.has(id) && seen.add(id)));
}
