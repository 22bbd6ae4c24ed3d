import type { App } from "../../shared/app";
import { WebhookError } from "../../shared/core/errors";
import { recordedFunctions } from "../support/functions-core";
import { apiToken } from "../support/api-token";
import { noon } from "../support/make";
import { call, startFunctions, testToken, type TestReply } from "../support/function-app";
import { seedSignature } from "../support/test-app";

const tokens = ["a", "b", "reader"].map((name) => `cwt_${name}`);
const [tokenA = "", tokenB = "", readerToken = ""] = tokens;
const both = ["webhooks.read", "webhooks.write"];
const API_TOKENS = JSON.stringify([
  apiToken(tokenA, "tenant-a", both),
  apiToken(tokenB, "tenant-b", both),
  apiToken(readerToken, "tenant-a", ["webhooks.read"]),
]);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const methodsOf = (trigger: Readonly<Record<string, unknown>>): string =>
  Array.isArray(trigger["methods"]) ? trigger["methods"].join() : "";

let app: App;
afterEach(() => app.close());

function register(
  headers: Record<string, string>,
  body: unknown = { connectionId: "conn-123", events: ["Contact.created"] },
): Promise<TestReply> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return call("register-webhook", { method: "POST", headers, params: { integrationId: "salesforce" }, body: text });
}

