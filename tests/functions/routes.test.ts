import { RouteTable } from "../../infra/local/route-table";
import type { App } from "../../shared/app";
import { recordedFunctions } from "../support/functions-core";
import {
  APP_SECRET,
  ask,
  deliverSlack,
  map,
  queuedFor,
  registerShared,
  registerTarget,
  slackBodyOf,
  startShared,
  type Who,
} from "../support/shared-webhooks";

let app: App;
beforeEach(async () => {
  app = await startShared();
});
afterEach(() => app.close());

const put = (registrationId: string, accountId: string, json: unknown, as: Who = "operator") =>
  ask("put-route", { as, params: { registrationId, accountId }, json });
const list = (registrationId: string, query: Record<string, string> = {}, as: Who = "operator") =>
  ask("list-routes", { as, params: { registrationId }, query });
const remove = (registrationId: string, accountId: string, as: Who = "operator") =>
  ask("delete-route", { as, params: { registrationId, accountId } });

describe("the host's routing", () => {
  it.each([
    ["GET", "/webhooks/webhook-1/routes", "list-routes", { registrationId: "webhook-1" }],
    ["PUT", "/webhooks/webhook-1/routes/T1", "put-route", { registrationId: "webhook-1", accountId: "T1" }],
    ["DELETE", "/webhooks/webhook-1/routes/T1", "delete-route", { registrationId: "webhook-1", accountId: "T1" }],
  ])("takes %s %s to %s", (method, path, target, params) => {
    const endpoints = recordedFunctions.flatMap(({ name, bindings }) =>
      Object.values(bindings)
        .filter((binding) => binding["type"] === "httpTrigger")
        .map((trigger) => ({
          functionName: name,
          methods: trigger["methods"] as string[],
          template: String(trigger["route"]),
          target: name,
        })),
    );
    expect(new RouteTable(endpoints).match(method, path)).toEqual({ target, params });
  });
});

describe("registering a shared webhook", () => {
  const register = (json: unknown, as: Who = "operator", integrationId = "slack") =>
    ask("register-webhook", { as, params: { integrationId }, json });

  it("needs no connection and no events, and says how to map accounts", async () => {
    const reply = await register({ routing: "workspace", webhookSecret: APP_SECRET });
    expect(reply).toMatchObject({ status: 201, json: { routing: "workspace", events: [], connectionId: "" } });
    expect(reply.json.setup.join(" ")).toContain(`PUT ${reply.json.webhookUrl}/routes/{id}`);
    const read = await ask("get-webhook", { params: { registrationId: reply.json.registrationId } });
    expect(read.json).toMatchObject({ routing: "workspace" });
  });

  it.each(["a", "colleague"] as const)("is for operators only: %s is refused", async (who) => {
    const reply = await register({ routing: "workspace", webhookSecret: APP_SECRET }, who);
    expect(reply).toMatchObject({ status: 403, json: { code: "forbidden" } });
    expect((await ask("list-webhooks", { as: who })).json.webhooks).toEqual([]);
  });

  it.each([
    ["slack", { routing: "installation" }, ["/routing"]],
    ["github", { routing: "workspace" }, ["/routing"]],
    ["notion", { routing: "workspace", connectionId: "c", events: ["*"] }, ["/routing"]],
    ["slack", { routing: "workspace", connectionId: "c", events: ["*"] }, ["/connectionId", "/events"]],
    ["slack", { routing: "workspace", provision: true }, ["/target"]],
    ["slack", { routing: "workspace", provision: true, target: { kind: "slack_app", appId: "A1" } }, ["/target"]],
    [
      "github",
      { routing: "installation", provision: true, target: { kind: "organization", organization: "octo" } },
      ["/target"],
    ],
    ["slack", {}, ["/connectionId", "/events"]],
    ["slack", { events: ["*"] }, ["/connectionId"]],
    ["notion", {}, ["/connectionId", "/events"]],
  ])("of %s with %j names what is wrong", async (integrationId, body, paths) => {
    const { status, json } = await register(body, "operator", integrationId);
    expect({ status, code: json.code }).toEqual({ status: 400, code: "invalid_request" });
    expect((json.problems as { path: string }[]).map(({ path }) => path)).toEqual(paths);
  });
});

