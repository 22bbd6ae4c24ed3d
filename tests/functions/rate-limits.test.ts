import { RouteTable } from "../../infra/local/route-table";
import type { App } from "../../shared/app";
import type { Operation } from "../../shared/core/rate-limit";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply, type TestRequest } from "../support/function-app";
import { recordedFunctions } from "../support/functions-core";
import { noon } from "../support/make";

const both = ["webhooks.read", "webhooks.write"];
const API_TOKENS = JSON.stringify([
  apiToken("cwt_a", "tenant-a", both),
  apiToken("cwt_b", "tenant-b", both),
  apiToken("cwt_reader", "tenant-a", ["webhooks.read"]),
  apiToken("cwt_operator", "tenant-o", both, true),
]);

let app: App;
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS });
});
afterEach(() => app.close());

type Options = TestRequest & { readonly as?: string; readonly json?: unknown };

function ask(name: string, { as = "a", json, ...request }: Options = {}): Promise<TestReply> {
  return call(name, {
    headers: { authorization: `Bearer cwt_${as}` },
    params: { integrationId: "github" },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...request,
  });
}
const status = (options: Options = {}) => ask("get-rate-limit-status", options);
const setLimit = (json: unknown, options: Options = {}) => ask("set-rate-limit", { method: "PUT", json, ...options });
const reset = (options: Options = {}) => ask("reset-rate-limit", { method: "POST", ...options });
const setTenant = (tenantId: string, json: unknown, as = "a") =>
  ask("set-tenant-rate-limit", { method: "PUT", json, as, params: { tenantId } });

async function take(times: number, operation: Operation = "fetch"): Promise<number> {
  const source = { tenantId: "tenant-a", integrationId: "github" };
  let allowed = 0;
  for (let n = 0; n < times; n++) {
    if ((await app.services.rateLimiter.take(source, operation, app.services.now())).allowed) allowed++;
  }
  return allowed;
}

describe("the host's routing", () => {
  it.each([
    ["GET", "/rate-limits/github/status", "get-rate-limit-status", { integrationId: "github" }],
    ["PUT", "/rate-limits/github/limit", "set-rate-limit", { integrationId: "github" }],
    ["PUT", "/rate-limits/tenant/tenant-a/limit", "set-tenant-rate-limit", { tenantId: "tenant-a" }],
    ["PUT", "/rate-limits/tenant/limit/limit", "set-tenant-rate-limit", { tenantId: "limit" }],
    ["PUT", "/rate-limits/tenant/limit", "set-rate-limit", { integrationId: "tenant" }],
    ["POST", "/rate-limits/github/reset", "reset-rate-limit", { integrationId: "github" }],
  ])("takes %s %s to %s", (method, path, functionName, params) => {
    const table = new RouteTable(
      recordedFunctions.flatMap(({ name, bindings }) =>
        Object.values(bindings)
          .filter((binding) => binding["type"] === "httpTrigger")
          .map((trigger) => ({
            functionName: name,
            methods: trigger["methods"] as string[],
            template: String(trigger["route"]),
            target: name,
          })),
      ),
    );
    expect(table.match(method, path)).toEqual({ target: functionName, params });
  });
});

describe("GET /rate-limits/{integrationId}/status", () => {
  it("tells where all levels stand, and in the headers the one with the least room", async () => {
    jest.spyOn(app.services, "now").mockReturnValue(noon);
    await take(2);
    const level = { requestsMade: 2, windowResetAt: "2026-11-24T12:01:01.000Z", isThrottled: false };
    const unused = { requestsMade: 0, windowResetAt: "2026-11-24T12:00:00.000Z", isThrottled: false };
    const reply = await status();
    expect(reply.json).toEqual({
      integrationId: "github",
      ...level,
      requestsPerMinute: 360,
      requestsRemaining: 358,
      adaptiveMultiplier: 1,
      operations: {
        fetch: { ...level, requestsPerMinute: 200, requestsRemaining: 198 },
        create: { ...unused, requestsPerMinute: 100, requestsRemaining: 100 },
        update: { ...unused, requestsPerMinute: 150, requestsRemaining: 150 },
        delete: { ...unused, requestsPerMinute: 50, requestsRemaining: 50 },
      },
      tenant: { ...level, requestsPerMinute: 5_000, requestsRemaining: 4_998 },
    });
    expect(reply.headers).toMatchObject({
      "x-ratelimit-limit": "360",
      "x-ratelimit-remaining": "358",
      "x-ratelimit-reset": "61",
    });
  });

  it("shows no other tenant's calls", async () => {
    await take(2);
    expect((await status({ as: "b" })).json).toMatchObject({ requestsMade: 0, tenant: { requestsMade: 0 } });
  });
});

