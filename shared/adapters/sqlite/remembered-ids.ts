/** How many ids a generation holds. */
const GENERATION = 25_000;

/**
 * The message ids of the duplicate window, in memory (docs/decisions/0002). Times in milliseconds since 1970. Of a flood it
 * keeps the last 25,000 to 50,000, about 7 MB; beyond them the consumer's own record is what tells a duplicate.
 *
 * Ids are forgotten a generation at a time: taking the oldest out of one map each time costs as much as there are gaps
 * before it, which was measured at 50 µs an id.
 */
export class RememberedIds {
  /** The most ids that it holds. */
  static readonly capacity = 2 * GENERATION;
  readonly #windowMs: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #newestAt = 0;
  #oldEndedAt = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** True if the id came within the window before `now`. */
  has(messageId: string, now: number): boolean {
    const time = this.#young.get(messageId) ?? this.#old.get(messageId);
    return time !== undefined && now - time < this.#windowMs;
  }

  /** Notes that the id came at `now`. */
  add(messageId: string, now: number): void {
    if (this.#young.size >= GENERATION) this.#age();
    this.#young.set(messageId, now);
    this.#newestAt = now;
  }

  /** Forgets one id, as if it had never come. */
  forget(messageId: string): void {
    this.#young.delete(messageId);
    this.#old.delete(messageId);
  }

  /** Frees the memory of generations whose window is over at `now`. */
  sweep(now: number): void {
    if (now - this.#newestAt >= this.#windowMs) this.#age();
    if (now - this.#oldEndedAt >= this.#windowMs) this.#old.clear();
  }

  #age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#oldEndedAt = this.#newestAt;
  }
}
