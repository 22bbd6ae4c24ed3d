import { type EngineStandIn, startEngineStandIn } from "../support/engine-stand-in";
import { eventually, type Gateway, newDataDirectory, startGateway } from "../support/gateway";
import { seedSignature } from "../support/test-app";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** The gateway alone: what a provider delivers goes on to an engine that somebody else wrote. */
describe("a gateway with a sync engine of one's own", () => {
  let engine: EngineStandIn;
  let gateway: Gateway;
  const settings = () => ({
    CASTIEL_MODE: "embedded",
    SYNC_TASK_SERVICE_URL: `${engine.url}?code=hunter2`,
    SYNC_TASK_SERVICE_SECRET: secret,
    OUTBOUND_ALLOW_LOOPBACK: "true",
  });
  beforeAll(async () => {
    engine = await startEngineStandIn(Date.now, secret);
    gateway = await startGateway(settings());
  }, 30_000);
  afterAll(async () => {
    await gateway.stop();
    await engine.stop();
  });

  async function ask<T>(method: string, path: string, body?: object, headers = {}): Promise<T> {
    const reply = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { authorization: "Bearer test-token", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(reply.ok).toBe(true);
    return (await reply.json()) as T;
  }

  async function deliver(entityId: string): Promise<void> {
    const webhook = await ask<{ registrationId: string; webhookSecret: string }>(
      "POST",
      "/integrations/salesforce/webhooks",
      { connectionId: "conn-123", events: ["Contact.created"] },
    );
    const body = { action: "created", sobject: { name: "Contact", fields: { Id: entityId, Name: "Ada Lovelace" } } };
    const signature = seedSignature(webhook, JSON.stringify(body));
    await ask("POST", `/webhooks/${webhook.registrationId}`, body, { "x-salesforce-event-signature": signature });
  }

  const handedOf = (entityId: string) => engine.handed.filter(({ message }) => message.data.entityId === entityId);
  const tasks = async (query = "") =>
    (await ask<{ syncTasks: readonly object[] }>("GET", `/sync-tasks${query}`)).syncTasks;

  it("hands over what is delivered, and keeps no shard of it", async () => {
    engine.interrupt({ status: 202, json: { taskId: "run-1" } });
    await deliver("003xx000004TMM");
    const completed = await eventually(
      () => tasks("?status=completed"),
      (found) => found.length > 0,
    );
    expect(completed).toMatchObject([
      { source: "forwarded", externalTaskId: "run-1", entityType: "Contact", entityId: "003xx000004TMM", attempts: 1 },
    ]);
    expect(handedOf("003xx000004TMM").map(({ message }) => message)).toMatchObject([
      { type: "castiel.webhook.Contact.created", data: { data: { Name: "Ada Lovelace" } } },
    ]);
    expect(await ask("GET", "/shards")).toMatchObject({ shards: [] });
    expect(await ask("GET", "/conflicts")).toMatchObject({ conflicts: [] });
    expect(await ask("GET", "/webhooks/health")).toMatchObject({ status: "healthy", syncEngine: "external" });
  });

  it("hands over what somebody asks for", async () => {
    const request = { integrationId: "salesforce", connectionId: "conn-123", entityType: "Contact", entityId: "asked" };
    const { taskId } = await ask<{ taskId: string }>("POST", "/sync-tasks", request);
    const [handed] = await eventually(
      () => Promise.resolve(handedOf("asked")),
      (found) => found.length > 0,
    );
    expect(handed).toMatchObject({ id: taskId, message: { type: "castiel.sync.requested" } });
    await eventually(
      () => ask<{ status: string }>("GET", `/sync-tasks/${taskId}`),
      ({ status }) => status === "completed",
    );
  });

  it("hands an event over again, under its id, when it was killed before it knew the answer", async () => {
    engine.interrupt({ instead: "nothing" });
    await deliver("killed");
    await eventually(
      () => Promise.resolve(handedOf("killed")),
      (found) => found.length > 0,
    );
    await gateway.kill();
    gateway = await startGateway({ ...settings(), DATA_DIRECTORY: gateway.dataDirectory });
    const [before, after] = await eventually(
      () => Promise.resolve(handedOf("killed")),
      (found) => found.length > 1,
    );
    expect(after).toMatchObject({ id: before?.id, body: before?.body });
  }, 30_000);

  it("writes neither its secrets nor a person's name to the log", () => {
    expect(gateway.lines.join("\n")).toContain("engine.external");
    expect(gateway.lines.join("\n")).not.toMatch(/hunter2|whsec_|Lovelace/);
  });
});

it("does not start without a secret to sign with, and says so without the address", async () => {
  const started = startGateway({
    CASTIEL_MODE: "embedded",
    DATA_DIRECTORY: newDataDirectory(),
    SYNC_TASK_SERVICE_URL: "https://engine.example.com/?code=hunter2",
  });
  await expect(started).rejects.toThrow("SYNC_TASK_SERVICE_SECRET is missing");
  await expect(started).rejects.not.toThrow("hunter2");
});
