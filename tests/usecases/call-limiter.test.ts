import { MemoryRateLedger } from "../../shared/adapters/memory/rate-ledger";
import { RateReporter } from "../../shared/usecases/rate-reporter";
import { newSource, openLimiter, type TestLimiter } from "../support/limiter";
import { noon } from "../support/make";
import { codeOf } from "../support/test-app";

let test: TestLimiter;
const source = newSource();
beforeEach(() => {
  test = openLimiter(new MemoryRateLedger());
});
afterEach(() => test.store.close());
const { tenantId, integrationId } = source;

describe("the lines that the limiter logs", () => {
  const events = (): string[] => test.lines.map(({ event }) => event);

  it("say when a level reaches 80 percent and when a call has to wait, once a minute each", async () => {
    await test.set(tenantId, { integrations: { github: { requestsPerMinute: 10 } } });
    await test.takeMany(source, 7, noon);
    expect(test.lines).toEqual([]);
    await test.takeMany(source, 13, noon);
    const window = { limitLevel: "integration", tenantId, integrationId, limit: 10 };
    expect(test.lines).toEqual([
      { event: "rate_limit.near", fields: { ...window, made: 8 } },
      { event: "rate_limit.exceeded", fields: { ...window, made: 10, retryAt: "2026-11-24T12:01:01.000Z" } },
    ]);
    await test.takeMany(source, 1, noon + 59_999);
    expect(events()).toHaveLength(2);
    await test.takeMany(source, 1, noon + 60_000);
    expect(events()).toHaveLength(3);
    await test.takeMany(source, 8, noon + 61_000);
    expect(events().slice(2)).toEqual(["rate_limit.exceeded", "rate_limit.near"]);
  });

  it("name the operation where it is the one that is full, and the tenant alone where its total is", async () => {
    await test.set(tenantId, { tenant: { requestsPerMinute: 1 }, integrations: {} });
    await test.takeMany(source, 2, noon);
    await test.takeMany({ tenantId, integrationId: "slack" }, 1, noon);
    expect(test.lines.map(({ fields }) => fields)).toMatchObject([{ limitLevel: "tenant" }, { limitLevel: "tenant" }]);
    expect(test.lines.every(({ fields }) => !("integrationId" in fields))).toBe(true);
    const other = newSource();
    await test.set(other.tenantId, { integrations: { github: { operations: { delete: 1 } } } });
    await test.takeMany(other, 1, noon, "delete");
    expect(test.lines.at(-1)?.fields).toMatchObject({ limitLevel: "operation", operation: "delete", made: 1 });
  });

  it("say when the provider's quota reduces our limits and when they are restored", async () => {
    for (const used of [10, 80, 95, 95, 50, 80, 20, 10]) await test.limiter.observe(source, { used, limit: 100 }, noon);
    expect(test.lines.map(({ event, fields }) => [event, fields["multiplier"]])).toEqual([
      ["rate_limit.reduced", 0.75],
      ["rate_limit.reduced", 0.5],
      ["rate_limit.restored", 0.75],
      ["rate_limit.restored", 1],
    ]);
    expect(test.lines[0]?.fields).toEqual({ tenantId, integrationId, multiplier: 0.75 });
  });

  it("come again early for the oldest of very many windows, so that remembering them stays small", () => {
    const said: unknown[] = [];
    const reporter = new RateReporter((_, __, fields) => void said.push(fields?.["tenantId"]));
    const full = { level: "tenant", limit: 1, made: 1, remaining: 0, resetAt: noon } as const;
    const note = (tenantId: string): void =>
      reporter.noteMade({ tenantId, integrationId: "github" }, "fetch", [full], noon);
    for (let n = 0; n <= 1_000; n++) note(`tenant-${n}`);
    note("tenant-1000");
    note("tenant-0");
    expect(said.slice(1_000)).toEqual(["tenant-1000", "tenant-0"]);
  });
});

describe("the limits in memory", () => {
  const limitAt = async (now: number): Promise<unknown> => (await test.limiter.status(source, now)).integration.limit;
  const changeElsewhere = (requestsPerMinute: number): Promise<unknown> =>
    test.rateLimits.update({ tenantId, tenantKey: test.tenantKeyOf(tenantId) }, (current) => ({
      ...current,
      integrations: { github: { requestsPerMinute } },
    }));

  it("are read again after 30 seconds, once for all who ask", async () => {
    const reads = jest.spyOn(test.rateLimits, "get");
    expect(await Promise.all([limitAt(noon), limitAt(noon), limitAt(noon)])).toEqual([360, 360, 360]);
    await changeElsewhere(7);
    expect(await limitAt(noon + 29_999)).toBe(360);
    expect(await limitAt(noon + 30_000)).toBe(7);
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it("count on as they were known while the store is down", async () => {
    await changeElsewhere(7);
    expect(await limitAt(noon)).toBe(7);
    await test.store.close();
    expect(await limitAt(noon + 600_000)).toBe(7);
  });

  it("are asked for again after they could not be read", async () => {
    const reads = jest.spyOn(test.rateLimits, "get").mockRejectedValueOnce(new Error("out"));
    await expect(limitAt(noon)).rejects.toThrow("out");
    expect(await limitAt(noon)).toBe(360);
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it("are kept for ten thousand tenants, and read again for the one loaded the longest ago", async () => {
    const limits = await test.rateLimits.get({ tenantId, tenantKey: "key" });
    test.limiter.setLimit({ ...limits, integrations: { github: { requestsPerMinute: 7 } } }, noon);
    for (let n = 0; n < 9_999; n++) test.limiter.setLimit({ ...limits, tenantId: `tenant-${n}` }, noon);
    expect(await limitAt(noon)).toBe(7);
    test.limiter.setLimit({ ...limits, tenantId: "one more" }, noon);
    expect(await limitAt(noon)).toBe(360);
  });

  it("that were just set are not undone by a reading that failed before", async () => {
    const failing = Promise.withResolvers<never>();
    jest.spyOn(test.rateLimits, "get").mockReturnValueOnce(failing.promise);
    const status = limitAt(noon);
    await test.set(tenantId, { integrations: { github: { requestsPerMinute: 7 } } });
    failing.reject(new Error("out"));
    await expect(status).rejects.toThrow("out");
    await changeElsewhere(8);
    expect(await limitAt(noon)).toBe(7);
  });

  it("are unknown where the store is down from the start", async () => {
    await test.store.close();
    expect(await codeOf(limitAt(noon))).toBe("store_unavailable");
  });
});