describe("routes", () => {
  it("are set, listed page by page in their order, changed and deleted", async () => {
    const shared = await registerShared();
    const [a, b] = [await registerTarget("a"), await registerTarget("b")];
    const first = await put(shared, "T2", { registrationId: a.registrationId });
    expect(first).toMatchObject({
      status: 200,
      json: { accountId: "T2", registrationId: a.registrationId, tenantId: "tenant-a" },
    });
    expect(first.json.updatedBy).toMatch(/^token:/);
    await put(shared, "T1", { registrationId: a.registrationId });
    await put(shared, "E1", { registrationId: a.registrationId });
    const page = await list(shared, { limit: "2" });
    expect(page.json.routes.map(({ accountId }: { accountId: string }) => accountId)).toEqual(["E1", "T1"]);
    const rest = await list(shared, { limit: "2", cursor: page.json.nextCursor });
    expect(rest.json).toEqual({ routes: [first.json] });

    expect((await put(shared, "T2", { registrationId: b.registrationId })).json).toMatchObject({
      tenantId: "tenant-b",
    });
    expect((await remove(shared, "T1")).status).toBe(204);
    expect((await remove(shared, "T1")).json).toMatchObject({ code: "route_not_found" });
    expect((await list(shared)).json.routes).toMatchObject([
      { accountId: "E1", tenantId: "tenant-a" },
      { accountId: "T2", tenantId: "tenant-b" },
    ]);
  });

  it("are for operators only, whoever's the webhooks are", async () => {
    const shared = await registerShared();
    const target = await registerTarget("a");
    await map(shared, "T1", target.registrationId);
    for (const who of ["a", "colleague"] as const) {
      const json = { registrationId: target.registrationId };
      const replies = [
        await put(shared, "T2", json, who),
        await list(shared, {}, who),
        await remove(shared, "T1", who),
      ];
      for (const reply of replies) expect(reply).toMatchObject({ status: 403, json: { code: "forbidden" } });
    }
    expect((await list(shared)).json.routes).toMatchObject([{ accountId: "T1" }]);
  });

  it("are not changed by an operator who may only read", async () => {
    const shared = await registerShared();
    const target = await registerTarget("a");
    expect((await list(shared, {}, "viewer")).status).toBe(200);
    const json = { registrationId: target.registrationId };
    expect((await put(shared, "T1", json, "viewer")).status).toBe(403);
    expect((await remove(shared, "T1", "viewer")).status).toBe(403);
  });

  it("tell everything that is wrong with one at once", async () => {
    const shared = await registerShared();
    const reply = await put(shared, "t1", { registrationId: "webhook-nobody" });
    expect(reply).toMatchObject({
      status: 400,
      json: {
        code: "invalid_request",
        problems: [
          { path: "/accountId", message: "is no workspace of Slack" },
          { path: "/registrationId", message: "is no webhook" },
        ],
      },
    });
  });

  it.each(["T", "U1", "A1", "t1", "T1/..", "T 1", "*", "42", `T${"1".repeat(60)}`])(
    "are of no such account as %j",
    async (accountId) => {
      const shared = await registerShared();
      const target = await registerTarget("a");
      const reply = await put(shared, accountId, { registrationId: target.registrationId });
      expect(reply).toMatchObject({ status: 400, json: { problems: [{ path: "/accountId" }] } });
    },
  );

  it("lead to webhooks of the same integration that are not shared themselves", async () => {
    const shared = await registerShared();
    const [other, github] = [await registerShared(), await registerTarget("a", {}, "github")];
    const problemOf = async (registrationId: string) =>
      (await put(shared, "T1", { registrationId })).json.problems[0].message as string;
    expect(await problemOf(other)).toBe("is a shared webhook itself");
    expect(await problemOf(shared)).toBe("is a shared webhook itself");
    expect(await problemOf(github.registrationId)).toBe("is a webhook of github, not of slack");
  });

  it.each([{}, { registrationId: "" }, { registrationId: 1 }, { registrationId: "x", tenantId: "tenant-b" }, []])(
    "answer 400 to %j",
    async (body) => {
      expect((await put(await registerShared(), "T1", body)).json).toMatchObject({ code: "invalid_request" });
    },
  );

  it("are there for shared webhooks alone", async () => {
    const { registrationId } = await registerTarget("operator");
    for (const [id, status, code] of [
      [registrationId, 409, "webhook_not_shared"],
      [registrationId.replace(/.$/, "7"), 404, "registration_not_found"],
    ] as const) {
      const replies = [await put(id, "T1", { registrationId }), await list(id), await remove(id, "T1")];
      for (const reply of replies) expect(reply).toMatchObject({ status, json: { code } });
    }
  });

  it("of one shared webhook are none of another", async () => {
    const [one, other] = [await registerShared(), await registerShared()];
    await map(one, "T1", (await registerTarget("a")).registrationId);
    expect((await list(other)).json.routes).toEqual([]);
    expect((await deliverSlack(other, slackBodyOf("T1"))).json).toMatchObject({ ignored: "unrouted" });
    expect(await queuedFor(app)).toEqual([]);
  });
});

