import type { EventQueue } from "../core/ports";
import type { ListProgress, SyncWork } from "../core/sync-task";
import type { RunEnd } from "./task-runner";
import { toWorkMessage } from "./work-message";

/** What was on one page, and what became of it. */
export interface PageTally {
  readonly records: number;
  /** Here already, as new as at the provider. */
  readonly present: number;
  /** Brought up to date, or asked for again. */
  readonly repaired: number;
  /** By reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** What has to be tried again by itself. */
  readonly again: readonly SyncWork[];
  /** Where the next page begins; absent on the last. */
  readonly cursor?: string;
  /** ISO 8601. */
  readonly rewoundTo?: string;
}

/** What one page came to. */
export interface PageOutcome {
  readonly progress: ListProgress;
  /** Records that have to be tried again by themselves: to be queued before the progress is saved, or a crash loses them. */
  readonly again: readonly SyncWork[];
  /** The next page: to be queued after the progress is saved, so that no page is counted twice. */
  readonly next?: SyncWork;
  /** The page was done before, and its progress is saved. */
  readonly isKnown: boolean;
}

/** Does the page that the work is at, unless it was done before, and adds it to what is known of the earlier ones. */
export async function runPage(
  work: SyncWork,
  known: ListProgress | undefined,
  doPage: () => Promise<PageTally>,
): Promise<PageOutcome> {
  const before = known ?? emptyProgress(work);
  const pageNumber = work.page ?? 0;
  // Killed after its records were counted: what comes next may still have to be asked for. Of an earlier page, it has been.
  if (before.pages > pageNumber) {
    const isLast = before.pages === pageNumber + 1;
    return { progress: before, again: [], isKnown: true, ...(isLast ? nextPage(work, before.cursor) : {}) };
  }
  const tally = await doPage();
  const { cursor: _, ...counted } = before;
  const progress: ListProgress = {
    ...counted,
    pages: pageNumber + 1,
    records: before.records + tally.records,
    present: (before.present ?? 0) + tally.present,
    repaired: (before.repaired ?? 0) + tally.repaired,
    failures: sumOf(before.failures, tally.failures),
    ...(tally.rewoundTo === undefined ? {} : { rewoundTo: tally.rewoundTo }),
    ...(tally.cursor === undefined ? {} : { cursor: tally.cursor }),
  };
  return { progress, again: tally.again, isKnown: false, ...nextPage(work, tally.cursor) };
}

/** How a task ends that did a page: it goes on with the next one, or is completed. */
export async function endOfPage(
  queue: Pick<EventQueue, "send">,
  { progress, again, next, isKnown }: PageOutcome,
): Promise<RunEnd> {
  if (again.length > 0) await queue.send(again.map(toWorkMessage));
  const status = next === undefined ? "completed" : "running";
  return {
    ...(isKnown ? {} : { changes: { status, source: "provider", progress } }),
    ...(next === undefined ? {} : { afterwards: () => queue.send([toWorkMessage(next)]) }),
  };
}

/** ISO 8601: from when on the work is interested; the beginning of time where it does not say. */
export function sinceOf({ since }: SyncWork): string {
  return since ?? new Date(0).toISOString();
}

function emptyProgress(work: SyncWork): ListProgress {
  const until = work.until === undefined ? {} : { until: work.until };
  return { since: sinceOf(work), ...until, pages: 0, records: 0, failures: {} };
}

function sumOf(known: ListProgress["failures"], added: ListProgress["failures"]): ListProgress["failures"] {
  const sums = Object.entries(added).map(([reason, times]) => [reason, (known[reason] ?? 0) + times] as const);
  return { ...known, ...Object.fromEntries(sums) };
}

function nextPage(work: SyncWork, cursor: string | undefined): Pick<PageOutcome, "next"> {
  return cursor === undefined ? {} : { next: { ...work, cursor, page: (work.page ?? 0) + 1 } };
}
