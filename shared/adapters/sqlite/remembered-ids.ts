/** Beyond them the consumer's own record is what tells a duplicate. About 13 MB. */
const MAX_IDS = 100_000;

/** The message ids of the duplicate window, in memory (docs/decisions/0002). Times in milliseconds since 1970. */
export class RememberedIds {
  readonly #windowMs: number;
  /** When each id came, oldest first. */
  readonly #times = new Map<string, number>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** True if the id came within the window before `now`. */
  has(messageId: string, now: number): boolean {
    const time = this.#times.get(messageId);
    return time !== undefined && now - time < this.#windowMs;
  }

  /** Notes that the id came at `now`. */
  add(messageId: string, now: number): void {
    this.#times.delete(messageId);
    this.#times.set(messageId, now);
    if (this.#times.size <= MAX_IDS) return;
    const [oldest] = this.#times.keys();
    if (oldest !== undefined) this.#times.delete(oldest);
  }

  /** Forgets one id, as if it had never come. */
  forget(messageId: string): void {
    this.#times.delete(messageId);
  }

  /** Forgets the ids whose window is over at `now`. */
  sweep(now: number): void {
    for (const [messageId, time] of this.#times) {
      if (now - time < this.#windowMs) return;
      this.#times.delete(messageId);
    }
  }

  /** The most ids that it holds. */
  static readonly capacity = MAX_IDS;
}
