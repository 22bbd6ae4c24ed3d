/**
 * The order of changes to one record, as far as the provider tells it (DESIGN 11, Versions).
 * `sequence`: decimal digits of any length, larger is newer. `time`: milliseconds since 1970.
 * `received`: microseconds since 1970 on our clock, used where the provider tells nothing.
 */
export interface EventVersion {
  readonly kind: "sequence" | "time" | "received";
  readonly value: string | number;
}

/**
 * Negative if `a` is older than `b`, positive if newer, 0 if equal;
 * `undefined` if they are of different kinds and so cannot be compared.
 */
export function compareVersions(a: EventVersion, b: EventVersion): number | undefined {
  if (a.kind !== b.kind) return undefined;
  if (a.kind === "sequence") return compareDigits(String(a.value), String(b.value));
  return Number(a.value) - Number(b.value);
}

/** The version for a time the provider states, in any form that `Date` reads; `undefined` where it states none. */
export function timeVersion(time: string | number | undefined): EventVersion | undefined {
  if (time === undefined) return undefined;
  const value = typeof time === "number" ? time : Date.parse(time);
  return Number.isFinite(value) ? { kind: "time", value } : undefined;
}

function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
