import type { Clock } from "../core/ports";
import type { SyncPhase } from "../core/sync-task";
import type { Tracer } from "../core/tracing";

/** What a stopwatch goes by. */
export interface StopwatchParts {
  readonly now: Clock;
  /** Absent: phases are timed, and no spans. */
  readonly tracer?: Tracer | undefined;
}

/** How long each phase of a task took; a phase that comes again adds up. */
export class Stopwatch {
  readonly #parts: StopwatchParts;
  readonly #spent = new Map<SyncPhase, number>();
  /** Of the phase under way: what was spent in phases within it, which count for themselves. */
  #within = 0;

  constructor(parts: StopwatchParts) {
    this.#parts = parts;
  }

  /** Does the work as part of `phase`. */
  async time<T>(phase: SyncPhase, work: () => T | Promise<T>): Promise<T> {
    const { now, tracer } = this.#parts;
    const [startedAt, before] = [now(), this.#within];
    this.#within = 0;
    try {
      return await (tracer ? tracer.run(`sync_task.${phase}`, { kind: "internal" }, work) : work());
    } finally {
      const spent = now() - startedAt;
      this.#spent.set(phase, (this.#spent.get(phase) ?? 0) + spent - this.#within);
      this.#within = before + spent;
    }
  }

  /** Milliseconds by phase. */
  get phases(): Readonly<Partial<Record<SyncPhase, number>>> {
    return Object.fromEntries(this.#spent);
  }
}
