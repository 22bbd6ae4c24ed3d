import type { App } from "../../shared/app";
import { ask, registerShared, registerTarget, startShared, type Who } from "../support/shared-webhooks";

let app: App;
beforeEach(async () => {
  app = await startShared();
});
afterEach(() => app.close());

const rotate = (registrationId: string, json: unknown = {}, as: Who = "a") =>
  ask("rotate-secret", { as, params: { registrationId }, json });

describe("POST /webhooks/{registrationId}/rotate-secret", () => {
  it("shows the new secret once, and what is under way on every read", async () => {
    const { registrationId, webhookSecret } = await registerTarget("a", {}, "github");
    const reply = await rotate(registrationId, { overlapHours: 48, quietHours: 1, quietDeliveries: 100 });
    expect(reply).toMatchObject({
      status: 200,
      json: { registrationId, rotation: { quietSeconds: 3600, quietDeliveries: 100 }, setup: expect.any(Array) },
    });
    expect(reply.json.webhookSecret).not.toBe(webhookSecret);
    const read = await ask("get-webhook", { as: "a", params: { registrationId } });
    expect(read.json.rotation).toEqual(reply.json.rotation);
    expect(JSON.stringify(read.json)).not.toContain(reply.json.webhookSecret);
    expect(JSON.stringify(read.json)).not.toContain("replaced");
  });

  it("is nobody else's: another tenant finds nothing, and nothing changes", async () => {
    const { registrationId } = await registerTarget("a", {}, "github");
    for (const json of [{}, { end: "finish" }, { end: "cancel" }]) {
      const reply = await rotate(registrationId, json, "b");
      expect(reply).toMatchObject({ status: 404, json: { code: "registration_not_found" } });
    }
    const read = await ask("get-webhook", { as: "a", params: { registrationId } });
    expect(read.json).not.toHaveProperty("rotation");
    expect((await ask("list-audit", { as: "b" })).json.entries).toEqual([]);
  });

  it("of a shared webhook is an operator's, and needs more than reading", async () => {
    const shared = await registerShared();
    const json = { webhookSecret: "another signing secret" };
    for (const who of ["colleague", "viewer"] as const) {
      expect(await rotate(shared, json, who)).toMatchObject({ status: 403, json: { code: "forbidden" } });
    }
    expect(await rotate(shared, json, "operator")).toMatchObject({ status: 200 });
  });

  it.each([
    [{ end: "finish", overlapHours: 1 }, [""]],
    [{ end: "stop" }, ["/end"]],
    [{ overlapHours: 0, quietHours: 1.5, quietDeliveries: 0, color: "red" }, undefined],
    [{ webhookSecret: "short" }, ["/webhookSecret"]],
  ])("names what is wrong with %j", async (json, paths) => {
    const { registrationId } = await registerTarget("a", {}, "github");
    const reply = await rotate(registrationId, json);
    expect(reply).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    const found = (reply.json.problems as { path: string }[]).map(({ path }) => path).sort();
    expect(found).toEqual(paths ?? ["/color", "/overlapHours", "/quietDeliveries", "/quietHours"]);
  });

  it("tells by code that there is nothing to end, or something under way", async () => {
    const { registrationId } = await registerTarget("a", {}, "github");
    expect(await rotate(registrationId, { end: "finish" })).toMatchObject({
      status: 409,
      json: { code: "rotation_not_open" },
    });
    await rotate(registrationId);
    expect(await rotate(registrationId)).toMatchObject({ status: 409, json: { code: "rotation_open" } });
  });

  it("leaves an entry in the audit log for each step, without a secret", async () => {
    const { registrationId, webhookSecret } = await registerTarget("a", {}, "github");
    const { json } = await rotate(registrationId);
    await rotate(registrationId, { end: "finish" });
    const { entries } = (await ask("list-audit", { as: "a", query: { action: "rotate-secret" } })).json;
    expect(entries).toMatchObject([
      { before: { rotation: { startedBy: "owner" } } },
      { after: { rotation: { startedBy: "owner" }, secretVersion: expect.any(String) } },
    ]);
    for (const secret of [webhookSecret, json.webhookSecret]) {
      expect(JSON.stringify(entries)).not.toContain(secret);
    }
  });
});
