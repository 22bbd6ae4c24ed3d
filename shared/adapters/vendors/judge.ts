import type { OutboundReply } from "../../core/outbound";
import { boundedWait, wantedWait } from "../../core/retry-after";
import type { Judgement } from "./vendor-api";

/** What status codes mean by the standard; vendors look at what is their own first. */
export function judgeByStatus(reply: OutboundReply, now: number): Judgement {
  const { status } = reply;
  const until = wantedWait(reply, now);
  if (until !== undefined) return { kind: "limited", until };
  if (status === 401) return { kind: "unauthorised" };
  if (status === 403) return { kind: "forbidden" };
  return status < 500 && status !== 408 ? { kind: "ok" } : { kind: "unavailable" };
}

/** Closed until a moment (milliseconds since 1970), at least a second and at most a day away. */
export function limited(until: number, now: number): Judgement {
  return { kind: "limited", until: boundedWait(until, now) };
}
