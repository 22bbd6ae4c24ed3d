import type { OutboundReply } from "./outbound";

/** Where somebody says that there is a limit but not until when. */
export const UNSTATED_WAIT_MS = 60_000;
const SHORTEST_WAIT_MS = 1000;
/** Nobody closes for longer; a header that says so is wrong. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/**
 * Until when a reply asks to be left alone, in milliseconds since 1970: always with 429, with 408 and 5xx where they say
 * how long; `undefined` if it does not ask.
 */
export function wantedWait(reply: OutboundReply, now: number): number | undefined {
  const { status } = reply;
  const until = status === 429 || status === 408 || status >= 500 ? retryAfter(reply, now) : undefined;
  if (until === undefined) return status === 429 ? now + UNSTATED_WAIT_MS : undefined;
  return boundedWait(until, now);
}

/** The moment that `Retry-After` names, in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfter({ headers }: OutboundReply, now: number): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const at = /^\d{1,9}$/.test(value) ? now + Number(value) * 1000 : Date.parse(value);
  return Number.isFinite(at) ? at : undefined;
}

/** A moment to wait for, made at least a second and at most a day from now. */
export function boundedWait(until: number, now: number): number {
  return Math.min(Math.max(until, now + SHORTEST_WAIT_MS), now + LONGEST_WAIT_MS);
}
