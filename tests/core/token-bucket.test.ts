import { TokenBuckets } from "../../shared/core/token-bucket";
import { noon } from "../support/make";

describe("TokenBuckets", () => {
  it("allows a burst, then refuses, then refills with time", () => {
    const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 2 });
    expect([buckets.take("a", noon), buckets.take("a", noon)].map((verdict) => verdict.allowed)).toEqual([true, true]);
    expect(buckets.take("a", noon)).toEqual({
      allowed: false,
      limit: 2,
      remaining: 0,
      retryAfterSeconds: 1,
      resetSeconds: 2,
    });
    expect(buckets.take("a", noon + 999).allowed).toBe(false);
    expect(buckets.take("a", noon + 1000).allowed).toBe(true);
  });

  it("keeps one key's bucket apart from another's", () => {
    const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 1 });
    buckets.take("a", noon);
    expect(buckets.take("b", noon).allowed).toBe(true);
  });

  it("takes a token back, but never holds more than its burst by that", () => {
    const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 2 });
    buckets.take("a", noon);
    for (let given = 0; given < 3; given++) buckets.giveBack("a");
    expect(buckets.take("a", noon).remaining).toBe(1);
    buckets.giveBack("never seen");
    expect(buckets.take("never seen", noon).remaining).toBe(1);
  });

  it("never holds more than its burst, and gains nothing from a clock that goes back", () => {
    const buckets = new TokenBuckets({ ratePerSecond: 10, burst: 3 });
    buckets.take("a", noon);
    expect(buckets.take("a", noon + 3_600_000).remaining).toBe(2);
    for (let taken = 0; taken < 2; taken++) buckets.take("a", noon + 3_600_000);
    expect(buckets.take("a", noon).allowed).toBe(false);
  });

  it("forgets the oldest bucket where none is full, so that a flood of keys costs no more memory", () => {
    const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 1, maxKeys: 2 });
    for (const key of ["oldest", "older", "new"]) buckets.take(key, noon);
    expect(["older", "new", "oldest"].map((key) => buckets.take(key, noon).allowed)).toEqual([false, false, true]);
  });

  it("forgets full buckets first when there are too many keys, so that an empty one stays empty", () => {
    const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 2, maxKeys: 2 });
    buckets.take("full again", noon - 10_000);
    buckets.take("empty", noon);
    buckets.take("empty", noon);
    buckets.take("new", noon);
    expect(buckets.take("empty", noon).allowed).toBe(false);
  });
});
