import type { Document, QueueMessage } from "./ports";

/** A webhook whose deliveries are taken and held. `resuming`: what is held is being queued, and what comes waits behind it. */
export interface Pause {
  readonly state: "paused" | "resuming";
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601: when it was last asked to be resumed. */
  readonly resumedAt?: string;
  /** ISO 8601: when the payloads of what is held were last kept from running out. */
  readonly payloadsRenewedAt?: string;
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

/** How much of a webhook is held at most: beyond that, deliveries are answered 503. */
export interface HoldBounds {
  readonly maxEvents: number;
  /** How long after the pause began, in milliseconds. */
  readonly maxMs: number;
}

/** What is held of a webhook, and what may be. */
export interface Hold {
  readonly pause: Pause;
  /** Events. */
  readonly held: number;
  readonly bounds: HoldBounds;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const WARN_FROM = 0.8;

/** True where nothing more may be held. */
export function isHoldFull(hold: Hold): boolean {
  return hasReached(hold, 1);
}

/** True where it will soon be so. */
export function isHoldNearlyFull(hold: Hold): boolean {
  return hasReached(hold, WARN_FROM);
}

function hasReached({ pause, held, bounds, now }: Hold, share: number): boolean {
  return held >= bounds.maxEvents * share || now - Date.parse(pause.since) >= bounds.maxMs * share;
}

/** When nothing more is held, however little it is (ISO 8601). */
export function heldUntil({ pause, bounds }: Hold): string {
  return new Date(Date.parse(pause.since) + bounds.maxMs).toISOString();
}

/** What its owner is told of a pause. */
export function pauseAdvice(hold: Hold): string {
  const { pause, held, bounds } = hold;
  const { state, since, by } = pause;
  if (state === "resuming") return `What was held is being queued: ${held} event(s) are left.`;
  const bound = `At ${bounds.maxEvents} events or on ${heldUntil(hold)} deliveries are answered 503`;
  const state503 = isHoldFull(hold) ? "Deliveries are answered 503, because no more may be held" : bound;
  return `Paused since ${since} by ${by}, and ${held} event(s) are held. ${state503}: POST /webhooks/{registrationId}/resume.`;
}
