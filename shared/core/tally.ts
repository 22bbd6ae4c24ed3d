/** How often something happened, and when last. */
export interface Tally {
  readonly times: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

/** Both together. */
export function addTallies(one: Tally | undefined, other: Tally): Tally {
  if (one === undefined) return other;
  return { times: one.times + other.times, lastAt: one.lastAt > other.lastAt ? one.lastAt : other.lastAt };
}
