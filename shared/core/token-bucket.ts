/** What a bucket answers: whether there was a token, and the figures for `X-RateLimit-*`. */
export interface RateVerdict {
  readonly allowed: boolean;
  /** Tokens a full bucket holds. */
  readonly limit: number;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Seconds until there is a token again (0 if there is one now). */
  readonly retryAfterSeconds: number;
  /** Seconds until the bucket is full again. */
  readonly resetSeconds: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets by key, in memory of this process. A bucket that is full again is forgotten first, so that the map stays
 * within `maxKeys`; past that the one unused for longest is.
 */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #ratePerSecond: number;
  readonly #burst: number;
  readonly #maxKeys: number;

  /** `burst` is what a full bucket holds; it fills at `ratePerSecond`. */
  constructor(options: { readonly ratePerSecond: number; readonly burst: number; readonly maxKeys?: number }) {
    this.#ratePerSecond = options.ratePerSecond;
    this.#burst = options.burst;
    this.#maxKeys = options.maxKeys ?? 10_000;
  }

  /** How many tokens a key is given in a minute. */
  get perMinute(): number {
    return this.#ratePerSecond * 60;
  }

  /**
   * Takes a token for `key`, or as many as are asked for, if they are there. `now` in milliseconds; a clock that goes back
   * adds nothing.
   */
  take(key: string, now: number, tokens = 1): RateVerdict {
    const bucket = this.#refilled(key, now);
    const allowed = bucket.tokens >= tokens;
    if (allowed) bucket.tokens -= tokens;
    return this.#verdict(allowed, bucket.tokens);
  }

  /** Gives a token back that turned out not to be owed. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.tokens = Math.min(this.#burst, bucket.tokens + 1);
  }

  #refilled(key: string, now: number): Bucket {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return this.#open(key, now);
    const seconds = Math.max(0, now - bucket.at) / 1000;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + seconds * this.#ratePerSecond);
    bucket.at = now;
    return bucket;
  }

  #open(key: string, now: number): Bucket {
    if (this.#buckets.size >= this.#maxKeys) this.#forget(now);
    const bucket = { tokens: this.#burst, at: now };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forget(now: number): void {
    const fullAfterMs = (this.#burst / this.#ratePerSecond) * 1000;
    for (const [key, bucket] of this.#buckets) if (now - bucket.at >= fullAfterMs) this.#buckets.delete(key);
    if (this.#buckets.size < this.#maxKeys) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }

  #verdict(allowed: boolean, tokens: number): RateVerdict {
    return {
      allowed,
      limit: this.#burst,
      remaining: Math.floor(tokens),
      retryAfterSeconds: tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / this.#ratePerSecond)),
      resetSeconds: Math.ceil((this.#burst - tokens) / this.#ratePerSecond),
    };
  }
}