describe("what is registered with the host", () => {
  beforeEach(async () => {
    app = await startFunctions();
  });

  it("is this table of functions, methods and routes, all anonymous to the host", () => {
    const rows = recordedFunctions.map(({ name, bindings }) => {
      const trigger = Object.values(bindings).find((binding) => /trigger$/i.test(String(binding["type"]))) ?? {};
      return [
        name,
        trigger["type"],
        methodsOf(trigger),
        trigger["route"] ?? trigger["queueName"] ?? trigger["schedule"],
        trigger["authLevel"],
      ];
    });
    expect(rows.sort()).toEqual([
      ["cancel-replay", "httpTrigger", "POST", "replays/{replayId}/cancel", "anonymous"],
      ["check-service-health", "httpTrigger", "GET", "webhooks/health", "anonymous"],
      ["confirm-webhook", "httpTrigger", "POST", "webhooks/{registrationId:minlength(7)}/confirm", "anonymous"],
      ["delete-alert-channel", "httpTrigger", "DELETE", "alert-channels/{channelId}", "anonymous"],
      [
        "delete-connection",
        "httpTrigger",
        "DELETE",
        "integrations/{integrationId}/connections/{connectionId}",
        "anonymous",
      ],
      ["delete-mapping", "httpTrigger", "DELETE", "mappings/{integrationId}/{entityType}", "anonymous"],
      [
        "delete-route",
        "httpTrigger",
        "DELETE",
        "webhooks/{registrationId:minlength(7)}/routes/{accountId}",
        "anonymous",
      ],
      ["delete-shard", "httpTrigger", "DELETE", "shards/{shardId}", "anonymous"],
      ["discard-delivery", "httpTrigger", "POST", "deliveries/{deliveryId}/discard", "anonymous"],
      ["drain-sync-queue", "serviceBusTrigger", "", "%QUEUE_NAME%", undefined],
      ["get-alert-channel", "httpTrigger", "GET", "alert-channels/{channelId}", "anonymous"],
      ["get-conflict", "httpTrigger", "GET", "conflicts/{conflictId}", "anonymous"],
      ["get-connection", "httpTrigger", "GET", "integrations/{integrationId}/connections/{connectionId}", "anonymous"],
      ["get-dashboard", "httpTrigger", "GET", "dashboard/{file?}", "anonymous"],
      ["get-delivery", "httpTrigger", "GET", "deliveries/{deliveryId}", "anonymous"],
      ["get-mapping", "httpTrigger", "GET", "mappings/{integrationId}/{entityType}", "anonymous"],
      ["get-metrics", "httpTrigger", "GET", "metrics", "anonymous"],
      ["get-openapi", "httpTrigger", "GET", "openapi.json", "anonymous"],
      ["get-overview", "httpTrigger", "GET", "overview", "anonymous"],
      ["get-rate-limit-status", "httpTrigger", "GET", "rate-limits/{integrationId}/status", "anonymous"],
      ["get-replay", "httpTrigger", "GET", "replays/{replayId}", "anonymous"],
      ["get-shard", "httpTrigger", "GET", "shards/{shardId}", "anonymous"],
      ["get-sync-task", "httpTrigger", "GET", "sync-tasks/{taskId}", "anonymous"],
      ["get-webhook", "httpTrigger", "GET", "webhooks/{registrationId:minlength(7)}", "anonymous"],
      ["get-webhook-health", "httpTrigger", "GET", "webhooks/{registrationId:minlength(7)}/health", "anonymous"],
      ["list-alert-channels", "httpTrigger", "GET", "alert-channels", "anonymous"],
      ["list-alerts", "httpTrigger", "GET", "alerts", "anonymous"],
      ["list-all-connections", "httpTrigger", "GET", "connections", "anonymous"],
      ["list-audit", "httpTrigger", "GET", "audit", "anonymous"],
      ["list-conflicts", "httpTrigger", "GET", "conflicts", "anonymous"],
      ["list-connections", "httpTrigger", "GET", "integrations/{integrationId}/connections", "anonymous"],
      ["list-dead-letters", "httpTrigger", "GET", "dead-letters", "anonymous"],
      ["list-deliveries", "httpTrigger", "GET", "deliveries", "anonymous"],
      ["list-mappings", "httpTrigger", "GET", "mappings", "anonymous"],
      ["list-repairs", "httpTrigger", "GET", "webhooks/{registrationId:minlength(7)}/repairs", "anonymous"],
      ["list-replays", "httpTrigger", "GET", "replays", "anonymous"],
      ["list-routes", "httpTrigger", "GET", "webhooks/{registrationId:minlength(7)}/routes", "anonymous"],
      ["list-shards", "httpTrigger", "GET", "shards", "anonymous"],
      ["list-sync-tasks", "httpTrigger", "GET", "sync-tasks", "anonymous"],
      [
        "list-webhook-deliveries",
        "httpTrigger",
        "GET",
        "webhooks/{registrationId:minlength(7)}/deliveries",
        "anonymous",
      ],
      ["list-webhooks", "httpTrigger", "GET", "webhooks", "anonymous"],
      ["pause-integration", "httpTrigger", "POST", "integrations/{integrationId}/pause", "anonymous"],
      ["pause-webhook", "httpTrigger", "POST", "webhooks/{registrationId:minlength(7)}/pause", "anonymous"],
      ["plan-replay", "httpTrigger", "POST", "replays", "anonymous"],
      ["preview-mapping", "httpTrigger", "POST", "mappings/preview", "anonymous"],
      ["provision-webhook", "httpTrigger", "POST", "webhooks/{registrationId:minlength(7)}/provision", "anonymous"],
      ["put-alert-channel", "httpTrigger", "PUT", "alert-channels/{channelId}", "anonymous"],
      ["put-connection", "httpTrigger", "PUT", "integrations/{integrationId}/connections/{connectionId}", "anonymous"],
      ["put-mapping", "httpTrigger", "PUT", "mappings/{integrationId}/{entityType}", "anonymous"],
      ["put-route", "httpTrigger", "PUT", "webhooks/{registrationId:minlength(7)}/routes/{accountId}", "anonymous"],
      ["receive-webhook", "httpTrigger", "POST", "webhooks/{registrationId:minlength(7)}", "anonymous"],
      ["recompute-webhook-health", "timerTrigger", "", "%HEALTH_SCHEDULE%", undefined],
      ["register-webhook", "httpTrigger", "POST", "integrations/{integrationId}/webhooks", "anonymous"],
      ["renew-provider-hooks", "timerTrigger", "", "%HOOKS_SCHEDULE%", undefined],
      ["repair-gaps", "timerTrigger", "", "%HEALTH_SCHEDULE%", undefined],
      ["replay-delivery", "httpTrigger", "POST", "deliveries/{deliveryId}/replay", "anonymous"],
      ["reset-rate-limit", "httpTrigger", "POST", "rate-limits/{integrationId}/reset", "anonymous"],
      ["resolve-conflict", "httpTrigger", "POST", "conflicts/{conflictId}/resolve", "anonymous"],
      ["restore-shard", "httpTrigger", "POST", "shards/{shardId}/restore", "anonymous"],
      ["resume-integration", "httpTrigger", "POST", "integrations/{integrationId}/resume", "anonymous"],
      ["resume-webhook", "httpTrigger", "POST", "webhooks/{registrationId:minlength(7)}/resume", "anonymous"],
      ["rotate-secret", "httpTrigger", "POST", "webhooks/{registrationId:minlength(7)}/rotate-secret", "anonymous"],
      ["run-canary", "timerTrigger", "", "30 * * * * *", undefined],
      ["run-replay", "httpTrigger", "POST", "replays/{replayId}/run", "anonymous"],
      ["send-alerts", "timerTrigger", "", "%HOOKS_SCHEDULE%", undefined],
      ["set-rate-limit", "httpTrigger", "PUT", "rate-limits/{integrationId}/limit", "anonymous"],
      ["set-tenant-rate-limit", "httpTrigger", "PUT", "rate-limits/tenant/{tenantId}/limit", "anonymous"],
      ["start-repair", "httpTrigger", "POST", "webhooks/{registrationId:minlength(7)}/repair", "anonymous"],
      ["start-sync-task", "httpTrigger", "POST", "sync-tasks", "anonymous"],
      ["test-alert-channel", "httpTrigger", "POST", "alert-channels/{channelId}/test", "anonymous"],
      ["unmerge-shard", "httpTrigger", "POST", "shards/{shardId}/unmerge", "anonymous"],
      ["unregister-webhook", "httpTrigger", "DELETE", "webhooks/{registrationId:minlength(7)}", "anonymous"],
      ["update-shard", "httpTrigger", "PATCH", "shards/{shardId}", "anonymous"],
      ["update-webhook", "httpTrigger", "PATCH", "webhooks/{registrationId:minlength(7)}", "anonymous"],
      ["validate-webhook-origin", "httpTrigger", "OPTIONS", "webhooks/{registrationId:minlength(7)}", "anonymous"],
    ]);
  });

  it("keeps GET /webhooks/health from the function that takes an id, by name order and by constraint", () => {
    expect(["get-webhook", "check-service-health"].sort()[0]).toBe("check-service-health");
    expect("health".length).toBeLessThan(7);
  });

  it("reads %NAME% settings that the configuration has", () => {
    expect(app.config.appSettings).toEqual({
      QUEUE_NAME: "sync-events",
      HEALTH_SCHEDULE: "0 */5 * * * *",
      HOOKS_SCHEDULE: "30 */5 * * * *",
    });
  });
});

