import { noon } from "../make";

/** The clock of a stand-in broker. */
export interface BrokerClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once `at` has come. Returns a function that cancels it. */
  wakeAt(at: number, callback: () => void): () => void;
}

/** The real time; its timers keep no process alive. */
export const realClock: BrokerClock = {
  now: Date.now,
  wakeAt: (at, callback) => {
    const timer = setTimeout(callback, at - Date.now());
    timer.unref();
    return () => clearTimeout(timer);
  },
};

interface Wake {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands at noon until somebody moves it. */
export class ManualClock implements BrokerClock {
  #time = noon;
  readonly #wakes = new Set<Wake>();

  now(): number {
    return this.#time;
  }

  wakeAt(at: number, callback: () => void): () => void {
    const wake = { at, callback };
    this.#wakes.add(wake);
    return () => void this.#wakes.delete(wake);
  }

  /** Moves on by `ms`, and calls back whoever wanted to be woken on the way, in the order of their times. */
  passTime(ms: number): void {
    const target = this.#time + ms;
    for (;;) {
      const next = [...this.#wakes].filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#wakes.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.callback();
    }
    this.#time = target;
  }
}
