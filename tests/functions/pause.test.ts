import type { App } from "../../shared/app";
import { WebhookError } from "../../shared/core/errors";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";

/** The routes by which deliveries are held and let go. */
const tokens = { a: "cwt_a", b: "cwt_b", reader: "cwt_reader" };
type Who = keyof typeof tokens;
const API_TOKENS = JSON.stringify([
  apiToken(tokens.a, "tenant-a", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.b, "tenant-b", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.reader, "tenant-a", ["webhooks.read"]),
]);

let app: App;
let registrationId: string;
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS });
  const body = JSON.stringify({ connectionId: "conn-1", events: ["*"] });
  const { json } = await post("register-webhook", { integrationId: "salesforce" }, "a", body);
  registrationId = json.registrationId as string;
});
afterEach(() => app.close());

function post(
  name: string,
  params: Readonly<Record<string, string>>,
  as: Who = "a",
  body?: string,
): Promise<TestReply> {
  const headers = { authorization: `Bearer ${tokens[as]}` };
  return call(name, { method: "POST", headers, params, ...(body === undefined ? {} : { body }) });
}

const get = (name: string, as: Who = "reader") =>
  call(name, { headers: { authorization: `Bearer ${tokens[as]}` }, params: { registrationId } });

/** Of the audit log, newest first. */
async function entriesOf(resource: string): Promise<readonly unknown[]> {
  const headers = { authorization: `Bearer ${tokens.a}` };
  return (await call("list-audit", { headers, query: { resource } })).json.entries as unknown[];
}

describe("POST /webhooks/{registrationId}/pause and /resume", () => {
  it("answer the webhook as it is then, which says by whom it was paused", async () => {
    const by = expect.stringMatching(/^token:/) as string;
    const paused = await post("pause-webhook", { registrationId });
    expect(paused).toMatchObject({ status: 200, json: { registrationId, pause: { state: "paused", by } } });
    expect((await get("get-webhook")).json).toMatchObject({ pause: { state: "paused" } });
    expect((await get("get-webhook-health")).json).toMatchObject({ heldCount: 0 });
    const resumed = await post("resume-webhook", { registrationId });
    expect(resumed).toMatchObject({ status: 202, json: { registrationId, pause: { state: "resuming" } } });
  });

  it("are for those who may write, and for the webhook's own tenant", async () => {
    for (const name of ["pause-webhook", "resume-webhook"]) {
      expect(await post(name, { registrationId }, "reader")).toMatchObject({ status: 403 });
      expect(await post(name, { registrationId }, "b")).toMatchObject({
        status: 404,
        json: { code: "registration_not_found" },
      });
    }
    expect((await get("get-webhook")).json).not.toHaveProperty("pause");
  });

  it("stand in the audit log", async () => {
    await post("pause-webhook", { registrationId });
    const [entry] = await entriesOf(`/webhooks/${registrationId}`);
    expect(entry).toMatchObject({ action: "pause-webhook", after: { pause: "paused" } });
  });
});

describe("POST /integrations/{integrationId}/pause and /resume", () => {
  const params = { integrationId: "salesforce" };

  it("answer how many webhooks were concerned", async () => {
    expect(await post("pause-integration", params)).toMatchObject({ status: 200, json: { ...params, webhooks: 1 } });
    expect(await post("resume-integration", params)).toMatchObject({ status: 202, json: { ...params, webhooks: 1 } });
  });

  it("are for those who may write, and concern no other tenant's webhooks", async () => {
    for (const name of ["pause-integration", "resume-integration"]) {
      expect(await post(name, params, "reader")).toMatchObject({ status: 403 });
      expect(await post(name, params, "b")).toMatchObject({ json: { webhooks: 0 } });
      expect(await post(name, { integrationId: "nonsense" })).toMatchObject({ json: { code: "unknown_integration" } });
    }
    expect((await get("get-webhook")).json).not.toHaveProperty("pause");
  });

  it("stand in the audit log of each webhook that they changed, by who asked", async () => {
    await post("pause-integration", params);
    await post("pause-integration", params);
    await post("resume-integration", params);
    const by = { subject: expect.stringMatching(/^token:/), tenantId: "tenant-a", isOperator: false };
    expect(await entriesOf(`/webhooks/${registrationId}`)).toEqual([
      expect.objectContaining({
        action: "resume-integration",
        by,
        before: { pause: "paused" },
        after: { pause: "resuming" },
      }),
      expect.objectContaining({ action: "pause-integration", by, before: {}, after: { pause: "paused" } }),
      expect.objectContaining({ action: "register-webhook" }),
    ]);
    expect(await entriesOf("/integrations/salesforce")).toHaveLength(3);
  });

  it("stand there with a webhook that was resumed while the queue was out", async () => {
    await post("pause-integration", params);
    jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    expect(await post("resume-integration", params)).toMatchObject({ json: { code: "queue_unavailable" } });
    expect((await entriesOf(`/webhooks/${registrationId}`))[0]).toMatchObject({ after: { pause: "resuming" } });
  });
});
