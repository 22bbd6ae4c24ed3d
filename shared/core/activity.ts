import type { Document } from "./ports";
import type { NoticeName, NoticeRecord, NoticeRecords } from "./provider-notice";
import { BURST_MS, type Rhythm, withArrival } from "./rhythm";
import { addTallies } from "./tally";
import { mergeUnrouted, unroutedOnce, type UnroutedTallies } from "./unrouted";

/** What is counted about a registration's deliveries and events. */
export const activityCounts = [
  "accepted",
  "duplicate",
  "ignored",
  "handshake",
  "refused",
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
const KEPT_REASONS = 10;
const failures: ReadonlySet<ActivityCount> = new Set(["refused", "syncFailed", "dead"]);
const genuine: ReadonlySet<ActivityCount> = new Set(["accepted", "duplicate", "ignored", "handshake", "routed"]);
/** Repetitions and handshakes come at times of their own, from which nothing can be learned. */
const regular: ReadonlySet<ActivityCount> = new Set(["accepted", "ignored", "routed"]);

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

/** Notes gathered in memory, as the change that they make: its size grows with time, not with their number. */
export class ActivityDelta {
  readonly #buckets = new Map<number, Partial<Record<ActivityCount, number>>>();
  #lastEventAt = 0;
  #lastFailureAt = 0;
  #refused = { reset: false, inRow: 0 };
  #syncFailures = { reset: false, inRow: 0 };
  #reasons: FailureNote[] = [];
  #notices: NoticeRecords = {};
  /** In milliseconds since 1970; at most one a minute. */
  readonly #arrivals: number[] = [];
  #unrouted: UnroutedTallies = {};

  /** Adds something that happened after all that was added before. */
  add(note: ActivityNote): void {
    const { at, count } = note;
    for (const name of note.notices ?? []) {
      this.#notices = withNotice(this.#notices, name, { times: 1, lastAt: new Date(at).toISOString() });
    }
    if (note.unrouted) this.#unrouted = mergeUnrouted(this.#unrouted, unroutedOnce(note.unrouted, at));
    const start = Math.floor(at / BUCKET_MS) * BUCKET_MS;
    const counts = this.#buckets.get(start);
    if (counts) counts[count] = (counts[count] ?? 0) + 1;
    else this.#buckets.set(start, { [count]: 1 });
    if (regular.has(count) && at - (this.#arrivals.at(-1) ?? -Infinity) >= BURST_MS) this.#arrivals.push(at);
    if (genuine.has(count)) {
      this.#lastEventAt = Math.max(this.#lastEventAt, at);
      this.#refused = startOver;
    } else if (count === "synced") {
      this.#syncFailures = startOver;
    } else if (failures.has(count)) {
      this.#addFailure(note);
    }
  }

  /** The activity with this change made to it, and without the buckets that left the window (`windowMs` long). */
  applyTo(activity: Activity, windowMs: number): Activity {
    const newest = Math.max(0, ...this.#buckets.keys());
    const buckets = Object.entries(activity.buckets).filter(([start]) => Number(start) + BUCKET_MS > newest - windowMs);
    return {
      ...activity,
      buckets: this.#addCounts(Object.fromEntries(buckets)),
      ...laterOf("lastEventAt", activity.lastEventAt, this.#lastEventAt),
      ...laterOf("lastFailureAt", activity.lastFailureAt, this.#lastFailureAt),
      refusedInRow: this.#refused.inRow + (this.#refused.reset ? 0 : activity.refusedInRow),
      syncFailuresInRow: this.#syncFailures.inRow + (this.#syncFailures.reset ? 0 : activity.syncFailuresInRow),
      failureReasons: [...this.#reasons, ...activity.failureReasons].slice(0, KEPT_REASONS),
      ...this.#noticesWith(activity.notices),
      ...this.#rhythmAfter(activity),
      ...this.#unroutedWith(activity.unrouted),
    };
  }

  #rhythmAfter({ rhythm: known }: Activity): Pick<Activity, "rhythm"> {
    const rhythm = this.#arrivals.reduce<Rhythm | undefined>(withArrival, known);
    return rhythm === undefined ? {} : { rhythm };
  }

  #unroutedWith(known: UnroutedTallies | undefined): Pick<Activity, "unrouted"> {
    const hasMore = Object.keys(this.#unrouted).length > 0;
    return hasMore ? { unrouted: mergeUnrouted(known ?? {}, this.#unrouted) } : {};
  }

  /** Nothing where there never was a notice, as with nearly every webhook. */
  #noticesWith(known: NoticeRecords | undefined): Pick<Activity, "notices"> {
    const names = Object.keys(this.#notices) as readonly NoticeName[]; // only `add` sets fields, by such names
    const notices = names.reduce((all, name) => withNotice(all, name, this.#notices[name]), known ?? {});
    return known === undefined && names.length === 0 ? {} : { notices };
  }

  #addFailure({ at, count, reason = count, detail }: ActivityNote): void {
    this.#lastFailureAt = Math.max(this.#lastFailureAt, at);
    const row = count === "refused" ? this.#refused : this.#syncFailures;
    const next = { reset: row.reset, inRow: row.inRow + 1 };
    if (count === "refused") this.#refused = next;
    else this.#syncFailures = next;
    const note = { at: new Date(at).toISOString(), reason, ...(detail === undefined ? {} : { detail }) };
    this.#reasons = [note, ...this.#reasons].slice(0, KEPT_REASONS);
  }

  #addCounts(buckets: Record<string, Counts>): Activity["buckets"] {
    for (const [start, counts] of this.#buckets) {
      const known = buckets[start] ?? {};
      const sums = Object.entries(counts).map(([count, times]) => [
        count,
        times + (known[count as ActivityCount] ?? 0),
      ]);
      buckets[start] = { ...known, ...(Object.fromEntries(sums) as Counts) };
    }
    return buckets;
  }
}

function withNotice(known: NoticeRecords, name: NoticeName, added: NoticeRecord | undefined): NoticeRecords {
  return added === undefined ? known : { ...known, [name]: addTallies(known[name], added) };
}

const startOver = { reset: true, inRow: 0 } as const;

function laterOf(name: "lastEventAt" | "lastFailureAt", known: string | undefined, at: number): Partial<Activity> {
  if (at === 0) return {};
  const time = new Date(at).toISOString();
  return { [name]: known !== undefined && known > time ? known : time };
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
