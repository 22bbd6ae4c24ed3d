import type { Clock } from "../core/ports";
import type { SyncPhase } from "../core/sync-task";

/** How long each phase of a task took; a phase that comes again adds up. */
export class Stopwatch {
  readonly #now: Clock;
  readonly #spent = new Map<SyncPhase, number>();
  #last: number;

  constructor(now: Clock) {
    this.#now = now;
    this.#last = now();
  }

  /** The time since the last lap was spent in `phase`. */
  lap(phase: SyncPhase): void {
    const now = this.#now();
    this.#spent.set(phase, (this.#spent.get(phase) ?? 0) + now - this.#last);
    this.#last = now;
  }

  /** Milliseconds by phase. */
  get phases(): Readonly<Partial<Record<SyncPhase, number>>> {
    return Object.fromEntries(this.#spent);
  }
}
