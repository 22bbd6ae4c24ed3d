import type { AlertSeverity } from "./alert";

/** When a channel wants to be left alone, by the clock on the wall of its time zone. */
export interface QuietHours {
  /** An IANA name, such as `Europe/Zurich`. */
  readonly timeZone: string;
  /** `HH:MM`; the same as `to` means the whole day. */
  readonly from: string;
  /** `HH:MM`; before `from` it is of the next day. */
  readonly to: string;
  /** What is told all the same. */
  readonly exempt?: readonly AlertSeverity[];
}

/**
 * True if it is quiet at this moment (milliseconds since 1970). Asked for each moment anew, so that a night that a change of
 * clocks makes longer or shorter needs no reckoning.
 */
export function isQuiet({ timeZone, from, to }: QuietHours, now: number): boolean {
  const time = wallClock(timeZone, now);
  if (from < to) return from <= time && time < to;
  return time >= from || time < to;
}

/** True if the platform knows the time zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

/** `HH:MM`. */
function wallClock(timeZone: string, now: number): string {
  return formatOf(timeZone).format(now);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}
