import type { GapWatch, RepairNote } from "./repair";
import type { Document } from "./ports";
import type { NoticeName, NoticeRecords } from "./provider-notice";
import type { Rhythm } from "./rhythm";
import type { SecretUses } from "./rotation";
import type { UnroutedTallies } from "./unrouted";

/**
 * What is counted about a registration's deliveries and events. `throttled` are those that could not be verified, as `refused`,
 * from an address that had sent too many of them: they are neither explained nor recorded.
 */
export const activityCounts = [
  "accepted",
  "duplicate",
  "ignored",
  "handshake",
  "refused",
  "throttled",
  "rateLimited",
  "unavailable",
  "routed",
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
  /** What was found out about this one failure, in a sentence or two. */
  readonly detail?: string;
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
  /** What the provider told about the webhook itself. */
  readonly notices?: NoticeRecords;
  /** How regularly deliveries arrive; absent before the first one. */
  readonly rhythm?: Rhythm;
  /** Of a shared webhook: whose deliveries were for nobody. */
  readonly unrouted?: UnroutedTallies;
  /** Which gaps were looked after; absent where there never was one. */
  readonly gaps?: GapWatch;
  /** The repair that ended last. */
  readonly lastRepair?: RepairNote;
  /** Which secret deliveries were signed with during the last rotation; absent where there never was one. */
  readonly secretUses?: SecretUses;
  /** What the health timer last found, so that it reports changes only. */
  readonly reportedStatus?: string;
}

/** Something that happened. Times in milliseconds since 1970. */
export interface ActivityNote {
  readonly at: number;
  readonly count: ActivityCount;
  /** The refusal or failure code, where it is one. */
  readonly reason?: string;
  readonly detail?: string;
  readonly notices?: readonly NoticeName[];
  /** Accounts whose delivery was for nobody. */
  readonly unrouted?: readonly string[];
}

/** Buckets are five minutes wide. */
export const BUCKET_MS = 5 * 60_000;

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

/** The sum of the buckets that lie within `windowMs` before `now`. */
export function countsInWindow(activity: Activity, now: number, windowMs: number): Record<ActivityCount, number> {
  const sums = Object.fromEntries(activityCounts.map((count) => [count, 0])) as Record<ActivityCount, number>;
  for (const [start, counts] of Object.entries(activity.buckets)) {
    if (Number(start) + BUCKET_MS <= now - windowMs) continue;
    for (const count of activityCounts) sums[count] += counts[count] ?? 0;
  }
  return sums;
}
