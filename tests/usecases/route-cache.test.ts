import { WebhookError } from "../../shared/core/errors";
import { RouteCache } from "../../shared/usecases/route-cache";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

const shared = { id: "webhook-shared", tenantId: "tenant-o" };
let app: TestApp;
let time: number;
let isDown: boolean;
beforeEach(async () => {
  app = await openTestApp();
  time = noon;
  isDown = false;
});
afterEach(() => app.close());

/** A cache over the app's own store, and how often it read each account. */
function openCache(maxEntries = 10): { cache: RouteCache; reads: string[] } {
  const reads: string[] = [];
  const { routes } = app.services;
  const counted = Object.assign(Object.create(routes) as typeof routes, {
    find: (key: typeof shared, accountId: string) => {
      reads.push(accountId);
      return isDown ? Promise.reject(new WebhookError("store_unavailable")) : routes.find(key, accountId);
    },
  });
  return { cache: new RouteCache({ routes: counted, now: () => time, maxEntries }), reads };
}

async function save(accountId: string, targetRegistrationId = "webhook-a"): Promise<void> {
  await app.services.routes.save({
    id: accountId,
    pk: shared.id,
    tenantId: shared.tenantId,
    schemaVersion: 1,
    targetRegistrationId,
    targetTenantId: "tenant-a",
    updatedAt: new Date(noon).toISOString(),
    updatedBy: "token:1",
  });
}

describe("RouteCache", () => {
  it("reads a route once for many deliveries at the same time, and not again for 30 seconds", async () => {
    await save("T1");
    const { cache, reads } = openCache();
    await Promise.all(Array.from({ length: 20 }, () => cache.find(shared, "T1")));
    time += 29_999;
    expect(await cache.find(shared, "T1")).toMatchObject({ targetRegistrationId: "webhook-a" });
    expect(reads).toEqual(["T1"]);
    time += 1;
    await cache.find(shared, "T1");
    expect(reads).toEqual(["T1", "T1"]);
  });

  it("remembers for five seconds only that an account is mapped to nobody", async () => {
    const { cache, reads } = openCache();
    expect(await cache.find(shared, "T1")).toBeUndefined();
    await save("T1");
    time += 4_999;
    expect(await cache.find(shared, "T1")).toBeUndefined();
    time += 1;
    expect(await cache.find(shared, "T1")).toBeDefined();
    expect(reads).toHaveLength(2);
  });

  it("keeps the routes of two shared webhooks, and of two tenants, apart", async () => {
    await save("T1");
    const { cache } = openCache();
    expect(await cache.find(shared, "T1")).toBeDefined();
    expect(await cache.find({ ...shared, id: "webhook-other" }, "T1")).toBeUndefined();
    expect(await openCache().cache.find({ ...shared, tenantId: "tenant-b" }, "T1")).toBeUndefined();
  });

  it("forgets what it is told to, and what was being read at that moment", async () => {
    await save("T1");
    const { cache } = openCache();
    await cache.find(shared, "T1");
    await save("T1", "webhook-b");
    cache.forget(shared, "T1");
    const reading = cache.find(shared, "T1");
    cache.forget(shared, "T1");
    await save("T1", "webhook-c");
    await reading;
    expect(await cache.find(shared, "T1")).toMatchObject({ targetRegistrationId: "webhook-c" });
  });

  it("goes by an old route for an hour while the store is down, and by no other answer", async () => {
    await save("T1");
    const { cache } = openCache();
    await cache.find(shared, "T1");
    await cache.find(shared, "T2");
    isDown = true;
    time += 3_599_999;
    expect(await cache.find(shared, "T1")).toBeDefined();
    expect(await codeOf(cache.find(shared, "T2"))).toBe("store_unavailable");
    time += 1;
    expect(await codeOf(cache.find(shared, "T1"))).toBe("store_unavailable");
    isDown = false;
    expect(await cache.find(shared, "T1")).toBeDefined();
  });

  it("holds as many as it may, and lets the one go that was loaded first", async () => {
    const { cache, reads } = openCache(2);
    for (const team of ["T1", "T2", "T3", "T3", "T2", "T1"]) await cache.find(shared, team);
    expect(reads).toEqual(["T1", "T2", "T3", "T1"]);
  });
});
