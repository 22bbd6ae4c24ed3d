import type { OutboundReply } from "../../core/outbound";
import type { Judgement } from "./vendor-api";

/** Where a vendor says that there is a limit but not until when. */
export const UNSTATED_WAIT_MS = 60_000;
/** No vendor closes for longer; a header that says so is wrong. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/** What status codes mean by the standard; vendors look at what is their own first. */
export function judgeByStatus(reply: OutboundReply, now: number): Judgement {
  const { status } = reply;
  if (status === 401) return { kind: "unauthorised" };
  if (status === 429) return limited(retryAfter(reply, now) ?? now + UNSTATED_WAIT_MS, now);
  if (status === 403) return { kind: "forbidden" };
  if (status < 500 && status !== 408) return { kind: "ok" };
  const until = retryAfter(reply, now);
  return until === undefined ? { kind: "unavailable" } : limited(until, now);
}

/** Closed until a moment (milliseconds since 1970), at least a second and at most a day away. */
export function limited(until: number, now: number): Judgement {
  return { kind: "limited", until: Math.min(Math.max(until, now + 1000), now + LONGEST_WAIT_MS) };
}

/** The moment that `Retry-After` names, in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfter({ headers }: OutboundReply, now: number): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const at = /^\d{1,9}$/.test(value) ? now + Number(value) * 1000 : Date.parse(value);
  return Number.isFinite(at) ? at : undefined;
}
