import { operations } from "../../shared/core/rate-limit";
import type { RateLedger, RateLimiter, RateSource } from "../../shared/core/rate-limiter";
import { newSource, openLimiter, retryAtOf, type TestLimiter } from "../support/limiter";
import { noon } from "../support/make";

/** What the limiter must do, whatever ledger it counts in. Tenants have random names, so that a ledger may be shared. */
export function describeRateLimiter(open: () => Promise<RateLedger>): void {
  let test: TestLimiter;
  let limiter: RateLimiter;
  let source: RateSource;
  beforeEach(async () => {
    test = openLimiter(await open());
    ({ limiter } = test);
    source = newSource();
  });
  afterEach(() => test.store.close());

  const elsewhere = (): RateSource => ({ ...source, integrationId: "notion" });
  const setIntegration = (requestsPerMinute: number): Promise<void> =>
    test.set(source.tenantId, { integrations: { github: { requestsPerMinute } } });

  describe("take", () => {
    it("allows as many calls to an integration as its limit says, then tells when there is room again", async () => {
      await setIntegration(3);
      expect(await test.takeMany(source, 3, noon)).toBe(3);
      const refused = await limiter.take(source, "update", noon + 30_000);
      expect(refused).toEqual({
        allowed: false,
        figures: { level: "integration", limit: 3, made: 3, remaining: 0, resetAt: noon + 61_000 },
        retryAt: noon + 61_000,
      });
      expect((await limiter.take(source, "update", noon + 60_999)).allowed).toBe(false);
      expect((await limiter.take(source, "update", noon + 61_000)).allowed).toBe(true);
    });

    it("answers the figures of the level with the least room", async () => {
      await test.set(source.tenantId, { tenant: { requestsPerMinute: 150 } });
      expect(await limiter.take(source, "create", noon)).toEqual({
        allowed: true,
        figures: { level: "operation", limit: 100, made: 1, remaining: 99, resetAt: noon + 61_000 },
      });
      expect(await limiter.take(elsewhere(), "fetch", noon)).toMatchObject({
        figures: { level: "tenant", remaining: 148 },
      });
    });

    it("lets one operation wait while another has room", async () => {
      await test.set(source.tenantId, { integrations: { github: { operations: { delete: 1 } } } });
      expect((await limiter.take(source, "delete", noon)).allowed).toBe(true);
      expect(await limiter.take(source, "delete", noon)).toMatchObject({
        allowed: false,
        figures: { level: "operation" },
      });
      expect((await limiter.take(source, "update", noon)).allowed).toBe(true);
    });

    it("holds the total of a tenant over all its integrations", async () => {
      await test.set(source.tenantId, { tenant: { requestsPerMinute: 2 } });
      expect((await limiter.take(source, "fetch", noon)).allowed).toBe(true);
      expect((await limiter.take(elsewhere(), "fetch", noon)).allowed).toBe(true);
      expect(await limiter.take(source, "fetch", noon)).toMatchObject({ allowed: false, figures: { level: "tenant" } });
    });

    it("keeps tenants and integrations apart", async () => {
      await setIntegration(1);
      expect(await test.takeMany(source, 2, noon)).toBe(1);
      expect(await test.takeMany(elsewhere(), 2, noon)).toBe(2);
      expect(await test.takeMany(newSource(), 2, noon)).toBe(2);
    });

    it("counts a call that has to wait on no level", async () => {
      await test.set(source.tenantId, { integrations: { github: { operations: { delete: 1 } } } });
      await test.takeMany(source, 5, noon, "delete");
      expect(await limiter.status(source, noon)).toMatchObject({ integration: { made: 1 }, tenant: { made: 1 } });
    });

    it("never allows more calls than the limit in any 60 seconds, however they come", async () => {
      await setIntegration(7);
      const calls: number[] = [];
      for (let now = noon, n = 0; n < 300; n++) {
        if ((await limiter.take(source, "fetch", now)).allowed) calls.push(now);
        now += [0, 700, 1_900, 13, 5_003, 0, 40_001][n % 7] ?? 0;
      }
      for (const [first, call] of calls.entries()) {
        expect(calls.slice(first).filter((other) => other < call + 60_000).length).toBeLessThanOrEqual(7);
      }
      expect(calls.length).toBeGreaterThan(100);
    });

    it("never allows more calls than the limit when many come at the same time", async () => {
      await setIntegration(10);
      const decisions = await Promise.all(Array.from({ length: 50 }, () => limiter.take(source, "fetch", noon)));
      expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(10);
    });

    it("tells calls that wait different times, one call's worth apart, so that they do not all come back at once", async () => {
      await setIntegration(6);
      await test.takeMany(source, 6, noon);
      const waiting = await Promise.all(Array.from({ length: 12 }, () => limiter.take(source, "fetch", noon)));
      const times = waiting.map(retryAtOf).sort((a, b) => a - b);
      expect(times).toEqual(times.map((_, n) => noon + 61_000 + n * 10_167));
      for (const time of times) expect((await limiter.take(source, "fetch", time)).allowed).toBe(true);
    });

    it("lets nobody wait more than an hour from the moment at which the first call fits", async () => {
      await setIntegration(1);
      const decisions = [];
      for (let n = 0; n < 80; n++) decisions.push(await limiter.take(source, "fetch", noon));
      expect(Math.max(...decisions.slice(1).map(retryAtOf))).toBe(noon + 61_000 + 3_600_000);
    });
  });

  describe("giveBack", () => {
    it("makes room again on every level for a call that was not made", async () => {
      await setIntegration(2);
      await test.takeMany(source, 2, noon);
      await limiter.giveBack(source, "fetch", noon);
      const one = { made: 1 };
      expect(await limiter.status(source, noon)).toMatchObject({
        integration: one,
        operations: { fetch: one },
        tenant: one,
      });
      expect(await test.takeMany(source, 2, noon + 5_000)).toBe(1);
      await limiter.giveBack(source, "fetch", noon + 5_000);
      expect((await limiter.status(source, noon)).integration).toMatchObject({ made: 1, resetAt: noon + 61_000 });
    });

    it("never makes more room than there is", async () => {
      await setIntegration(2);
      await test.takeMany(source, 1, noon);
      await limiter.reset(source);
      await limiter.giveBack(source, "fetch", noon);
      await limiter.giveBack(newSource(), "fetch", noon);
      expect(await test.takeMany(source, 3, noon)).toBe(2);
    });
  });

  describe("observe", () => {
    const limitAfter = async (used: number, now = noon): Promise<unknown> => {
      await limiter.observe(source, { used, limit: 1_000 }, now);
      const { integration, operations: each, tenant, adaptiveMultiplier } = await limiter.status(source, now);
      return [adaptiveMultiplier, integration.limit, each.fetch.limit, tenant.limit];
    };

    it("uses half of our limits above 90 percent of the quota, three quarters from 70, all below 30", async () => {
      expect(await limitAfter(500)).toEqual([1, 360, 200, 5_000]);
      expect(await limitAfter(950)).toEqual([0.5, 180, 100, 5_000]);
      expect(await limitAfter(500)).toEqual([0.5, 180, 100, 5_000]);
      expect(await limitAfter(800)).toEqual([0.75, 270, 150, 5_000]);
      expect(await limitAfter(299)).toEqual([1, 360, 200, 5_000]);
    });

    it("rules the next call", async () => {
      await setIntegration(4);
      await limiter.observe(source, { used: 99, limit: 100 }, noon);
      expect(await test.takeMany(source, 4, noon)).toBe(2);
    });

    it("concerns one integration of one tenant", async () => {
      await limiter.observe(source, { used: 99, limit: 100 }, noon);
      for (const other of [elsewhere(), newSource()]) {
        expect(await limiter.status(other, noon)).toMatchObject({ adaptiveMultiplier: 1 });
      }
    });

    it("counts for five minutes after the last time", async () => {
      await limitAfter(950);
      await limitAfter(500, noon + 200_000);
      expect(await limiter.status(source, noon + 499_999)).toMatchObject({ adaptiveMultiplier: 0.5 });
      expect(await limiter.status(source, noon + 500_000)).toMatchObject({ adaptiveMultiplier: 1 });
    });

    it.each([
      [5, 0],
      [-1, 100],
      [Number.NaN, 100],
      [5, Number.NaN],
    ])("makes nothing of %d used of %d", async (used, limit) => {
      await limiter.observe(source, { used, limit }, noon);
      expect(await limiter.status(source, noon)).toMatchObject({ adaptiveMultiplier: 1 });
    });
  });

  describe("status, reset and setLimit", () => {
    it("tells where each level stands", async () => {
      await test.takeMany(source, 2, noon, "fetch");
      await test.takeMany(source, 1, noon + 10_000, "delete");
      const { integration, operations: each, tenant } = await limiter.status(source, noon + 10_000);
      const fields = { remaining: 357, resetAt: noon + 71_000 };
      expect(integration).toEqual({ level: "integration", limit: 360, made: 3, ...fields });
      expect(tenant).toMatchObject({ level: "tenant", limit: 5_000, made: 3, remaining: 4_997 });
      expect(operations.map((operation) => each[operation].made)).toEqual([2, 0, 0, 1]);
      expect(each.update).toEqual({
        level: "operation",
        limit: 150,
        made: 0,
        remaining: 150,
        resetAt: noon + 10_000,
      });
    });

    it("forgets calls after their minute", async () => {
      await test.takeMany(source, 2, noon);
      expect((await limiter.status(source, noon + 61_000)).integration).toMatchObject({ made: 0, remaining: 360 });
    });

    it("forgets on demand the calls to one integration and its quota, though not the total of the tenant", async () => {
      await setIntegration(2);
      await test.takeMany(source, 2, noon);
      await test.takeMany(elsewhere(), 2, noon);
      await limiter.take(source, "fetch", noon);
      await limiter.observe(source, { used: 95, limit: 100 }, noon);
      await limiter.reset(source);
      expect(await limiter.status(source, noon)).toMatchObject({
        adaptiveMultiplier: 1,
        integration: { made: 0 },
        operations: { fetch: { made: 0 } },
        tenant: { made: 4 },
      });
      expect(await limiter.status(elsewhere(), noon)).toMatchObject({ integration: { made: 2 } });
      expect(await test.takeMany(source, 2, noon)).toBe(2);
      expect(retryAtOf(await limiter.take(source, "fetch", noon))).toBe(noon + 61_000);
    });

    it("goes by a new limit at once, a lower one included", async () => {
      expect(await test.takeMany(source, 5, noon)).toBe(5);
      await setIntegration(4);
      expect(await limiter.take(source, "fetch", noon)).toMatchObject({ allowed: false, figures: { remaining: 0 } });
      await setIntegration(6);
      expect(await test.takeMany(source, 5, noon)).toBe(1);
    });
  });
}
