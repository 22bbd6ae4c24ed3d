import type { App } from "../../shared/app";
import { WebhookError } from "../../shared/core/errors";
import { newRegistrationId } from "../../shared/core/registration-id";
import { endpointSpecs } from "../../shared/http/endpoint";
import { audited, isAudited, resourceTemplate } from "../../shared/http/audited";
import { resourcesWithFacts } from "../../shared/usecases/audit-facts";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";
import { makeEvent } from "../support/make";

const both = ["webhooks.read", "webhooks.write"];
const tenants = { a: "tenant-a", b: "tenant-b", operator: "tenant-o" };
const API_TOKENS = JSON.stringify([
  apiToken("cwt_a", tenants.a, both),
  apiToken("cwt_b", tenants.b, both),
  apiToken("cwt_operator", tenants.operator, both, true),
]);

let app: App;
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS });
});
afterEach(() => app.close());

type Who = keyof typeof tenants;
type Params = Readonly<Record<string, string>>;

async function send(name: string, params: Params = {}, body?: unknown, as: Who = "a"): Promise<TestReply> {
  const spec = endpointSpecs().find((known) => known.name === name);
  return call(name, {
    method: spec?.method ?? "GET",
    headers: { authorization: `Bearer cwt_${as}` },
    params,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function list(query: Params = {}, as: Who = "a"): Promise<TestReply> {
  return call("list-audit", { headers: { authorization: `Bearer cwt_${as}` }, query });
}

async function register(fields: object = {}, as: Who = "a", integrationId = "github"): Promise<Params> {
  const reply = await send(
    "register-webhook",
    { integrationId },
    { connectionId: "conn-1", events: ["*"], ...fields },
    as,
  );
  expect(reply.status).toBe(201);
  return { registrationId: reply.json.registrationId as string };
}

/** The action of the last entry, and what it was about. */
async function last(as: Who = "a"): Promise<Record<string, unknown>> {
  return (await list({ limit: "1" }, as)).json.entries[0] as Record<string, unknown>;
}

const mapping = { shardTypeId: "person", direction: "inbound", fields: { name: { from: "Name" } } };

describe("the audit log", () => {
  it("is kept of every endpoint for which reading is not enough", () => {
    const changing = endpointSpecs().filter(
      ({ method, access }) => method !== "GET" && access !== "anonymous" && access !== "provider",
    );
    expect(changing.filter((spec) => !isAudited(spec)).map(({ name }) => name)).toEqual(["preview-mapping"]);
    expect(changing.length).toBeGreaterThan(20);
  });

  it("has facts before and after of whatever is set, changed or deleted by its path", () => {
    const byPath = endpointSpecs().filter((spec) => isAudited(spec) && spec.method !== "POST");
    const templates = byPath.map(({ route }) => resourceTemplate(route));
    expect(templates.filter((template) => !resourcesWithFacts.has(template))).toEqual([]);
    expect(templates).toContain("/webhooks/{registrationId}");
  });

  it("tells who registered, changed and deleted a webhook, when, and what differs", async () => {
    const key = await register({ events: ["issues.*"] });
    const resource = `/webhooks/${key["registrationId"]}`;
    await send("update-webhook", key, { events: ["*"], retryPolicy: { maxRetries: 3 } });
    await send("unregister-webhook", key);
    const { entries } = (await list()).json as { entries: Record<string, unknown>[] };
    const by = { subject: expect.stringMatching(/^token:[0-9a-f]{12}$/), tenantId: "tenant-a", isOperator: false };
    const common = { resource, by, tenantId: "tenant-a", at: expect.stringMatching(/^20\d\d-.*Z$/) };
    expect(entries).toMatchObject([
      { ...common, action: "unregister-webhook", before: { events: ["*"], status: "active" } },
      { ...common, action: "update-webhook" },
      { ...common, action: "register-webhook", after: { events: ["issues.*"], integrationId: "github" } },
    ]);
    expect(entries[1]).toMatchObject({ before: { events: ["issues.*"] }, after: { events: ["*"] } });
    expect(Object.keys(entries[1]?.["after"] ?? {})).toEqual(["events"]);
    expect(entries[0]).not.toHaveProperty("after");
    expect(entries[2]).not.toHaveProperty("before");
  });

  it("shows that a secret or credentials were replaced, and never which", async () => {
    const key = await register({ webhookSecret: "first secret", metadata: { owner: "ada@example.com" } });
    await send("update-webhook", key, { webhookSecret: "second secret" });
    expect(await last()).toMatchObject({ before: { secretVersion: expect.any(String) } });
    const connection = { integrationId: "github", connectionId: "conn-1" };
    for (const token of ["ghp_first", "ghp_second"]) {
      await send("put-connection", connection, { accountLabel: "ada@example.com", auth: { kind: "bearer", token } });
    }
    expect(await last()).toMatchObject({
      action: "put-connection",
      resource: "/integrations/github/connections/conn-1",
      before: { credentialsVersion: expect.any(String) },
    });
    const text = JSON.stringify((await list()).json);
    for (const hidden of ["first secret", "second secret", "ghp_", "ada@"]) expect(text).not.toContain(hidden);
  });

  it("knows a connection whose name has a slash, which hosts leave encoded", async () => {
    const key = { integrationId: "github", connectionId: "team%2Fproject" };
    await send("put-connection", key, { auth: { kind: "bearer", token: "ghp_first" } });
    expect(await last()).toMatchObject({
      resource: "/integrations/github/connections/team%2Fproject",
      after: { status: "active", authKind: "bearer" },
    });
  });

  it("shows which fields of a shard were changed, and no value of them", async () => {
    const registrationId = newRegistrationId(app.services.tenantKeyOf("tenant-a"));
    const event = makeEvent({ tenantId: "tenant-a", registrationId, entityId: "003", completeness: "full" });
    await app.services.sync.enqueueSyncTask({ events: [event], attempt: 1 });
    const { shardId } = (await send("list-shards")).json.shards[0] as { shardId: string };
    expect((await send("update-shard", { shardId }, { fields: { Name: "Grace" } })).status).toBe(200);
    expect(await last()).toMatchObject({
      action: "update-shard",
      resource: `/shards/${shardId}`,
      before: { editedFields: [] },
      after: { editedFields: ["Name"] },
    });
    expect(JSON.stringify((await list()).json)).not.toContain("Grace");
    await send("delete-shard", { shardId });
    expect(await last()).toMatchObject({ action: "delete-shard", after: { status: "deleted" } });
  });

  it.each<[string, Params, unknown, string]>([
    ["put-mapping", { integrationId: "github", entityType: "issue" }, mapping, "/mappings/github/issue"],
    ["set-rate-limit", { integrationId: "github" }, { requestsPerMinute: 9 }, "/rate-limits/github"],
    ["reset-rate-limit", { integrationId: "github" }, undefined, "/rate-limits/github"],
    ["set-tenant-rate-limit", { tenantId: "tenant-a" }, { requestsPerMinute: 9 }, "/rate-limits/tenant/tenant-a"],
  ])("has %s with %j", async (name, params, body, resource) => {
    expect((await send(name, params, body)).status).toBeLessThan(300);
    const entry = await last();
    expect(entry).toMatchObject({ action: name, by: { tenantId: "tenant-a" } });
    expect(entry["resource"]).toContain(resource);
  });

  it("shows by name which metadata changed, and no value of it", async () => {
    const key = await register({ metadata: { owner: "ada@example.com", team: "core", room: "7" } });
    const registered = await last();
    await send("update-webhook", key, { metadata: { owner: "grace@example.com", team: "core", floor: "2" } });
    const changed = await last();
    const concealed = { "metadata.owner": "(not shown)" };
    expect(registered["after"]).toMatchObject({ ...concealed, "metadata.team": "(not shown)" });
    expect(changed["before"]).toEqual({ ...concealed, "metadata.room": "(not shown)" });
    expect(changed["after"]).toEqual({ ...concealed, "metadata.floor": "(not shown)" });
    expect(JSON.stringify((await list()).json)).not.toContain("@example.com");
  });

  it("says what a synchronisation was started of, and not of which record", async () => {
    const all = { integrationId: "github", connectionId: "c", entityType: "issue", since: "2026-11-01T00:00:00.000Z" };
    const started = await send("start-sync-task", {}, all);
    const resource = `/sync-tasks/${started.json.taskId as string}`;
    expect(await last()).toMatchObject({
      action: "start-sync-task",
      resource,
      by: { tenantId: "tenant-a" },
      after: all,
    });
    const { since: _, ...one } = all;
    await send("start-sync-task", {}, { ...one, entityId: "ada@example.com", hint: { mail: "ada@example.com" } });
    expect((await last())["after"]).toEqual({ ...one, entityId: "(not shown)" });
  });

  it("says of which window a repair was started, also where nobody named it", async () => {
    const key = await register();
    const window = { since: "2026-11-01T00:00:00.000Z", until: "2026-11-02T00:00:00.000Z", scope: "repos/acme/app" };
    expect((await send("start-repair", key, window)).status).toBe(202);
    const resource = `/webhooks/${key["registrationId"]}`;
    expect(await last()).toMatchObject({ action: "start-repair", resource, after: window });
    const { json } = await send("start-repair", key, {});
    expect((await last())["after"]).toEqual({ since: json.since as string, until: json.until as string });
  });

  it("says how many calls to a provider were forgotten", async () => {
    const { rateLimiter, now } = app.services;
    for (let call = 0; call < 3; call++) {
      await rateLimiter.take({ tenantId: "tenant-a", integrationId: "github" }, "fetch", now());
    }
    await send("reset-rate-limit", { integrationId: "github" });
    expect(await last()).toMatchObject({
      action: "reset-rate-limit",
      resource: "/rate-limits/github/calls",
      before: { counted: 3 },
      after: { counted: 0 },
    });
  });

  it("has a change that an operator made to a tenant in that tenant's log", async () => {
    await send("set-tenant-rate-limit", { tenantId: "tenant-b" }, { requestsPerMinute: 9 }, "operator");
    expect(await last("b")).toMatchObject({
      by: { tenantId: "tenant-o", isOperator: true },
      after: { limit: { granted: 9 } },
    });
    expect((await list({}, "operator")).json.entries).toEqual([]);
  });

  it("has routes of shared webhooks", async () => {
    const shared = await register({ routing: "installation", connectionId: undefined, events: undefined }, "operator");
    const target = await register({}, "b");
    const route = { ...shared, accountId: "42" };
    expect((await send("put-route", route, target, "operator")).status).toBe(200);
    const resource = `/webhooks/${shared["registrationId"]}/routes/42`;
    expect(await last("operator")).toMatchObject({ action: "put-route", resource, after: target });
    await send("delete-route", route, undefined, "operator");
    expect(await last("operator")).toMatchObject({ action: "delete-route", resource, before: target });
  });

  it("has a channel of alerts, and not where it leads", async () => {
    const url = "https://hooks.slack.com/services/T0/B0/secretpart";
    await send("put-alert-channel", { channelId: "ops" }, { target: { kind: "slack", url }, conditions: ["health"] });
    expect(await last()).toMatchObject({
      action: "put-alert-channel",
      resource: "/alert-channels/ops",
      after: { kind: "slack", conditions: ["health"], targetVersion: expect.any(String) },
    });
    expect(JSON.stringify((await list()).json)).not.toContain("secretpart");
  });

  it("has a change that broke down half-way, with its error, and none that broke down before", async () => {
    const key = await register();
    const { registrationId = "" } = key;
    const scopes = new Set(["webhooks.write"] as const);
    const caller = { tenantId: "tenant-a", subject: "token:ada", scopes, isOperator: false };
    const { services } = app;
    const spec = endpointSpecs().find(({ name }) => name === "unregister-webhook");
    if (!spec) throw new Error("there is such an endpoint");
    const breakDown = (work: () => Promise<unknown>) =>
      audited(spec, { services, caller, params: key }, async () => {
        await work();
        throw new WebhookError("secrets_unavailable");
      }).catch((error: unknown) => error);
    expect(await breakDown(() => Promise.resolve())).toMatchObject({ code: "secrets_unavailable" });
    expect(await last()).toMatchObject({ action: "register-webhook" });
    const found = await services.registrations.find(registrationId);
    if (!found) throw new Error("it is registered");
    await breakDown(() => services.registrations.delete(found.value));
    expect(await last()).toMatchObject({
      action: "unregister-webhook",
      by: { subject: "token:ada" },
      before: { status: "active" },
      error: "secrets_unavailable",
    });
  });

  it("has nothing of what was refused", async () => {
    const key = await register();
    const refused = [
      await send("update-webhook", key, { events: ["a..b"] }),
      await send("update-webhook", key, { events: ["*"] }, "b"),
      await send("set-tenant-rate-limit", { tenantId: "tenant-b" }, { requestsPerMinute: 9 }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([400, 404, 403]);
    expect((await list()).json.entries).toHaveLength(1);
    expect((await list({}, "b")).json.entries).toEqual([]);
  });

  it("is narrowed by resource and action, and paged", async () => {
    const [one, two] = [await register(), await register()];
    await send("update-webhook", one, { events: ["issues.*"] });
    const resource = `/webhooks/${one["registrationId"]}`;
    const actions = ({ json }: TestReply): string[] =>
      (json.entries as { action: string }[]).map(({ action }) => action);
    expect(actions(await list({ resource }))).toEqual(["update-webhook", "register-webhook"]);
    expect(actions(await list({ resource, action: "register-webhook" }))).toEqual(["register-webhook"]);
    const first = await list({ action: "register-webhook", limit: "1" });
    const second = await list({ action: "register-webhook", limit: "1", cursor: first.json.nextCursor as string });
    const resources = [first, second].map(({ json }) => json.entries[0].resource as string);
    expect(resources.sort()).toEqual([resource, `/webhooks/${two["registrationId"]}`].sort());
    expect((await list({ cursor: "nonsense" })).json.code).toBe("invalid_cursor");
  });

  it("of a tenant is shown to that tenant, and to an operator who asks for it", async () => {
    await register();
    expect((await list({}, "b")).json.entries).toEqual([]);
    expect(await list({ tenantId: "tenant-a" }, "b")).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect((await list({ tenantId: "tenant-a" }, "operator")).json.entries).toHaveLength(1);
  });
});
