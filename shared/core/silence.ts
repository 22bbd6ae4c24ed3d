import type { Activity } from "./activity";
import { type UsualSilence, usualSilence } from "./rhythm";

/** How long nothing has come by now, held against what is usual. */
export interface Silence extends UsualSilence {
  readonly silentMs: number;
  /** It is longer than any pause that is usual. */
  readonly isAlarming: boolean;
}

/**
 * `undefined` where too little is known of the webhook's rhythm. What was switched off is silent only since it was switched
 * on again (`activatedAt`, ISO 8601). `now` in milliseconds since 1970.
 */
export function silenceOf(
  { rhythm, lastEventAt }: Activity,
  { activatedAt = "" }: { readonly activatedAt?: string | undefined },
  now: number,
): Silence | undefined {
  const usual = usualSilence(rhythm);
  if (usual === undefined || lastEventAt === undefined) return undefined;
  const silentMs = now - Date.parse(later(lastEventAt, activatedAt));
  return { ...usual, silentMs, isAlarming: silentMs > usual.alarmingMs };
}

/** The later of two times in ISO 8601; an empty one is before all others. */
export function later(a: string, b: string): string {
  return a > b ? a : b;
}

/** What the owner reads of a silence. */
export function silenceSentence({
  silentMs,
  usualMs,
  longestMs,
}: Pick<Silence, "silentMs" | "usualMs" | "longestMs">): string {
  return `Silent for ${toWords(silentMs)}, usually ${toWords(usualMs)}, hardly ever more than ${toWords(longestMs)}`;
}

/** A duration in one unit, as people say it; rounded down, so that nothing is longer than it was. */
export function toWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
