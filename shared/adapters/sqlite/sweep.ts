import type { StatementResultingChanges } from "node:sqlite";
import type { Log } from "../../core/ports";
import type { GroupCommit } from "./group-commit";

const SWEEP_EVERY_MS = 1000;

/** Rows that one transaction deletes at most, and transactions of one sweep: nobody waits long, and 10,000 rows a second go. */
export const SWEEP_ROWS = 500;
const MAX_GROUPS = 20;

/** Something with rows that come of age. */
export interface Sweepable {
  /** Deletes some of them; the rest goes next time. */
  sweep(): Promise<void>;
}

/** Repeats `deleteSome`, which deletes up to `rows` rows, until it finds no more or has done its share. */
export async function sweepInGroups(
  commits: GroupCommit,
  deleteSome: () => StatementResultingChanges,
  rows = SWEEP_ROWS,
): Promise<void> {
  for (let group = 0; group < MAX_GROUPS; group++) {
    const { changes } = await commits.run(deleteSome);
    if (Number(changes) < rows) return;
  }
}

/** Sweeps each second. Answers a function that ends it, and resolves when the last sweep is over. */
export function startSweeper(stores: readonly Sweepable[], log?: Log): () => Promise<void> {
  let sweeping: Promise<void> | undefined;
  const sweep = async (): Promise<void> => {
    try {
      for (const store of stores) await store.sweep();
    } catch (error) {
      log?.("warn", "store.sweep_failed", { error: String(error) });
    }
    sweeping = undefined;
  };
  const timer = setInterval(() => {
    sweeping ??= sweep();
  }, SWEEP_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}
