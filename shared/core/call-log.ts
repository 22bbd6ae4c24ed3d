/**
 * A sliding log of calls, kept by the second: how many calls each second saw.
 *
 * A log of single calls would be as long as the limit, which may be 50,000. The usual counter of two fixed windows, the
 * older one weighted by what is left of it, takes two numbers, but lets through almost twice the limit where one window
 * ends with a burst. By the second the log is at most 61 numbers, and no 60 seconds ever see more calls than the limit:
 * a second counts in full until its last moment is 60 seconds old. The price is that a call may wait up to one second
 * longer than it would have to.
 */
export type CallLog = ReadonlyMap<number, number>;

/** The log where no call was made. */
export const noCalls: CallLog = new Map();

/** A second that began this long ago, in seconds, holds no call of the last 60 seconds any more. */
export const KEPT_SECONDS = 61;

/** The second, since 1970, of a moment in milliseconds. */
export function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

/** True if calls of that second may be among those of the last 60 seconds. One that is ahead of our clock counts as well. */
export function stillCounts(second: number, now: number): boolean {
  return second > secondOf(now) - KEPT_SECONDS;
}

/** How many calls count at `now`. */
export function callsIn(log: CallLog, now: number): number {
  let calls = 0;
  for (const [second, count] of log) if (stillCounts(second, now)) calls += count;
  return calls;
}

/** When there is room for another call, in milliseconds; `now` if there is already. `limit` is at least 1. */
export function roomAt(log: CallLog, limit: number, now: number): number {
  let tooMany = callsIn(log, now) - limit + 1;
  if (tooMany <= 0) return now;
  const counting = [...log].filter(([second]) => stillCounts(second, now)).sort(([a], [b]) => a - b);
  let at = now;
  for (const [second, count] of counting) {
    at = (second + KEPT_SECONDS) * 1000;
    tooMany -= count;
    if (tooMany <= 0) break;
  }
  return at;
}

/** When nothing counts any more, in milliseconds; `now` if nothing does. */
export function emptyAt(log: CallLog, now: number): number {
  const seconds = [...log.keys()].filter((second) => stillCounts(second, now));
  return seconds.length === 0 ? now : (Math.max(...seconds) + KEPT_SECONDS) * 1000;
}
