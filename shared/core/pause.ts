import type { Document, QueueMessage } from "./ports";

/** A webhook whose deliveries are taken and held. `resuming`: what is held is being queued, and what comes waits behind it. */
export interface Pause {
  readonly state: "paused" | "resuming";
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601: when it was last asked to be resumed. */
  readonly resumedAt?: string;
  /** The subject of whoever asked for it. */
  readonly by: string;
}

/** An event that waits for its webhook to be resumed. Partition: the registration id. Never disappears by itself. */
export interface HeldEvent extends Document {
  readonly registrationId: string;
  /** Order of receipt. */
  readonly receivedOrder: number;
  readonly message: QueueMessage;
}

/** At most so many events of one webhook are held, and from no longer ago: beyond that, deliveries are answered 503. */
export const MAX_HELD_EVENTS = 10_000;
/** {@link MAX_HELD_EVENTS} */
export const MAX_HELD_MS = 7 * 86_400_000;
const WARN_FROM = 0.8;

/** True where nothing more may be held. */
export function isHoldFull({ since }: Pause, held: number, now: number): boolean {
  return held >= MAX_HELD_EVENTS || now - Date.parse(since) >= MAX_HELD_MS;
}

/** True where it will soon be so. */
export function isHoldNearlyFull({ since }: Pause, held: number, now: number): boolean {
  return held >= MAX_HELD_EVENTS * WARN_FROM || now - Date.parse(since) >= MAX_HELD_MS * WARN_FROM;
}

/** What its owner is told of a pause. */
export function pauseAdvice(pause: Pause, held: number, now: number): string {
  const { state, since, by } = pause;
  if (state === "resuming") return `What was held is being queued: ${held} event(s) are left.`;
  const until = new Date(Date.parse(since) + MAX_HELD_MS).toISOString();
  const bound = `At ${MAX_HELD_EVENTS} events or on ${until} deliveries are answered 503`;
  const state503 = isHoldFull(pause, held, now) ? "Deliveries are answered 503, because no more may be held" : bound;
  return `Paused since ${since} by ${by}, and ${held} event(s) are held. ${state503}: POST /webhooks/{registrationId}/resume.`;
}
