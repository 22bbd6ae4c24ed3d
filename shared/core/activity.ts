import type { Document } from "./ports";

/** What is counted about a registration's deliveries and events. */
export const activityCounts = [
  "accepted",
  "duplicate",
  "ignored",
  "handshake",
  "refused",
  "rateLimited",
  "unavailable",
  "synced",
  "syncFailed",
  "dead",
] as const;

/** One of {@link activityCounts}. */
export type ActivityCount = (typeof activityCounts)[number];

/** Counts by what they count; a missing one is 0. */
export type Counts = Readonly<Partial<Record<ActivityCount, number>>>;

/** A failure as the owner sees it: a code, never a payload. */
export interface FailureNote {
  readonly at: string;
  readonly reason: string;
}

/**
 * What happened to one registration lately: counters in buckets of the sliding window, and the last events.
 * One document a registration, `id` = registration id. It is a report: losing a second of it in a crash loses no event.
 */
export interface Activity extends Document {
  /** Counts by the start of their bucket, in milliseconds since 1970. */
  readonly buckets: Readonly<Record<string, Counts>>;
  readonly lastEventAt?: string;
  readonly lastFailureAt?: string;
  /** Refused deliveries since the last genuine one. */
  readonly refusedInRow: number;
  /** Failed synchronisations since the last one that worked. */
  readonly syncFailuresInRow: number;
  /** The last ten, newest first. */
  readonly failureReasons: readonly FailureNote[];
  /** What the health timer last found, so that it reports changes only. */
  readonly reportedStatus?: string;
}

/** Something that happened, to be added to an {@link Activity}. Times in milliseconds since 1970. */
export interface ActivityNote {
  readonly at: number;
  readonly count: ActivityCount;
  /** The refusal or failure code, where it is one. */
  readonly reason?: string;
}

/** Buckets are five minutes wide. */
export const BUCKET_MS = 5 * 60_000;
const KEPT_REASONS = 10;
const failures: ReadonlySet<ActivityCount> = new Set(["refused", "syncFailed", "dead"]);
const genuine: ReadonlySet<ActivityCount> = new Set(["accepted", "duplicate", "ignored", "handshake"]);

/** An activity with nothing in it yet. */
export function emptyActivity(key: { readonly registrationId: string; pk: string; tenantId: string }): Activity {
  return {
    id: key.registrationId,
    pk: key.pk,
    tenantId: key.tenantId,
    schemaVersion: 1,
    buckets: {},
    refusedInRow: 0,
    syncFailuresInRow: 0,
    failureReasons: [],
  };
}

/** The activity with the notes added in their order, and without the buckets that left the window (`windowMs` long). */
export function addNotes(activity: Activity, notes: readonly ActivityNote[], windowMs: number): Activity {
  const added = notes.reduce(addNote, activity);
  const newest = Math.max(0, ...notes.map((note) => note.at));
  const kept = Object.entries(added.buckets).filter(([start]) => Number(start) + BUCKET_MS > newest - windowMs);
  return { ...added, buckets: Object.fromEntries(kept) };
}

function addNote(activity: Activity, note: ActivityNote): Activity {
  const at = new Date(note.at).toISOString();
  const failed = failures.has(note.count);
  const isGenuine = genuine.has(note.count);
  return {
    ...activity,
    buckets: countIn(activity.buckets, note),
    ...(isGenuine ? { lastEventAt: later(activity.lastEventAt, at) } : {}),
    ...(failed ? { lastFailureAt: later(activity.lastFailureAt, at) } : {}),
    refusedInRow: note.count === "refused" ? activity.refusedInRow + 1 : isGenuine ? 0 : activity.refusedInRow,
    syncFailuresInRow: syncFailuresAfter(activity.syncFailuresInRow, note.count),
    failureReasons: failed
      ? [{ at, reason: note.reason ?? note.count }, ...activity.failureReasons].slice(0, KEPT_REASONS)
      : activity.failureReasons,
  };
}

function countIn(buckets: Activity["buckets"], note: ActivityNote): Activity["buckets"] {
  const start = String(Math.floor(note.at / BUCKET_MS) * BUCKET_MS);
  const counts = buckets[start] ?? {};
  return { ...buckets, [start]: { ...counts, [note.count]: (counts[note.count] ?? 0) + 1 } };
}

function syncFailuresAfter(inRow: number, count: ActivityCount): number {
  if (count === "synced") return 0;
  return count === "syncFailed" || count === "dead" ? inRow + 1 : inRow;
}

function later(known: string | undefined, at: string): string {
  return known !== undefined && known > at ? known : at;
}

/** The sum of the buckets that lie within `windowMs` before `now`. */
export function countsInWindow(activity: Activity, now: number, windowMs: number): Record<ActivityCount, number> {
  const sums = Object.fromEntries(activityCounts.map((count) => [count, 0])) as Record<ActivityCount, number>;
  for (const [start, counts] of Object.entries(activity.buckets)) {
    if (Number(start) + BUCKET_MS <= now - windowMs) continue;
    for (const count of activityCounts) sums[count] += counts[count] ?? 0;
  }
  return sums;
}
