import type { Counter } from "./metrics";
import type { OutboundHttp } from "./outbound";

const classes = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** Counts calls by the class of their status, for a target that is named so. */
export function countedOutbound(outbound: OutboundHttp, calls: Counter, target: string): OutboundHttp {
  return {
    async send(request) {
      try {
        const reply = await outbound.send(request);
        calls.add(target, classes[Math.floor(reply.status / 100) - 1] ?? "other");
        return reply;
      } catch (error) {
        calls.add(target, "none");
        throw error;
      }
    },
  };
}
