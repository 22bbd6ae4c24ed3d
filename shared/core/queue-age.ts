import type { QueueDepth } from "./ports";

/**
 * For how long the message has waited that waits longest, in milliseconds: 0 if none does, `undefined` where the queue does
 * not tell. `now` in milliseconds since 1970.
 */
export function queueAgeMs({ oldestAt }: QueueDepth, now: number): number | undefined {
  if (oldestAt === undefined) return undefined;
  // The clock of Service Bus may be ahead of ours.
  return Math.max(0, now - (oldestAt ?? now));
}
