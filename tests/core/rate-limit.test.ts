import {
  adapted,
  integrationRates,
  nextMultiplier,
  tenantCeiling,
  type TenantRateLimits,
  tenantRate,
} from "../../shared/core/rate-limit";

const nothingSet: TenantRateLimits = {
  id: "limits",
  pk: "pk",
  tenantId: "tenant-123",
  schemaVersion: 1,
  tenant: {},
  integrations: {},
  updatedAt: "2026-11-24T12:00:00.000Z",
};

describe("the limits of an integration", () => {
  it.each([
    ["salesforce", 300],
    ["github", 360],
    ["google", 240],
    ["notion", 180],
    ["slack", 60],
    ["stripe", 60],
    ["constructor", 60],
  ])("are, for %s, %d calls a minute unless the tenant set others", (integrationId, requestsPerMinute) => {
    expect(integrationRates(nothingSet, integrationId)).toEqual({
      requestsPerMinute,
      operations: { fetch: 200, update: 150, create: 100, delete: 50 },
    });
  });

  it("are what the tenant set, and the defaults for the rest", () => {
    const set = {
      ...nothingSet,
      integrations: { slack: { operations: { delete: 1 } }, notion: { requestsPerMinute: 7 } },
    };
    expect(integrationRates(set, "slack")).toMatchObject({
      requestsPerMinute: 60,
      operations: { delete: 1, fetch: 200 },
    });
    expect(integrationRates(set, "notion")).toMatchObject({ requestsPerMinute: 7, operations: { delete: 50 } });
  });
});

describe("the total of a tenant", () => {
  it.each([
    ["the default tier", {}, 5_000, 5_000],
    ["the maximum, where that is lower", {}, 1_000, 1_000],
    ["what the tenant set", { requestsPerMinute: 300 }, 5_000, 300],
    ["the maximum, where it was lowered below what the tenant had set", { requestsPerMinute: 300 }, 200, 200],
    ["what an operator granted, above the maximum", { granted: 50_000 }, 5_000, 50_000],
    ["what an operator granted, below the maximum", { granted: 10 }, 5_000, 10],
    ["what the tenant set below its grant", { granted: 50_000, requestsPerMinute: 20_000 }, 5_000, 20_000],
    ["no more than the grant, where that was lowered", { granted: 10, requestsPerMinute: 20_000 }, 5_000, 10],
  ])("is %s", (_, limit, maximum, rate) => {
    expect(tenantRate(limit, maximum)).toBe(rate);
    expect(rate).toBeLessThanOrEqual(tenantCeiling(limit, maximum));
  });
});

describe("the share of our limits that is used", () => {
  it.each([
    [100, 1, 0.5],
    [91, 1, 0.5],
    [90, 1, 0.75],
    [70, 1, 0.75],
    [70, 0.5, 0.75],
    [69, 1, 1],
    [69, 0.5, 0.5],
    [30, 0.75, 0.75],
    [29, 0.5, 1],
    [0, 0.75, 1],
    [250, 1, 0.5],
  ])("with %d percent of the provider's quota used and %d before is %d", (used, before, after) => {
    expect(nextMultiplier({ used, limit: 100 }, before)).toBe(after);
  });

  it("leaves at least one call a minute, so that we learn when the quota recovers", () => {
    expect([adapted(300, 0.5), adapted(61, 0.75), adapted(1, 0.5)]).toEqual([150, 45, 1]);
  });
});
