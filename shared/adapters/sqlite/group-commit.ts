import type { DatabaseSync } from "node:sqlite";
import { isWebhookError, WebhookError } from "../../core/errors";

/** A piece of work that waits for the next transaction. */
interface Work {
  readonly run: () => unknown;
  /** Called, in the same turn, whenever the transaction in which `run` ran, or would have run, is rolled back. */
  readonly undo: () => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const nothing = (): void => undefined;

/** What became of a piece of work within its transaction. */
type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** A bound on how long one transaction holds up the event loop. */
const MAX_GROUP = 512;
/** While each turn brings more work, the group waits for it, but no longer than this: an fsync costs more. */
const MAX_WAIT_MS = 2;

/**
 * Gathers all writes of a turn of the event loop into one transaction, so that they share one fsync. Each waiter is
 * answered only after the commit has returned.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  #pending: Work[] = [];
  #scheduled = false;
  #oldestAt = 0;
  #closed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Runs `work` in the next transaction and resolves with its result once that is on disk. A `WebhookError` thrown by it
   * must mean that it changed nothing: it concerns its own waiter alone. `undo` takes back what `work` noted in memory; it
   * is called before the work is tried again by itself, and before anybody is told that it failed.
   * @throws {Error} of the database, if the work fails by itself as well as in its group
   */
  run<T>(work: () => T, undo: () => void = nothing): Promise<T> {
    if (this.#closed) return Promise.reject(new WebhookError("store_unavailable", { detail: "closed" }));
    return new Promise<T>((resolve, reject) => {
      // The result that comes back is the one that `work` returned.
      this.#pending.push({ run: work, undo, resolve: resolve as (result: unknown) => void, reject });
      this.#wake();
    });
  }

  /** Commits what waits and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#pending.length > 0) {
      this.#flush();
      await Promise.resolve();
    }
  }

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#oldestAt = performance.now();
    setImmediate(() => this.#flushOrWait(0));
  }

  #flushOrWait(seen: number): void {
    const count = this.#pending.length;
    const mayGrow = count > seen && count < MAX_GROUP && performance.now() - this.#oldestAt < MAX_WAIT_MS;
    if (mayGrow && !this.#closed) {
      setImmediate(() => this.#flushOrWait(count));
      return;
    }
    this.#scheduled = false;
    this.#flush();
    if (this.#pending.length > 0) this.#wake();
  }

  #flush(): void {
    const group = this.#pending.length > MAX_GROUP ? this.#pending.splice(0, MAX_GROUP) : this.#pending;
    if (group === this.#pending) this.#pending = [];
    if (group.length === 0) return;
    try {
      const outcomes = this.#commit(group);
      for (const [index, work] of group.entries()) settle(work, outcomes[index]);
    } catch (error) {
      if (group.length === 1) group[0]?.reject(error);
      else this.#oneByOne(group);
    }
  }

  #commit(group: readonly Work[]): Outcome[] {
    try {
      this.#database.exec("begin immediate");
      const outcomes = group.map(attempt);
      this.#database.exec("commit");
      return outcomes;
    } catch (error) {
      this.#rollBack();
      for (const work of group) work.undo();
      throw error;
    }
  }

  /** One piece of work spoiled the group, or the group as a whole was too much: each gets a transaction of its own. */
  #oneByOne(group: readonly Work[]): void {
    for (const work of group) {
      try {
        settle(work, this.#commit([work])[0]);
      } catch (error) {
        work.reject(error);
      }
    }
  }

  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec("rollback");
    } catch {
      // SQLite has rolled back by itself (a full disk, for one); the error that led here is the one to report.
    }
  }
}

function attempt(work: Work): Outcome {
  try {
    return { result: work.run() };
  } catch (error) {
    if (isWebhookError(error)) return { error };
    throw error;
  }
}

function settle(work: Work, outcome: Outcome | undefined): void {
  if (outcome === undefined) work.reject(new Error("no outcome for a piece of work"));
  else if ("error" in outcome) work.reject(outcome.error);
  else work.resolve(outcome.result);
}