describe("a shared webhook", () => {
  it("is changed by operators only: who sets its secret could sign for every account", async () => {
    const registrationId = await registerShared();
    const change = { params: { registrationId }, json: { webhookSecret: "a secret of my own" } };
    expect(await ask("update-webhook", { ...change, as: "colleague" })).toMatchObject({ status: 403 });
    expect(await ask("unregister-webhook", { params: { registrationId }, as: "colleague" })).toMatchObject({
      status: 403,
    });
    expect(await ask("confirm-webhook", { params: { registrationId }, json: {}, as: "colleague" })).toMatchObject({
      status: 403,
    });
    expect((await ask("update-webhook", { ...change, as: "a" })).status).toBe(404);
    expect((await deliverSlack(registrationId, slackBodyOf("T1"))).status).toBe(200);
    expect((await ask("update-webhook", change)).status).toBe(200);
    expect((await deliverSlack(registrationId, slackBodyOf("T1"))).status).toBe(401);
  });

  it.each([
    [{ events: ["*"] }, "/events"],
    [{ connectionId: "mine" }, "/connectionId"],
    [{ routing: "workspace" }, "/routing"],
  ])("does not take %j afterwards", async (json, path) => {
    const registrationId = await registerShared();
    const reply = await ask("update-webhook", { params: { registrationId }, json });
    expect(reply).toMatchObject({ status: 400, json: { problems: [{ path }] } });
  });

  it("stays what it is: no other becomes one", async () => {
    const { registrationId } = await registerTarget("operator");
    const reply = await ask("update-webhook", { params: { registrationId }, json: { routing: "workspace" } });
    expect(reply).toMatchObject({ status: 400, json: { problems: [{ path: "/routing" }] } });
  });

  it("takes its routes along when it is deleted", async () => {
    const registrationId = await registerShared();
    await map(registrationId, "T1", (await registerTarget("a")).registrationId);
    const stored = await app.services.registrations.find(registrationId);
    if (!stored) throw new Error("it was registered");
    expect((await ask("unregister-webhook", { params: { registrationId } })).status).toBe(204);
    expect((await app.services.routes.list(stored.value, { limit: 10 })).items).toEqual([]);
    expect((await deliverSlack(registrationId, slackBodyOf("T1"))).status).toBe(404);
  });
});
