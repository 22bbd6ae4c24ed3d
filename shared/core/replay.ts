import type { DeliveryLine, SearchableField } from "./delivery";
import { newestFirst } from "./newest-first";
import type { Document } from "./ports";

/** `failed`: it was given up, after an outage that lasted too long. */
export const replayStatuses = ["planned", "running", "completed", "cancelled", "failed"] as const;

/** One of {@link replayStatuses}. */
export type ReplayStatus = (typeof replayStatuses)[number];

/** What could not be replayed: how many, by reason. */
export type ReplayGaps = Readonly<Record<string, number>>;

/** What a plan found in the delivery log. */
export interface ReplayCounts {
  /** Lines that the search found. */
  readonly matched: number;
  readonly replayable: number;
  readonly notReplayable: ReplayGaps;
  /** ISO 8601: receipt of the first and the last that can be replayed; absent where there is none. */
  readonly oldest?: string;
  readonly newest?: string;
  /** The ten oldest that can be replayed. */
  readonly sample: readonly DeliveryLine[];
}

/** How far a run has come. */
export interface ReplayProgress {
  /** Pages of the log that are done. */
  readonly pages: number;
  /** Where the next one begins. */
  readonly cursor?: string;
  /** The lines of the page that is being done, or was done last. */
  readonly pending?: readonly string[];
  /** Events that were put on the queue, with those of that page. */
  readonly queued: number;
  readonly skipped: ReplayGaps;
}

/**
 * A search of the delivery log of which all events are to be replayed. First a plan, which disappears within the hour;
 * once it is run, a report. Partition: the tenant key. Ids sort newest first.
 */
export interface Replay extends Document, ReplayCounts, ReplayProgress {
  readonly status: ReplayStatus;
  readonly fields: Partial<Pick<DeliveryLine, SearchableField>>;
  /** ISO 8601, both included. What comes in after the plan is not part of it. */
  readonly since: string;
  readonly until: string;
  readonly plannedAt: string;
  readonly plannedBy: string;
  readonly ratePerSecond?: number;
  readonly startedAt?: string;
  readonly startedBy?: string;
  readonly finishedAt?: string;
  readonly cancelledBy?: string;
  /** Why it failed; a code. */
  readonly reason?: string;
}

/** An id that sorts before those of earlier plans (`plannedAt`, ISO 8601). */
export function replayIdOf(plannedAt: string, name: string): string {
  return `replay-${newestFirst(plannedAt)}-${name}`;
}

/** Why the event of a line cannot be replayed; `undefined` where it can. */
export function gapOf({ verdict, outcome, replayable }: DeliveryLine): string | undefined {
  if (replayable) return undefined;
  if (verdict !== "accepted") return verdict;
  return outcome === "discarded" || outcome === "held" ? outcome : "not_kept";
}

/** The sums of two counts by reason. */
export function addGaps(known: ReplayGaps, added: readonly string[]): ReplayGaps {
  const sums = new Map(Object.entries(known));
  for (const reason of added) sums.set(reason, (sums.get(reason) ?? 0) + 1);
  return Object.fromEntries(sums);
}
