import { asText } from "../core/json";
import type { ProviderEvent } from "../core/webhook-event";

/** Unix seconds with up to six decimals; `event_ts` may lack the dot. */
const slackTime = /^(\d{10})\.?(\d{0,6})$/;

/**
 * The time of the first of these that is one. The version keeps microseconds as a fraction of milliseconds, because two
 * edits may fall into one millisecond.
 */
export function slackTimeOf(...times: readonly unknown[]): Pick<ProviderEvent, "occurredAt" | "version"> {
  for (const time of times) {
    const [, seconds, decimals = ""] = slackTime.exec(asText(time) ?? "") ?? [];
    if (seconds === undefined) continue;
    const microseconds = decimals.padEnd(6, "0");
    const value = Number(`${seconds}${microseconds.slice(0, 3)}.${microseconds.slice(3)}`);
    return { occurredAt: new Date(value).toISOString(), version: { kind: "time", value } };
  }
  return {};
}
