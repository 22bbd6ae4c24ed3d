import {
  type Activity,
  type ActivityCount,
  type ActivityNote,
  BUCKET_MS,
  type Counts,
  type FailureNote,
} from "./activity";
import type { NoticeName, NoticeRecord, NoticeRecords } from "./provider-notice";
import { BURST_MS, type Rhythm, withArrival } from "./rhythm";
import { addUses, type SecretUse, type SecretUses, usedOnce } from "./rotation";
import { addTallies } from "./tally";
import { mergeUnrouted, unroutedOnce, type UnroutedTallies } from "./unrouted";

const KEPT_REASONS = 10;
const failures: ReadonlySet<ActivityCount> = new Set(["refused", "syncFailed", "dead"]);
const genuine: ReadonlySet<ActivityCount> = new Set(["accepted", "duplicate", "ignored", "handshake", "routed"]);
/** Repetitions and handshakes come at times of their own, from which nothing can be learned. */
const regular: ReadonlySet<ActivityCount> = new Set(["accepted", "ignored", "routed"]);

/** Notes gathered in memory, as the change that they make: its size grows with time, not with their number. */
export class ActivityDelta {
  readonly #buckets = new Map<number, Partial<Record<ActivityCount, number>>>();
  #lastEventAt = 0;
  #lastFailureAt = 0;
  #refused: Row = { reset: false, inRow: 0 };
  #syncFailures: Row = { reset: false, inRow: 0 };
  #reasons: FailureNote[] = [];
  #notices: NoticeRecords = {};
  /** In milliseconds since 1970; at most one a minute. */
  readonly #arrivals: number[] = [];
  #unrouted: UnroutedTallies = {};
  #secretUses: SecretUses | undefined;

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
    if (regular.has(count)) this.#addArrival(at);
    if (genuine.has(count)) {
      this.#lastEventAt = Math.max(this.#lastEventAt, at);
      this.#refused = startOver;
    } else if (count === "synced") {
      this.#syncFailures = startOver;
    } else if (failures.has(count)) {
      this.#addFailure(note);
    }
  }

  /** Adds which secret a delivery was signed with, after all that was added before. */
  addSecretUse(use: SecretUse): void {
    this.#secretUses = addUses(this.#secretUses, usedOnce(use));
  }

  /** Adds a change that came after this one. */
  append(later: ActivityDelta): void {
    for (const [start, counts] of later.#buckets) this.#buckets.set(start, sumOf(this.#buckets.get(start), counts));
    this.#lastEventAt = Math.max(this.#lastEventAt, later.#lastEventAt);
    this.#lastFailureAt = Math.max(this.#lastFailureAt, later.#lastFailureAt);
    this.#refused = rowAfter(this.#refused, later.#refused);
    this.#syncFailures = rowAfter(this.#syncFailures, later.#syncFailures);
    this.#reasons = [...later.#reasons, ...this.#reasons].slice(0, KEPT_REASONS);
    this.#notices = later.#noticesWith(this.#notices).notices ?? {};
    this.#unrouted = mergeUnrouted(this.#unrouted, later.#unrouted);
    if (later.#secretUses) this.#secretUses = addUses(this.#secretUses, later.#secretUses);
    for (const at of later.#arrivals) this.#addArrival(at);
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
      ...(this.#secretUses && { secretUses: addUses(activity.secretUses, this.#secretUses) }),
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

  #addArrival(at: number): void {
    if (at - (this.#arrivals.at(-1) ?? -Infinity) >= BURST_MS) this.#arrivals.push(at);
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
    for (const [start, counts] of this.#buckets) buckets[start] = sumOf(buckets[start], counts);
    return buckets;
  }
}

function sumOf(known: Counts | undefined, added: Counts): Counts {
  const sums = Object.entries(added).map(([count, times]) => [count, times + (known?.[count as ActivityCount] ?? 0)]);
  return { ...known, ...(Object.fromEntries(sums) as Counts) };
}

/** Failures in a row, since the last success within the same change. */
interface Row {
  readonly reset: boolean;
  readonly inRow: number;
}

function rowAfter(earlier: Row, later: Row): Row {
  return later.reset ? later : { reset: earlier.reset, inRow: earlier.inRow + later.inRow };
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
