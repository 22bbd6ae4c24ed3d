/**
 * How regularly deliveries of a webhook arrive: a histogram of the intervals between them, in classes of half an octave,
 * whose older part fades. It is small, and an arrival costs no more than a few additions.
 */
export interface Rhythm {
  /** The first arrival, in milliseconds since 1970. */
  readonly since: number;
  /** The last arrival that was counted, in milliseconds since 1970. */
  readonly lastAt: number;
  /** By class: how many intervals, and their sum in milliseconds, both faded. */
  readonly intervals: Readonly<Record<string, readonly [count: number, totalMs: number]>>;
}

/** What a rhythm says of silences. In milliseconds. */
export interface UsualSilence {
  /** The interval that half of all are shorter than. */
  readonly usualMs: number;
  /** The pause that hardly ever is exceeded: a night or a weekend, where there are such. */
  readonly longestMs: number;
  /** From then on silence is alarming. */
  readonly alarmingMs: number;
}

/** What follows within a minute belongs to the same burst: a thousand deliveries at once say no more than one. */
export const BURST_MS = 60_000;
const DAY_MS = 86_400_000;
/** An interval counts half as much after four weeks, so that a webhook may change its ways. */
const HALF_LIFE_MS = 28 * DAY_MS;
/** After so long a pause everything is learned anew. */
const FORGOTTEN_MS = 4 * HALF_LIFE_MS;
const CLASSES_PER_OCTAVE = 2;
/** Less says nothing. A week has seen every night and a weekend. */
const LEAST_INTERVALS = 10;
const LEAST_SPAN_MS = 7 * DAY_MS;
/**
 * Of all the time that was spent between deliveries, so much was spent in intervals no longer than the longest usual one.
 * Weighed by time a few nights outweigh thousands of short intervals by day, as they should: silence has to be longer than
 * any pause that is a habit.
 */
const USUAL_SHARE = 0.99;
const MARGIN = 1.5;
const LEAST_ALARMING_MS = 3_600_000;
/** A class with less in it has faded away. */
const LEAST_COUNT = 0.001;
/** One outage must not teach that outages are usual: a longer silence than this many alarming ones counts as such. */
const LONGEST_COUNTED = 2;

/** The rhythm with an arrival (milliseconds since 1970) counted in. */
export function withArrival(rhythm: Rhythm | undefined, at: number): Rhythm {
  const interval = at - (rhythm?.lastAt ?? -Infinity);
  if (rhythm === undefined || interval > FORGOTTEN_MS) return { since: at, lastAt: at, intervals: {} };
  if (interval < BURST_MS) return rhythm;
  const { alarmingMs = Infinity } = usualSilence(rhythm) ?? {};
  const counted = Math.min(interval, alarmingMs * LONGEST_COUNTED);
  const name = String(Math.floor(Math.log2(counted / BURST_MS) * CLASSES_PER_OCTAVE));
  const faded = fade(rhythm.intervals, interval);
  const [count, totalMs] = faded[name] ?? [0, 0];
  return { ...rhythm, lastAt: at, intervals: { ...faded, [name]: [count + 1, totalMs + counted] } };
}

/** Eight digits are enough, and are half as long in the document. */
function fade(intervals: Rhythm["intervals"], elapsedMs: number): Rhythm["intervals"] {
  const factor = 0.5 ** (elapsedMs / HALF_LIFE_MS);
  const brief = (value: number): number => Number((value * factor).toPrecision(8));
  const faded = Object.entries(intervals).map(
    ([name, [count, totalMs]]) => [name, [brief(count), brief(totalMs)] as const] as const,
  );
  return Object.fromEntries(faded.filter(([, [count]]) => count >= LEAST_COUNT));
}

/** `undefined` until enough was learned to speak. */
export function usualSilence(rhythm: Rhythm | undefined): UsualSilence | undefined {
  if (rhythm === undefined || rhythm.lastAt - rhythm.since < LEAST_SPAN_MS) return undefined;
  const classes = Object.entries(rhythm.intervals)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, [count, totalMs]]) => ({ count, totalMs, meanMs: wholeSeconds(totalMs / count) }));
  if (sum(classes.map(({ count }) => count)) < LEAST_INTERVALS) return undefined;
  const usualMs = quantile(
    classes.map(({ count, meanMs }) => [count, meanMs]),
    0.5,
  );
  const longestMs = quantile(
    classes.map(({ totalMs, meanMs }) => [totalMs, meanMs]),
    USUAL_SHARE,
  );
  return { usualMs, longestMs, alarmingMs: Math.max(longestMs * MARGIN, LEAST_ALARMING_MS) };
}

/** What was rounded when it faded must not show: 20 minutes are not 19.99. */
function wholeSeconds(ms: number): number {
  return Math.round(ms / 1000) * 1000;
}

/** The first value, in ascending order, by which the share of all weight is reached. */
function quantile(weighed: readonly (readonly [weight: number, value: number])[], share: number): number {
  let missing = sum(weighed.map(([weight]) => weight)) * share;
  for (const [weight, value] of weighed) {
    missing -= weight;
    if (missing <= 0) return value;
  }
  return weighed.at(-1)?.[1] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
