import { type Activity, BUCKET_MS } from "./activity";
import type { Provisioning } from "./provisioning";
import type { Gap, GapWatch } from "./repair";
import { later, silenceOf } from "./silence";

/** What there is to repair, and what is to be noted once that has begun. */
export interface GapFindings {
  readonly gaps: readonly Gap[];
  readonly watch: GapWatch;
}

/** Clocks differ, and a provider's time of change is a little before that of its delivery. */
const MARGIN_MS = 60_000;
/** While a silence lasts, what changed meanwhile is fetched so often. */
const SILENCE_STEP_MS = 24 * 3_600_000;
/** After so long without a 503, or without a word of dropped events, it is over. */
const QUIET_MS = BUCKET_MS;
/** A provider that drops events says so minute by minute; how long before its last word it began is not kept. */
const DROPPING_MS = 3_600_000;

/** What is known of a webhook. */
export interface Situation {
  readonly activity: Activity;
  /** How it stands at its provider, where we set it up. */
  readonly provisioning?: Provisioning | undefined;
  /** ISO 8601: when it was switched on again, if it ever was off. */
  readonly activatedAt?: string | undefined;
  /** It holds what comes in, and answers 503 where it can hold no more. */
  readonly isPaused: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Looks at what happened to a webhook for gaps that nobody has looked after yet. */
export function findGaps({ activity, provisioning, activatedAt, isPaused, now }: Situation): GapFindings {
  const facts = { ...activity, provisioning, activatedAt, isPaused };
  return [findSilence, findOutage, findDropped, findExpired].reduce<GapFindings>(
    ({ gaps, watch }, find) => {
      const found = find({ ...facts, gaps: watch }, now);
      return { gaps: [...gaps, ...found.gaps], watch: found.watch };
    },
    { gaps: [], watch: activity.gaps ?? {} },
  );
}

type Facts = Activity & Omit<Situation, "activity" | "now"> & { readonly gaps: GapWatch };
type Finder = (facts: Facts, now: number) => GapFindings;

/** A silence is repaired when it begins to be alarming, each day that it lasts, and when it ends. */
const findSilence: Finder = (activity, now) => {
  const { silence: known, ...rest } = activity.gaps;
  const { lastEventAt = "" } = activity;
  if (known && lastEventAt > known.since) {
    const ended: Gap = { cause: "silence", since: known.until, until: lastEventAt };
    const next = findSilence({ ...activity, gaps: rest }, now);
    return { gaps: [ended, ...next.gaps], watch: next.watch };
  }
  if (silenceOf(activity, activity, now)?.isAlarming !== true) return { gaps: [], watch: activity.gaps };
  if (known && now - Date.parse(known.until) < SILENCE_STEP_MS) return { gaps: [], watch: activity.gaps };
  const until = toTime(now);
  const begun = later(lastEventAt, activity.activatedAt ?? "");
  const since = known ? known.until : toTime(Date.parse(begun) - MARGIN_MS);
  return { gaps: [{ cause: "silence", since, until }], watch: { ...rest, silence: { since: lastEventAt, until } } };
};

/** Only once it is over: until then the provider, or the repair, would meet with the same 503. */
const findOutage: Finder = ({ gaps: watch, buckets, isPaused }, now) => {
  const { outage: known, ...rest } = watch;
  const fresh = Object.entries(buckets)
    .filter(([start, counts]) => (counts.unavailable ?? 0) > 0 && toTime(Number(start)) >= (rest.outagesUntil ?? ""))
    .map(([start]) => Number(start));
  const starts = [...fresh, ...(known ? [Date.parse(known.since)] : [])];
  const ends = [...fresh.map((start) => start + BUCKET_MS), ...(known ? [Date.parse(known.until)] : [])];
  if (starts.length === 0) return { gaps: [], watch };
  const [since, end] = [toTime(Math.min(...starts)), Math.max(...ends)];
  const until = toTime(end);
  if (isPaused || now < end + QUIET_MS) return { gaps: [], watch: { ...rest, outage: { since, until } } };
  return { gaps: [{ cause: "outage", since, until }], watch: { ...rest, outagesUntil: until } };
};

const findDropped: Finder = ({ gaps: watch, notices }, now) => {
  const lastAt = notices?.events_dropped?.lastAt;
  const { droppedUntil = "" } = watch;
  if (lastAt === undefined || lastAt <= droppedUntil) return { gaps: [], watch };
  const last = Date.parse(lastAt);
  if (now < last + QUIET_MS) return { gaps: [], watch };
  const since = [droppedUntil, toTime(last - DROPPING_MS)].sort().at(-1) ?? lastAt;
  const gap: Gap = { cause: "overflow", since, until: toTime(last + MARGIN_MS) };
  return { gaps: [gap], watch: { ...watch, droppedUntil: lastAt } };
};

/** Nothing was sent while a hook was expired, and nothing is before it is there again. */
const findExpired: Finder = ({ gaps: watch, provisioning }, now) => {
  const { expiredAt: known, ...rest } = watch;
  const { expiresAt, state } = provisioning ?? {};
  const isExpired = expiresAt !== undefined && Date.parse(expiresAt) <= now;
  if (isExpired) return { gaps: [], watch: { ...watch, expiredAt: known ?? expiresAt } };
  if (known === undefined || state !== "ready") return { gaps: [], watch };
  return { gaps: [{ cause: "expired", since: known, until: toTime(now) }], watch: rest };
};

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