describe("the management API", () => {
  beforeEach(async () => {
    app = await startFunctions({ API_TOKENS });
  });

  it("registers with 201, reads, lists, changes, checks and deletes with 204", async () => {
    const created = await register(bearer(tokenA));
    expect(created.status).toBe(201);
    expect(Object.keys(created.json).slice(0, 4)).toEqual(["registrationId", "webhookUrl", "webhookSecret", "status"]);
    const params = { registrationId: created.json.registrationId as string };
    const headers = bearer(tokenA);
    const read = await call("get-webhook", { headers, params });
    expect(read.json).toMatchObject({ ...params, events: ["Contact.created"], status: "active" });
    expect(JSON.stringify(read.json)).not.toContain(created.json.webhookSecret);
    expect((await call("list-webhooks", { headers, query: { limit: "10" } })).json.webhooks).toHaveLength(1);
    const changed = await call("update-webhook", { method: "PATCH", headers, params, body: '{"events":["*"]}' });
    expect(changed).toMatchObject({ status: 200, json: { events: ["*"] } });
    expect((await call("get-webhook-health", { headers, params })).json).toMatchObject({ status: "healthy" });
    expect((await call("confirm-webhook", { method: "POST", headers, params })).json).toEqual({ candidates: [] });
    expect((await call("unregister-webhook", { method: "DELETE", headers, params })).status).toBe(204);
    expect((await call("get-webhook", { headers, params })).status).toBe(404);
  });

  it("shows another tenant's webhook to nobody, on any route", async () => {
    const { json } = await register(bearer(tokenA));
    const params = { registrationId: json.registrationId as string };
    const headers = bearer(tokenB);
    const attempts = [
      call("get-webhook", { headers, params }),
      call("get-webhook-health", { headers, params }),
      call("update-webhook", { method: "PATCH", headers, params, body: '{"events":["*"]}' }),
      call("confirm-webhook", { method: "POST", headers, params, body: "{}" }),
      call("unregister-webhook", { method: "DELETE", headers, params }),
    ];
    for (const reply of await Promise.all(attempts)) {
      expect(reply).toMatchObject({ status: 404, json: { code: "registration_not_found" } });
    }
    expect((await call("list-webhooks", { headers })).json.webhooks).toEqual([]);
    expect((await call("get-webhook", { headers: bearer(tokenA), params })).status).toBe(200);
  });

  it("answers 401 without a valid token, and 403 without the scope", async () => {
    for (const headers of [{}, bearer("cwt_wrong"), { authorization: "Basic Zm9v" }, bearer("test-token")]) {
      const reply = await call("list-webhooks", { headers });
      expect(reply).toMatchObject({ status: 401, json: { code: "unauthenticated" } });
      expect(reply.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(await register(bearer(readerToken))).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect((await call("list-webhooks", { headers: bearer(readerToken) })).status).toBe(200);
  });

  it("names every problem of a request at once, and stores nothing", async () => {
    const body = { events: ["Con tact", "a..b"], webhookSecret: 7, color: "red", retryPolicy: { maxRetries: -1 } };
    const reply = await register(bearer(tokenA), body);
    expect(reply.status).toBe(400);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    const paths = (reply.json.problems as { path: string }[]).map(({ path }) => path).sort();
    expect(paths).toEqual([
      "/color",
      "/connectionId",
      "/events/0",
      "/events/1",
      "/retryPolicy/maxRetries",
      "/webhookSecret",
    ]);
    expect((await call("list-webhooks", { headers: bearer(tokenA) })).json.webhooks).toEqual([]);
  });

  it.each([
    ["events that are empty", { connectionId: "c", events: [] }, "invalid_request"],
    ["no connection", { events: ["*"] }, "invalid_request"],
    ["an unknown field", { connectionId: "c", events: ["*"], extra: 1 }, "invalid_request"],
    [
      "a scheme that the provider lacks",
      { connectionId: "c", events: ["*"], verification: { scheme: "magic" } },
      "invalid_request",
    ],
    ["what is not JSON", "{not json", "invalid_json"],
    ["nothing", "", "invalid_request"],
    ["a list", "[]", "invalid_request"],
  ])("answers 400 to %s", async (_, body, code) => {
    expect(await register(bearer(tokenA), body)).toMatchObject({ status: 400, json: { code } });
  });

  it("answers 404 to an integration that does not exist", async () => {
    const params = { integrationId: "myspace" };
    const body = JSON.stringify({ connectionId: "c", events: ["*"] });
    const reply = await call("register-webhook", { method: "POST", headers: bearer(tokenA), params, body });
    expect(reply).toMatchObject({ status: 404, json: { code: "unknown_integration" } });
  });

  it.each(["application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8"])(
    "takes JSON with the content type %s",
    async (type) => {
      expect((await register({ ...bearer(tokenA), "content-type": type })).status).toBe(201);
    },
  );

  it("answers 413 to a body above a megabyte, and 411 to a chunked one", async () => {
    const large = JSON.stringify({ connectionId: "x".repeat(1024 * 1024), events: ["*"] });
    expect((await register(bearer(tokenA), large)).status).toBe(413);
    const chunked = await call("register-webhook", {
      method: "POST",
      headers: { ...bearer(tokenA), "transfer-encoding": "chunked" },
      params: { integrationId: "salesforce" },
    });
    expect(chunked).toMatchObject({ status: 411, json: { code: "length_required" } });
  });

  it("answers 400 to query parameters that are wrong or unknown", async () => {
    const headers = bearer(tokenA);
    for (const query of [{ limit: "0" }, { limit: "x" }, { health: "sick" }, { color: "red" }, { cursor: "made-up" }]) {
      expect((await call("list-webhooks", { headers, query })).status).toBe(400);
    }
  });

  it("turns what nobody expected into a plain 500 that says nothing", async () => {
    jest.spyOn(app.services.registrations, "list").mockRejectedValue(new Error("the password is hunter2"));
    const reply = await call("list-webhooks", { headers: bearer(tokenA) });
    expect(reply).toMatchObject({ status: 500, json: { code: "internal_error" } });
    expect(JSON.stringify(reply)).not.toContain("hunter2");
  });

  it("tells browsers and caches to keep their hands off every reply", async () => {
    for (const reply of [await call("list-webhooks"), await call("list-webhooks", { headers: bearer(tokenA) })]) {
      expect(reply.headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    }
  });

  it("tells the service's counts to anyone", async () => {
    await register(bearer(tokenA));
    expect(await call("check-service-health")).toMatchObject({
      status: 200,
      json: { status: "healthy", registrationsCount: 1 },
    });
  });
});

describe("the default token", () => {
  beforeEach(async () => {
    app = await startFunctions();
  });

  it("is tenant-123 from this machine, and a GET without a token may read", async () => {
    expect((await register(testToken)).status).toBe(201);
    expect((await call("list-webhooks")).json.webhooks).toHaveLength(1);
    expect((await call("list-webhooks", { headers: { host: "127.0.0.1:3000" } })).status).toBe(200);
    expect((await call("list-webhooks", { headers: { host: "[::1]" }, from: "::1" })).status).toBe(200);
    expect((await call("list-webhooks", { from: "::ffff:127.0.0.1" })).status).toBe(200);
  });

  it.each([
    ["from another address", { from: "203.0.113.7" }],
    ["where the host does not tell the address", { from: null }],
    ["under a name that was pointed here (DNS rebinding)", { headers: { host: "evil.example" } }],
    ["under a name that only begins like this machine's", { headers: { host: "localhost.evil.example" } }],
    ["from a page on another host", { headers: { origin: "http://evil.example" } }],
    [
      "from a page under a name that was pointed here",
      { headers: { host: "evil.example", origin: "http://evil.example" } },
    ],
    ["from a page on another port of this machine", { headers: { origin: "http://localhost:8080" } }],
    ["from a page under another name of this machine", { headers: { origin: "http://127.0.0.1:3000" } }],
    ["from a page of another scheme", { headers: { origin: "https://localhost:3000" } }],
    ["from a page without an origin of its own", { headers: { origin: "null" } }],
    ["from a page that names two origins", { headers: { origin: "http://localhost:3000, http://evil.example" } }],
    ["from our own page seen from elsewhere", { headers: { origin: "http://localhost:3000" }, from: "203.0.113.7" }],
    [
      "from our own page through a proxy",
      { headers: { origin: "http://localhost:3000", "x-forwarded-proto": "http" } },
    ],
    ["through a proxy (Forwarded)", { headers: { forwarded: "for=203.0.113.7" } }],
    ["through a proxy (X-Forwarded-For)", { headers: { "x-forwarded-for": "127.0.0.1" } }],
    ["through a proxy (X-Forwarded-Host)", { headers: { "x-forwarded-host": "localhost" } }],
  ])("counts for nothing %s", async (_, request: { headers?: Record<string, string>; from?: string | null }) => {
    const withToken = { ...request, headers: { ...testToken, ...request.headers } };
    expect((await call("list-webhooks", withToken)).status).toBe(401);
    expect((await call("list-webhooks", request)).status).toBe(401);
  });

  it.each(["localhost:3000", "127.0.0.1:3000", "[::1]:3000"])(
    "may be sent by a page of our own on %s",
    async (host) => {
      const ownPage = { host, origin: `http://${host}` };
      expect((await register({ ...testToken, ...ownPage })).status).toBe(201);
      expect((await call("list-webhooks", { headers: { ...testToken, ...ownPage } })).status).toBe(200);
    },
  );

  it("has to be sent by a page of our own, too", async () => {
    expect((await call("list-webhooks", { headers: { origin: "http://localhost:3000" } })).status).toBe(401);
  });

  it("lets nothing be changed without it", async () => {
    expect((await register({})).status).toBe(401);
  });
});

describe("receive-webhook", () => {
  beforeEach(async () => {
    // A clock that stands still refills no bucket, however slow the machine is.
    app = await startFunctions({}, () => noon);
  });

  const body = '{"action":"created","sobject":{"name":"Contact","fields":{"Id":"123"}}}';

  it("answers a signed delivery with the seed's fields first", async () => {
    const { json } = await register(testToken);
    const headers = {
      "x-salesforce-event-signature": seedSignature({ webhookSecret: json.webhookSecret as string }, body),
    };
    const reply = await call("receive-webhook", {
      method: "POST",
      headers,
      params: { registrationId: json.registrationId as string },
      body,
    });
    expect(reply.status).toBe(200);
    expect(Object.entries(reply.json as object).slice(0, 3)).toEqual([
      ["success", true],
      ["eventType", "created"],
      ["entityId", "123"],
    ]);
  });

  it("answers a refusal and an unknown webhook without saying why", async () => {
    const { json } = await register(testToken);
    const refused = await call("receive-webhook", {
      method: "POST",
      params: { registrationId: json.registrationId as string },
      body,
    });
    expect(refused.json).toEqual({
      type: "urn:castiel:problem:delivery_refused",
      title: "The delivery could not be verified.",
      status: 401,
      code: "delivery_refused",
    });
    const unknown = await call("receive-webhook", {
      method: "POST",
      params: { registrationId: "webhook-abc123" },
      body,
    });
    expect(unknown).toMatchObject({ status: 404, json: { code: "registration_not_found" } });
  });

  it("answers 503 with Retry-After while the queue is out", async () => {
    const { json } = await register(testToken);
    jest.spyOn(app.services.queue, "send").mockRejectedValue(new WebhookError("queue_unavailable"));
    const headers = {
      "x-salesforce-event-signature": seedSignature({ webhookSecret: json.webhookSecret as string }, body),
    };
    const reply = await call("receive-webhook", {
      method: "POST",
      headers,
      params: { registrationId: json.registrationId as string },
      body,
    });
    expect(reply).toMatchObject({ status: 503, json: { code: "queue_unavailable" } });
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
  });

  it("counts unverified attempts by the address that Azure's front end saw, where the host tells none", async () => {
    const { json } = await register(testToken);
    const params = { registrationId: json.registrationId as string };
    const attempt = (forwarded: string) =>
      call("receive-webhook", { method: "POST", params, body, from: null, headers: { "x-forwarded-for": forwarded } });
    for (let sent = 0; sent < 100; sent++) await attempt(`198.51.100.${sent}, 203.0.113.7`);
    expect((await attempt("198.51.100.200, 203.0.113.7")).status).toBe(429);
    expect((await attempt("203.0.113.7, 203.0.113.8")).status).toBe(401);
  });

  it.each([
    ["203.0.113.9:50123", "203.0.113.9:50124"],
    ["[2001:db8::1]:50123", "[2001:db8::1]:50124"],
    ["2001:db8::2", "[2001:db8::2]"],
  ])("takes %s and %s for one address, because the front end adds the port", async (first, second) => {
    const { json } = await register(testToken);
    const params = { registrationId: json.registrationId as string };
    const attempt = (forwarded: string) =>
      call("receive-webhook", { method: "POST", params, body, from: null, headers: { "x-forwarded-for": forwarded } });
    for (let sent = 0; sent < 100; sent++) await attempt(first);
    expect((await attempt(second)).status).toBe(429);
  });
});

describe("the settings of a provider", () => {
  beforeEach(async () => {
    app = await startFunctions();
  });

  const registerAt = (integrationId: string, verification: object, more: object = {}) =>
    call("register-webhook", {
      method: "POST",
      headers: testToken,
      params: { integrationId },
      body: JSON.stringify({ connectionId: "c", events: ["*"], verification, ...more }),
    });
  const pathsIn = (reply: TestReply) =>
    ((reply.json.problems ?? []) as { path: string }[]).map(({ path }) => path).sort();

  const signing = {
    algorithm: "sha512",
    signatureHeader: "X-Acme-Signature",
    signaturePrefix: "sig ",
    signatureEncoding: "base64",
    signedParts: ["v1:", "{timestamp}", ".", "{id}", ".", "{body}"],
    timestampHeader: "X-Acme-Time",
    timestampUnit: "milliseconds",
    idHeader: "X-Acme-Id",
    toleranceSeconds: 60,
  };
  const mapping = {
    typePath: "event.type",
    actionPath: "event.action",
    entityPath: "event.object.id",
    timePath: "at",
    createdWords: ["new"],
    updatedWords: ["changed", "renamed"],
    deletedWords: ["gone"],
    restoredWords: ["back"],
  };

  it("are taken whole, and shown again", async () => {
    const reply = await registerAt("hmac", { ...signing, ...mapping });
    expect(reply).toMatchObject({ status: 201, json: { status: "active", verification: { ...signing, ...mapping } } });
    expect((await registerAt("standard", mapping)).status).toBe(201);
  });

  it.each([
    ["hmac", { algorithm: "md5" }, ["/verification/algorithm"]],
    ["hmac", { signatureHeader: "X Acme" }, ["/verification/signatureHeader"]],
    ["hmac", { signatureHeader: "x-sig\r\nx-other" }, ["/verification/signatureHeader"]],
    ["hmac", { signaturePrefix: "☃" }, ["/verification/signaturePrefix"]],
    ["hmac", { signatureEncoding: "base32" }, ["/verification/signatureEncoding"]],
    ["hmac", { signedParts: ["{secret}"] }, ["/verification/signedParts/0"]],
    ["hmac", { signedParts: ["{body}", "{{"] }, ["/verification/signedParts/1"]],
    ["hmac", { signedParts: "{body}" }, ["/verification/signedParts"]],
    ["hmac", { signedParts: [] }, ["/verification/signedParts"]],
    ["hmac", { signedParts: ["{timestamp}", "{body}"] }, ["/verification/signedParts"]],
    ["hmac", { timestampUnit: "hours" }, ["/verification/timestampUnit"]],
    ["hmac", { typePath: "data..type" }, ["/verification/typePath"]],
    ["hmac", { entityPath: "$.data[*].id" }, ["/verification/entityPath"]],
    ["hmac", { entityPath: "a.".repeat(20) + "id" }, ["/verification/entityPath"]],
    ["hmac", { createdWords: ["", 7] }, ["/verification/createdWords/0", "/verification/createdWords/1"]],
    ["hmac", { toleranceSeconds: 0 }, ["/verification/toleranceSeconds"]],
    ["hmac", { publicKey: "whpk_" }, ["/verification/publicKey"]],
    ["standard", { publicKey: "whpk_short" }, ["/verification/publicKey"]],
    ["standard", { scheme: "v1a", signedParts: ["{body}"] }, ["/verification/signedParts"]],
    ["cloudevents", { scheme: "access_token" }, ["/verification/scheme"]],
    ["salesforce", { algorithm: "sha256" }, ["/verification/algorithm"]],
    ["google", { serviceAccountEmail: "nobody" }, ["/verification/serviceAccountEmail"]],
  ])("of %s are refused by name where they are wrong: %j", async (integrationId, verification, paths) => {
    const reply = await registerAt(integrationId, verification);
    expect(reply).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    expect(pathsIn(reply)).toEqual(paths);
  });

  it("are told with all other problems of the request", async () => {
    const reply = await registerAt("hmac", { algorithm: "md5", color: "red" }, { events: [] });
    expect(pathsIn(reply)).toEqual(["/events", "/verification/algorithm", "/verification/color"]);
  });

  it("are held against the webhook's own provider when they are changed", async () => {
    const { json } = await registerAt("hmac", { signatureHeader: "x-sig" });
    const params = { registrationId: json.registrationId as string };
    const change = (verification: object) =>
      call("update-webhook", { method: "PATCH", headers: testToken, params, body: JSON.stringify({ verification }) });
    expect((await change({ algorithm: "sha1" })).json.verification).toMatchObject({ algorithm: "sha1" });
    expect(pathsIn(await change({ algorithm: "md5" }))).toEqual(["/verification/algorithm"]);
    expect(pathsIn(await change({ timestampHeader: "x-time" }))).toEqual(["/verification/signedParts"]);
    expect(pathsIn(await change({ audience: "x" }))).toEqual(["/verification/audience"]);
  });

  it("are described, for every provider", async () => {
    const { json } = await call("get-openapi");
    const { verification } = json.components.schemas.RegisterWebhook.properties;
    const described = Object.fromEntries(
      (verification.anyOf as { title: string; properties: object }[]).map(({ title, properties }) => [
        title,
        properties,
      ]),
    );
    expect(Object.keys(described)).toHaveLength(app.services.providers.size);
    expect(described["Custom HMAC"]).toHaveProperty("signedParts");
    expect(described["GitHub"]).not.toHaveProperty("signedParts");
  });
});

describe("validate-webhook-origin", () => {
  beforeEach(async () => {
    app = await startFunctions();
  });

  const ask = (registrationId: string, headers: Record<string, string>) =>
    call("validate-webhook-origin", { method: "OPTIONS", params: { registrationId }, headers });
  const origin = { "WebHook-Request-Origin": "eventgrid.azure.net" };

  it("consents by its headers alone, and only where CloudEvents are expected", async () => {
    const ids: Record<string, string> = {};
    for (const integrationId of ["cloudevents", "github"]) {
      const body = JSON.stringify({ connectionId: "c", events: ["*"] });
      const request = { method: "POST", headers: testToken, params: { integrationId }, body };
      ids[integrationId] = String((await call("register-webhook", request)).json.registrationId);
    }
    const reply = await ask(ids["cloudevents"] ?? "", { ...origin, "WebHook-Request-Rate": "120" });
    expect(reply).toMatchObject({
      status: 200,
      json: undefined,
      headers: { allow: "POST", "webhook-allowed-origin": "eventgrid.azure.net", "webhook-allowed-rate": "120" },
    });
    const refusals = [
      await ask(ids["cloudevents"] ?? "", {}),
      await ask(ids["github"] ?? "", origin),
      await ask("webhook-unknown", origin),
    ];
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 404, json: { code: "registration_not_found" } });
      expect(refusal.headers).not.toHaveProperty("webhook-allowed-origin");
    }
  });
});

