import { type CallLog, callsIn, KEPT_SECONDS, noCalls, secondOf, stillCounts } from "../../core/call-log";
import { type LinePlace, placeAfter, type RateLedger, type RateWindow, type Tally } from "../../core/rate-limiter";

const SWEEP_MS = KEPT_SECONDS * 1000;

interface KeptNumber {
  readonly value: number;
  readonly until: number;
}

/** Counts the calls of this process alone. What it holds is bounded by the calls of the last two minutes. */
export class MemoryRateLedger implements RateLedger {
  readonly #logs = new Map<string, Map<number, number>>();
  readonly #numbers = new Map<string, KeptNumber>();
  #sweptAt = -Infinity;

  take(windows: readonly RateWindow[], now: number): Promise<Tally> {
    this.#sweep(now);
    const allowed = windows.every(({ key, limit }) => callsIn(this.#logOf(key), now) < limit);
    if (allowed) for (const { key } of windows) this.#count(key, secondOf(now));
    return Promise.resolve({ allowed, logs: windows.map(({ key }) => new Map(this.#logOf(key))) });
  }

  giveBack(keys: readonly string[], takenAt: number): Promise<void> {
    const second = secondOf(takenAt);
    for (const log of keys.map((key) => this.#logs.get(key))) {
      const calls = log?.get(second) ?? 0;
      if (calls > 1) log?.set(second, calls - 1);
      else log?.delete(second);
    }
    return Promise.resolve();
  }

  read(keys: readonly string[]): Promise<readonly CallLog[]> {
    return Promise.resolve(keys.map((key) => new Map(this.#logOf(key))));
  }

  async queueUp(key: string, place: LinePlace, now: number): Promise<number> {
    const at = placeAfter(this.#numbers.get(key)?.value ?? 0, place);
    await this.remember(key, at, { now, forMs: at - now });
    return at;
  }

  recall(key: string, now: number): Promise<number | undefined> {
    const kept = this.#numbers.get(key);
    return Promise.resolve(kept !== undefined && kept.until > now ? kept.value : undefined);
  }

  remember(
    key: string,
    value: number,
    { now, forMs }: { readonly now: number; readonly forMs: number },
  ): Promise<void> {
    this.#numbers.set(key, { value, until: now + forMs });
    return Promise.resolve();
  }

  clear(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#logs.delete(key);
      this.#numbers.delete(key);
    }
    return Promise.resolve();
  }

  #logOf(key: string): CallLog {
    return this.#logs.get(key) ?? noCalls;
  }

  #count(key: string, second: number): void {
    const log = this.#logs.get(key) ?? new Map<number, number>();
    log.set(second, (log.get(second) ?? 0) + 1);
    this.#logs.set(key, log);
  }

  /** Drops what counts no more, about once a minute. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [key, log] of this.#logs) {
      for (const second of log.keys()) if (!stillCounts(second, now)) log.delete(second);
      if (log.size === 0) this.#logs.delete(key);
    }
    for (const [key, { until }] of this.#numbers) if (until <= now) this.#numbers.delete(key);
  }
}
