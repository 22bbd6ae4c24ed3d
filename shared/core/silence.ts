import type { Activity } from "./activity";
import { type UsualSilence, usualSilence } from "./rhythm";

/** How long nothing has come by now, held against what is usual. */
export interface Silence extends UsualSilence {
  readonly silentMs: number;
  /** It is longer than any pause that is usual. */
  readonly isAlarming: boolean;
}

/** `undefined` where too little is known of the webhook's rhythm. `now` in milliseconds since 1970. */
export function silenceOf({ rhythm, lastEventAt }: Activity, now: number): Silence | undefined {
  const usual = usualSilence(rhythm);
  if (usual === undefined || lastEventAt === undefined) return undefined;
  const silentMs = now - Date.parse(lastEventAt);
  return { ...usual, silentMs, isAlarming: silentMs > usual.alarmingMs };
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