describe("receive-webhook with a query", () => {
  it("answers Graph's check of the URL with the token, decoded, as text", async () => {
    app = await startFunctions();
    const body = JSON.stringify({ connectionId: "c", events: ["*"] });
    const request = { method: "POST", headers: testToken, params: { integrationId: "graph" }, body };
    const { json } = await call("register-webhook", request);
    const params = { registrationId: json.registrationId as string };
    const query = { validationToken: "Validation: Testing 1,2" };
    expect(await call("receive-webhook", { method: "POST", params, query })).toMatchObject({
      status: 200,
      text: "Validation: Testing 1,2",
      headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    });
    expect((await call("receive-webhook", { method: "POST", params })).status).toBe(401);
  });
});

describe("GET /openapi.json", () => {
  beforeEach(async () => {
    app = await startFunctions();
  });

  it("describes exactly the functions that are registered", async () => {
    const { json } = await call("get-openapi");
    const described = Object.entries(json.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
      ([path, operations]) =>
        Object.entries(operations).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    );
    const registered = recordedFunctions.flatMap(({ name, bindings }) => {
      const trigger = Object.values(bindings).find((binding) => binding["type"] === "httpTrigger");
      const route = String(trigger?.["route"]).replace(/[:?][^}]*\}/g, "}");
      return trigger ? [`${name} ${String(trigger["methods"])} /${route}`] : [];
    });
    expect(described.sort()).toEqual(registered.sort());
    expect(json.openapi).toBe("3.1.0");
  });

  it("has no reference that leads nowhere and no path parameter that is not described", async () => {
    const { json } = await call("get-openapi");
    const references = [...JSON.stringify(json).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1] ?? "",
    );
    expect(references.length).toBeGreaterThan(10);
    expect(references.filter((name) => !(name in json.components.schemas))).toEqual([]);
    for (const [path, operations] of Object.entries(
      json.paths as Record<string, Record<string, { parameters: { name: string; in: string }[] }>>,
    )) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      for (const { parameters } of Object.values(operations)) {
        expect(parameters.filter(({ in: place }) => place === "path").map(({ name }) => name)).toEqual(placeholders);
      }
    }
  });
});
