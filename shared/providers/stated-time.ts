import { asText } from "../core/json";
import { timeVersion } from "../core/version";
import type { ProviderEvent } from "../core/webhook-event";

const milliseconds = /^\d{1,15}$/;
const isoTime = /^\d{4}-\d{2}-\d{2}T/;

/**
 * The time of a change and the version that follows from it, for a time as a provider states it: ISO 8601 text, or
 * milliseconds since 1970 as number or text. Nothing where none is stated, or where it is not one of these.
 */
export function statedTime(time: unknown): Pick<ProviderEvent, "occurredAt" | "version"> {
  const text = asText(time);
  // `Date.parse` alone would read "build 5" as a day of May 2001.
  if (text === undefined || !(milliseconds.test(text) || isoTime.test(text))) return {};
  const version = timeVersion(milliseconds.test(text) ? Number(text) : text);
  return version === undefined ? {} : { occurredAt: new Date(Number(version.value)).toISOString(), version };
}
