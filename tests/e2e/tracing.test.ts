import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { apiToken } from "../support/api-token";
import { AzureStandIns } from "../support/azure-stand-ins";
import { type EngineStandIn, startEngineStandIn } from "../support/engine-stand-in";
import { eventually, type Gateway, projectRoot, startAzureGateway, startGateway } from "../support/gateway";
import { OtlpCollector, treeOf } from "../support/otlp-collector";
import { contactBody, seedSignature } from "../support/test-app";
import { SalesforceStandIn } from "../support/vendors/salesforce";

const id = "003xx000004TMM";
const receipt = "POST /webhooks/{registrationId}";

interface Webhook {
  readonly registrationId: string;
  readonly webhookSecret: string;
}

type Served = Pick<Gateway, "url">;

async function ask<T>(gateway: Served, method: string, path: string, body?: object, headers = {}): Promise<T> {
  const reply = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { authorization: "Bearer test-token", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(reply.ok).toBe(true);
  return (await reply.json()) as T;
}

const webhooks = "/integrations/salesforce/webhooks";
const wanted = {
  connectionId: "conn-123",
  events: ["Contact.*"],
  retryPolicy: { maxRetries: 3, backoffSeconds: 1 },
};

const register = (gateway: Served, headers = {}): Promise<Webhook> => ask(gateway, "POST", webhooks, wanted, headers);

function deliver(gateway: Served, webhook: Webhook): Promise<unknown> {
  const signature = seedSignature(webhook, JSON.stringify(contactBody("created", id)));
  return ask(gateway, "POST", `/webhooks/${webhook.registrationId}`, contactBody("created", id), {
    "x-salesforce-event-signature": signature,
  });
}

interface Delivery {
  readonly deliveryId: string;
  readonly outcome: string;
  readonly traceId?: string;
}

async function synchronised(gateway: Served, headers = {}): Promise<Delivery> {
  const get = <T>(path: string): Promise<T> => ask(gateway, "GET", path, undefined, headers);
  const { deliveries } = await eventually(
    () => get<{ deliveries: readonly Delivery[] }>("/deliveries?outcome=synchronised"),
    ({ deliveries: found }) => found.length > 0,
  );
  return get(`/deliveries/${String(deliveries[0]?.deliveryId)}`);
}

describe("a gateway that is traced", () => {
  let collector: OtlpCollector;
  let salesforce: SalesforceStandIn;
  let gateway: Gateway;
  beforeAll(async () => {
    collector = await OtlpCollector.start();
    salesforce = await SalesforceStandIn.start();
    gateway = await startGateway({
      CASTIEL_MODE: "embedded",
      OUTBOUND_ALLOW_LOOPBACK: "true",
      ...collector.settings,
    });
  }, 30_000);
  afterAll(async () => {
    await gateway.stop();
    await collector.server.stop();
    await salesforce.server.stop();
  });

  it("makes one trace of a delivery, from its receipt across a pause and a failed attempt until it is saved", async () => {
    salesforce.add(id, new Date().toISOString(), { Name: "Ada Lovelace" });
    await ask(gateway, "PUT", "/integrations/salesforce/connections/conn-123", {
      baseUrl: salesforce.server.url,
      auth: { kind: "salesforce_client_credentials", clientId: "client", clientSecret: "client-hunter2" },
    });
    const webhook = await register(gateway);
    await ask(gateway, "POST", `/webhooks/${webhook.registrationId}/pause`);
    await deliver(gateway, webhook);
    const mend = salesforce.server.failing(({ method }) => method === "GET", { status: 503, json: [] });
    await ask(gateway, "POST", `/webhooks/${webhook.registrationId}/resume`);
    await eventually(
      () => Promise.resolve(salesforce.server.calls),
      (calls) => calls.includes(`GET /services/data/v67.0/sobjects/Contact/${id}`),
    );
    mend();
    const { traceId } = await synchronised(gateway);
    const spans = await eventually(
      () => Promise.resolve(collector.spans.filter((span) => span.traceId === traceId)),
      (found) => found.some(({ attributes }) => attributes["castiel.event.outcome"] === "synchronised"),
    );
    expect(Object.keys(treeOf(spans))).toEqual([receipt]);
    const outcomes = spans.flatMap(({ attributes }) => attributes["castiel.event.outcome"] ?? []);
    expect(outcomes.sort()).toEqual(["retrying", "synchronised"]);
    const failed = gateway.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(failed.find(({ event }) => event === "event.failed")).toMatchObject({ traceId });
  });

  it("sends what waits when it is stopped", async () => {
    const other = await startGateway({ CASTIEL_MODE: "embedded", ...collector.settings, OTEL_SERVICE_NAME: "other" });
    await deliver(other, await register(other));
    expect(await other.stop()).toBe(0);
    expect(collector.services.map((service) => service["service.name"])).toContain("other");
  });
});

describe("a gateway in Azure mode that is traced", () => {
  it("makes one trace of a delivery, whose context goes through Service Bus", async () => {
    const azure = await AzureStandIns.start();
    const collector = await OtlpCollector.start();
    const token = { authorization: "Bearer cwt_trace" };
    const gateway = await startAzureGateway({
      ...azure.settings,
      PUBLIC_BASE_URL: "https://hooks.example.com",
      API_TOKENS: JSON.stringify([apiToken("cwt_trace", "tenant-123", ["webhooks.read", "webhooks.write"])]),
      ...collector.settings,
    });
    try {
      await deliver(gateway, await register(gateway, token));
      const { traceId } = await synchronised(gateway, token);
      await gateway.stop();
      const spans = collector.spans.filter((span) => span.traceId === traceId);
      expect(treeOf(spans)).toMatchObject({
        [receipt]: { "send sync-events": { "process sync-events": { sync_task: { "sync_task.save": {} } } } },
      });
      expect(spans.find(({ kind }) => kind === 5)?.attributes).toMatchObject({ "messaging.system": "servicebus" });
    } finally {
      await gateway.kill();
      await collector.server.stop();
      await azure.stop();
    }
  }, 90_000);
});

describe("a gateway whose collector is out", () => {
  it("takes deliveries and synchronises them as ever, and stops in time", async () => {
    const gateway = await startGateway({
      CASTIEL_MODE: "embedded",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    });
    await deliver(gateway, await register(gateway));
    expect(await synchronised(gateway)).toMatchObject({ outcome: "synchronised", traceId: expect.any(String) });
    expect(await gateway.stop()).toBe(0);
  });
});

describe("a gateway that is not traced", () => {
  it("does not even load what it takes", () => {
    const script = `
      const { createApp } = require(${JSON.stringify(join(projectRoot, "dist", "shared", "app.js"))});
      createApp({ env: { CASTIEL_MODE: "embedded", DATA_DIRECTORY: ":memory:" } }).then(async (app) => {
        console.log(JSON.stringify(Object.keys(require.cache).filter((file) => file.includes("@opentelemetry"))));
        await app.close();
      });`;
    expect(JSON.parse(execFileSync("node", ["-e", script], { encoding: "utf8" }))).toEqual([]);
  });
});

describe("a sync engine of one's own", () => {
  let engine: EngineStandIn;
  let collector: OtlpCollector;
  beforeAll(async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    engine = await startEngineStandIn(Date.now, secret);
    collector = await OtlpCollector.start();
  });
  afterAll(async () => {
    await engine.stop();
    await collector.server.stop();
  });

  it("is told which trace its task is part of", async () => {
    const gateway = await startGateway({
      CASTIEL_MODE: "embedded",
      SYNC_TASK_SERVICE_URL: engine.url,
      SYNC_TASK_SERVICE_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
      OUTBOUND_ALLOW_LOOPBACK: "true",
      ...collector.settings,
    });
    await deliver(gateway, await register(gateway));
    const { traceId } = await synchronised(gateway);
    await gateway.stop();
    const [call] = collector.named("POST");
    expect(call).toMatchObject({ traceId, attributes: { "castiel.outbound.target": "sync_engine" } });
    expect(engine.handed.map(({ traceparent }) => traceparent)).toEqual([
      `00-${traceId ?? ""}-${call?.spanId ?? ""}-01`,
    ]);
  });
});
