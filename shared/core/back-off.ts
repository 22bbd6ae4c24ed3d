import type { RetryPolicy } from "./registration";

/** An hour at most between two attempts (DESIGN 11, Retries). */
const CAP_MS = 3_600_000;
const JITTER = 0.2;

/** In the place of `random`: for those of whom few wait at the same time. */
export const WITHOUT_CHANCE = 0.5;

/** How long an outage of a back end may last before its waits count as attempts, in milliseconds: seven days. */
export const OUTAGE_LIMIT_MS = 7 * 86_400_000;

/**
 * Milliseconds to wait before the next attempt: the policy's base, doubled with each wait before (`waits` of them),
 * at most an hour, ±20 %. `random` is from 0 to 1.
 */
export function backOffMs(policy: Pick<RetryPolicy, "backoffSeconds">, waits: number, random: number): number {
  const base = Math.min(CAP_MS, policy.backoffSeconds * 1000 * 2 ** Math.min(waits, 30));
  return Math.round(base * (1 - JITTER + 2 * JITTER * random));
}