describe("PUT /rate-limits/{integrationId}/limit", () => {
  it("sets the limit for the next call on, of this tenant alone", async () => {
    const reply = await setLimit({ requestsPerMinute: 3, operations: { delete: 1 } });
    expect(reply).toMatchObject({ status: 200 });
    expect(reply.json).toEqual({
      integrationId: "github",
      requestsPerMinute: 3,
      operations: { fetch: 200, create: 100, update: 150, delete: 1 },
    });
    expect([await take(2, "delete"), await take(5)]).toEqual([1, 2]);
    expect((await status()).json).toMatchObject({ requestsPerMinute: 3, requestsRemaining: 0, isThrottled: true });
    expect((await status({ as: "b" })).json).toMatchObject({ requestsPerMinute: 360 });
  });

  it("loses nothing of what is set at the same time", async () => {
    const notion = { params: { integrationId: "notion" } };
    await Promise.all([
      setLimit({ requestsPerMinute: 3 }),
      setLimit({ requestsPerMinute: 4 }, notion),
      setTenant("tenant-a", { requestsPerMinute: 5 }),
    ]);
    expect((await status()).json).toMatchObject({ requestsPerMinute: 3, tenant: { requestsPerMinute: 5 } });
    expect((await status(notion)).json).toMatchObject({ requestsPerMinute: 4 });
  });

  it("leaves other integrations as they are, and makes what is absent the default again", async () => {
    await setLimit({ requestsPerMinute: 3 }, { params: { integrationId: "notion" } });
    await setLimit({ requestsPerMinute: 3 });
    expect((await setLimit({})).json).toMatchObject({ requestsPerMinute: 360 });
    expect((await status({ params: { integrationId: "notion" } })).json).toMatchObject({ requestsPerMinute: 3 });
  });

  it.each([
    [{ requestsPerMinute: 0 }, "/requestsPerMinute"],
    [{ requestsPerMinute: 1.5 }, "/requestsPerMinute"],
    [{ requestsPerMinute: 1_000_001 }, "/requestsPerMinute"],
    [{ operations: { fetch: -1 } }, "/operations/fetch"],
    [{ operations: { read: 1 } }, "/operations/read"],
    [{ perMinute: 1 }, "/perMinute"],
  ])("answers 400 to %j", async (body, path) => {
    const reply = await setLimit(body);
    expect(reply).toMatchObject({ status: 400, json: { code: "invalid_request", problems: [{ path }] } });
  });
});

describe("PUT /rate-limits/tenant/{tenantId}/limit", () => {
  it("lets a tenant lower its own total, and raise it up to the operator's maximum", async () => {
    expect((await setTenant("tenant-a", { requestsPerMinute: 2 })).json).toEqual({
      tenantId: "tenant-a",
      requestsPerMinute: 2,
      maximum: 5_000,
    });
    expect(await take(3)).toBe(2);
    expect((await setTenant("tenant-a", { requestsPerMinute: 5_000 })).status).toBe(200);
    expect((await setTenant("tenant-a", {})).json).toMatchObject({ requestsPerMinute: 5_000 });
  });

  it.each([
    [{ requestsPerMinute: 5_001 }, "/requestsPerMinute"],
    [{ tier: "premium" }, "/tier"],
  ])("does not let a tenant go above it by %j", async (body, path) => {
    const message = "must stay within 5000 calls a minute; an operator may allow more";
    expect(await setTenant("tenant-a", body)).toMatchObject({
      status: 400,
      json: { code: "invalid_request", problems: [{ path, message }] },
    });
    expect((await status()).json).toMatchObject({ tenant: { requestsPerMinute: 5_000 } });
  });

  it("lets an operator set any tenant's total, which is the tenant's maximum from then on", async () => {
    const granted = { tenantId: "tenant-a", requestsPerMinute: 50_000, tier: "enterprise", maximum: 50_000 };
    expect((await setTenant("tenant-a", { tier: "enterprise" }, "operator")).json).toEqual(granted);
    expect((await status()).json).toMatchObject({ tenant: { requestsPerMinute: 50_000 } });
    expect((await setTenant("tenant-a", { tier: "premium" })).json).toMatchObject({ requestsPerMinute: 10_000 });
    expect((await setTenant("tenant-a", {})).json).toMatchObject({ requestsPerMinute: 50_000 });
    await setTenant("tenant-a", { requestsPerMinute: 10 }, "operator");
    expect((await setTenant("tenant-a", { requestsPerMinute: 11 })).status).toBe(400);
    const free = { tenantId: "tenant-a", requestsPerMinute: 5_000, maximum: 5_000 };
    expect((await setTenant("tenant-a", {}, "operator")).json).toEqual(free);
  });

  it("lets no tenant set another's", async () => {
    const reply = await setTenant("tenant-b", { requestsPerMinute: 1 });
    expect(reply).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect((await status({ as: "b" })).json).toMatchObject({ tenant: { requestsPerMinute: 5_000 } });
  });

  it.each([
    ["two at once", { requestsPerMinute: 1, tier: "default" }],
    ["an unknown tier", { tier: "gold" }],
    ["nothing a call could be made with", { requestsPerMinute: 0 }],
  ])("answers 400 to %s", async (_, body) => {
    expect((await setTenant("tenant-a", body)).status).toBe(400);
  });
});

describe("POST /rate-limits/{integrationId}/reset", () => {
  it("forgets the calls of this tenant to this integration, though not in its total", async () => {
    await take(2);
    expect((await reset({ as: "b" })).status).toBe(200);
    expect((await status()).json).toMatchObject({ requestsMade: 2 });
    const reply = await reset();
    expect(reply).toMatchObject({ status: 200, json: { requestsMade: 0, tenant: { requestsMade: 2 } } });
    expect(reply.headers["x-ratelimit-remaining"]).toBe("360");
  });
});

describe("every route of rate limits", () => {
  it("answers 404 to an integration that does not exist", async () => {
    const params = { integrationId: "myspace" };
    for (const reply of [await status({ params }), await setLimit({}, { params }), await reset({ params })]) {
      expect(reply).toMatchObject({ status: 404, json: { code: "unknown_integration" } });
    }
  });

  it("answers 401 without a token, and 403 to a writer without the scope", async () => {
    const nobody = { headers: {}, from: "203.0.113.7" };
    for (const reply of [await status(nobody), await setLimit({}, nobody), await reset(nobody)]) {
      expect(reply.status).toBe(401);
    }
    const readerAsked = [setLimit({}, { as: "reader" }), setTenant("tenant-a", {}, "reader"), reset({ as: "reader" })];
    for (const reply of await Promise.all(readerAsked)) expect(reply.status).toBe(403);
    expect((await status({ as: "reader" })).status).toBe(200);
  });
});
