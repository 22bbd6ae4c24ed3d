import type { App } from "../../shared/app";
import { drainMessage } from "../../shared/usecases/drain-message";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";
import { noon } from "../support/make";
import { rowsOf } from "../support/operations-tables";
import { type CollectedSpan, OtlpCollector, treeOf } from "../support/otlp-collector";
import { contactBody, seedSignature } from "../support/test-app";
import { SalesforceStandIn } from "../support/vendors/salesforce";

const MINUTE_MS = 60_000;
const authorization = "Bearer cwt_a";
const API_TOKENS = JSON.stringify([apiToken("cwt_a", "tenant-a", ["webhooks.read", "webhooks.write"])]);
const foreign = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

let collector: OtlpCollector;
let salesforce: SalesforceStandIn;
let app: App;
let time: number;
let webhook: { readonly registrationId: string; readonly webhookSecret: string };
beforeEach(async () => {
  collector = await OtlpCollector.start();
  salesforce = await SalesforceStandIn.start();
});
afterEach(async () => {
  await app.close();
  await collector.server.stop();
  await salesforce.server.stop();
});

async function open(env: Readonly<Record<string, string>> = collector.settings): Promise<void> {
  time = noon;
  const fixed = { API_TOKENS, OUTBOUND_ALLOW_LOOPBACK: "true", COALESCE_WINDOW_MS: "0" };
  app = await startFunctions({ ...fixed, ...env }, () => time);
  const { json } = await manage("register-webhook", {
    params: { integrationId: "salesforce" },
    body: { connectionId: "conn-1", events: ["Contact.*"] },
  });
  webhook = json;
}

interface Managed {
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: object;
}

async function manage(name: string, { params = {}, body }: Managed): Promise<TestReply> {
  const reply = await call(name, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization },
    params,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(reply.status).toBeLessThan(300);
  return reply;
}

/** Records can be read from an account, which holds this one. */
async function connect(id = "003xx000004TMM"): Promise<void> {
  salesforce.add(id, new Date(noon).toISOString(), { Name: "Ada Lovelace", Email: "ada@example.com" });
  await manage("put-connection", {
    params: { integrationId: "salesforce", connectionId: "conn-1" },
    body: {
      baseUrl: salesforce.server.url,
      auth: { kind: "salesforce_client_credentials", clientId: "client", clientSecret: "client-hunter2" },
    },
  });
}

async function deliver(headers: Readonly<Record<string, string>> = {}, body = contactBody()): Promise<TestReply> {
  const bytes = JSON.stringify(body);
  const signed = { "x-salesforce-event-signature": seedSignature(webhook, bytes), ...headers };
  const params = { registrationId: webhook.registrationId };
  return call("receive-webhook", { method: "POST", params, headers: signed, body: bytes });
}

const received = async () => (await app.lockingQueue?.receive(10, MINUTE_MS)) ?? [];

async function drain(): Promise<void> {
  for (let messages = await received(); messages.length > 0; messages = await received()) {
    for (const { body, lockToken } of messages) {
      await drainMessage(app.services, JSON.parse(body));
      await app.lockingQueue?.complete(lockToken);
    }
  }
}

/** All spans, once the app is closed and nothing waits any more. */
async function finish(): Promise<readonly CollectedSpan[]> {
  await app.close();
  return collector.spans;
}

/** The log of the webhook, with all that is kept of its newest delivery. */
async function newestDelivery(): Promise<TestReply["json"]> {
  await app.services.gatherer.flush();
  const params = { registrationId: webhook.registrationId };
  const { json } = await manage("list-webhook-deliveries", { params });
  return (await manage("get-delivery", { params: { deliveryId: json.deliveries[0].deliveryId } })).json;
}

/** A span's name as the table has it. */
function toTemplate(name: string): string {
  return name
    .replace(/^(GET|POST)$/, "{method}")
    .replace(/ sync-events$/, " {queue}")
    .replace(/^sync_task\..+$/, "sync_task.{phase}");
}

describe("a delivery that is traced", () => {
  it("is one trace from its receipt until its record is saved, with the calls that it took", async () => {
    await open();
    await connect();
    await deliver();
    await drain();
    const { traceId } = await newestDelivery();
    const spans = await finish();
    expect(treeOf(spans.filter((span) => span.traceId === traceId))).toEqual({
      "POST /webhooks/{registrationId}": {
        "send sync-events": {
          "process sync-events": {
            sync_task: {
              "sync_task.save": { "sync_task.fetch": { GET: {}, POST: {} }, "sync_task.transform": {} },
              "sync_task.deduplicate": {},
              "sync_task.derive": {},
              "sync_task.write_back": {},
            },
          },
        },
      },
    });
  });

  it("says in each span what OpenTelemetry's conventions name so", async () => {
    await open();
    await connect();
    await deliver();
    await drain();
    await finish();
    const { registrationId } = webhook;
    const port = Number(new URL(salesforce.server.url).port);
    expect(collector.named("POST /webhooks/{registrationId}")).toMatchObject([
      {
        kind: 2,
        attributes: {
          "http.request.method": "POST",
          "http.route": "/webhooks/{registrationId}",
          "http.response.status_code": 200,
          "castiel.registration.id": registrationId,
          "castiel.tenant.id": "tenant-a",
          "castiel.integration.id": "salesforce",
          "castiel.delivery.verdict": "accepted",
        },
      },
    ]);
    const queue = { "messaging.system": "sqlite", "messaging.destination.name": "sync-events" };
    const [sent] = collector.named("send sync-events");
    const eventId = sent?.attributes["messaging.message.id"];
    expect(sent).toMatchObject({ kind: 4, attributes: { ...queue, "messaging.operation.type": "send" } });
    expect(collector.named("process sync-events")).toMatchObject([
      {
        kind: 5,
        attributes: {
          ...queue,
          "messaging.operation.type": "process",
          "cloudevents.event_id": eventId,
          "cloudevents.event_type": "castiel.webhook.Contact.created",
          "castiel.event.outcome": "synchronised",
          "castiel.event.attempts": 1,
        },
      },
    ]);
    expect(collector.named("GET")).toMatchObject([
      {
        kind: 3,
        attributes: {
          "server.address": "127.0.0.1",
          "server.port": port,
          "http.request.method": "GET",
          "http.response.status_code": 200,
          "castiel.outbound.target": "salesforce",
        },
      },
    ]);
    expect(collector.named("sync_task")).toMatchObject([
      { kind: 1, attributes: { "castiel.sync_task.trigger": "webhook", "castiel.sync_task.status": "completed" } },
    ]);
    expect(collector.services[0]).toMatchObject({ "service.name": "castiel-webhooks", "service.version": "0.1.0" });
  });

  it("has no span that docs/operations.md does not list, and in the kind that it says", async () => {
    await open();
    await connect();
    await deliver();
    salesforce.server.interrupt({ status: 500, json: [] });
    await drain();
    time += 60 * MINUTE_MS;
    await drain();
    await finish();
    const kinds = ["", "internal", "server", "client", "producer", "consumer"];
    const seen = new Set(collector.spans.map(({ name, kind }) => `${toTemplate(name)} ${String(kinds[kind])}`));
    expect([...seen].sort()).toEqual(
      rowsOf("Span")
        .map(([name, kind]) => `${String(name)} ${String(kind)}`)
        .sort(),
    );
  });

  it("holds no person's data, no id of a record, no signature and no credential", async () => {
    await open();
    await connect();
    await deliver({}, contactBody("created", "003xx000004TMM", { Email: "ada@example.com" }));
    await drain();
    await deliver({ "x-salesforce-event-signature": "sha256=00" });
    await finish();
    expect(collector.spans.length).toBeGreaterThan(10);
    const sent = JSON.stringify(collector.server.requests.map(({ body }) => body));
    for (const secret of ["Lovelace", "ada@example", "003xx", "sha256", "hunter2", webhook.webhookSecret, "sobjects"])
      expect(sent).not.toContain(secret);
  });

  it("is not told to vendors", async () => {
    await open();
    await connect();
    await deliver();
    await drain();
    const { requests } = salesforce.server;
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.flatMap(({ headers }) => headers["traceparent"] ?? [])).toEqual([]);
  });

  it("is linked to by the task that its event joined", async () => {
    await open({ ...collector.settings, COALESCE_WINDOW_MS: "20" });
    for (const Name of ["Ada", "Ada Lovelace"]) await deliver({}, contactBody("updated", "003xx000004TMM", { Name }));
    const messages = await received();
    await Promise.all(messages.map(({ body }) => drainMessage(app.services, JSON.parse(body))));
    await finish();
    const [first, second] = collector.named("process sync-events");
    const [task, ...others] = collector.named("sync_task");
    expect(others).toEqual([]);
    const joined = task?.traceId === first?.traceId ? second : first;
    expect(joined?.traceId).not.toBe(task?.traceId);
    expect(task).toMatchObject({
      links: [`${String(joined?.traceId)}-${String(joined?.spanId)}`],
      attributes: { "castiel.sync_task.events": 2 },
    });
    expect(joined?.attributes["castiel.sync_task.id"]).toBe(task?.attributes["castiel.sync_task.id"]);
  });

  it("tells a call that got no answer, and how", async () => {
    await open();
    await connect();
    await deliver();
    const hangUp = { instead: "hang_up" } as const;
    salesforce.server.failing(({ method }) => method === "GET", hangUp);
    await drain();
    await finish();
    const calls = collector.named("GET");
    expect(calls.length).toBeGreaterThan(0);
    for (const call of calls) expect(call).toMatchObject({ failed: true, attributes: { "error.type": "unreachable" } });
    expect(collector.named("sync_task.fetch")).toMatchObject([
      { failed: true, attributes: { "error.type": "provider_unreachable" } },
    ]);
  });

  it("is what calls are traced for, and no others", async () => {
    await open();
    await connect();
    const tenant = { tenantId: "tenant-a", tenantKey: app.services.tenantKeyOf("tenant-a") };
    const connection = { ...tenant, integrationId: "salesforce", connectionId: "conn-1" };
    await app.services.records.read(connection, { entityType: "Contact", entityId: "003xx000004TMM" });
    expect(salesforce.server.calls.length).toBeGreaterThan(0);
    expect(await finish()).toEqual([]);
  });

  it("keeps its trace across a failed attempt, which says why it failed", async () => {
    await open();
    await connect();
    await deliver();
    salesforce.server.interrupt({ status: 500, json: [] }, { status: 500, json: [] }, { status: 500, json: [] });
    await drain();
    salesforce.server.recover();
    time += 60 * MINUTE_MS;
    await drain();
    const spans = await finish();
    const attempts = collector.named("process sync-events");
    expect(attempts).toMatchObject([
      { failed: true, attributes: { "castiel.event.outcome": "retrying", "error.type": "provider_unreachable" } },
      { failed: false, attributes: { "castiel.event.outcome": "synchronised" } },
    ]);
    expect(new Set(attempts.map(({ parentSpanId }) => parentSpanId)).size).toBe(1);
    expect(Object.keys(treeOf(spans.filter(({ traceId }) => traceId === attempts[0]?.traceId)))).toEqual([
      "POST /webhooks/{registrationId}",
    ]);
    expect(attempts[0]?.traceId).toBe(attempts[1]?.traceId);
  });

  it("keeps its trace while it is held", async () => {
    await open();
    const params = { registrationId: webhook.registrationId };
    await manage("pause-webhook", { params, body: {} });
    await deliver();
    await manage("resume-webhook", { params, body: {} });
    await drain();
    await finish();
    const [receipt] = collector.named("POST /webhooks/{registrationId}");
    expect(receipt?.attributes["castiel.delivery.held"]).toBe(true);
    const handled = collector.spans.filter(({ attributes }) => attributes["castiel.event.outcome"] === "synchronised");
    expect(handled).toMatchObject([{ traceId: receipt?.traceId, parentSpanId: receipt?.spanId }]);
  });
});

describe("a delivery that is refused", () => {
  it("is a trace of its own, with the reason", async () => {
    await open();
    const { status } = await deliver({ "x-salesforce-event-signature": `sha256=${"0".repeat(64)}` });
    expect(status).toBe(401);
    const { traceId } = await newestDelivery();
    await finish();
    expect(collector.spans).toMatchObject([
      {
        traceId,
        failed: false,
        attributes: {
          "http.response.status_code": 401,
          "castiel.delivery.verdict": "refused",
          "castiel.delivery.reason": "signature_mismatch",
        },
      },
    ]);
  });

  it("makes no trace where there is no such webhook, because anybody could make any number", async () => {
    await open();
    const params = { registrationId: "webhook-aaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbbbb" };
    const { status } = await call("receive-webhook", { method: "POST", params, body: "{}" });
    expect(status).toBe(404);
    expect(await finish()).toEqual([]);
  });
});

describe("the trace of a caller", () => {
  it("is linked to, and not gone on with: whether it is sampled does not count", async () => {
    await open();
    await deliver({ traceparent: `00-${foreign.traceId}-${foreign.spanId}-00`, tracestate: "vendor=secret" });
    await finish();
    const [receipt] = collector.named("POST /webhooks/{registrationId}");
    expect(receipt).toMatchObject({ links: [`${foreign.traceId}-${foreign.spanId}`] });
    expect(receipt?.traceId).not.toBe(foreign.traceId);
    expect(receipt?.parentSpanId).toBeUndefined();
    expect(JSON.stringify(collector.server.requests)).not.toContain("vendor=secret");
  });

  it.each(["", "hello", `00-${foreign.traceId}-${foreign.spanId}`, `ff-${foreign.traceId}-${foreign.spanId}-01`])(
    "is ignored where it is malformed: %p",
    async (traceparent) => {
      await open();
      expect((await deliver({ traceparent })).status).toBe(200);
      await finish();
      expect(collector.named("POST /webhooks/{registrationId}")).toMatchObject([{ links: [] }]);
    },
  );
});

describe("a replay", () => {
  it("is a trace of its own that links to the delivery's, and its attempts stay in it", async () => {
    await open();
    await connect();
    await deliver();
    await drain();
    const { traceId, deliveryId } = await newestDelivery();
    await manage("replay-delivery", { params: { deliveryId }, body: {} });
    salesforce.server.failing(({ method }) => method === "GET", { status: 500, json: [] });
    await drain();
    salesforce.server.recover();
    time += 60 * MINUTE_MS;
    await drain();
    const { replays, traceId: after } = await newestDelivery();
    await finish();
    const [first, second] = collector.named("process sync-events").filter(({ attributes }) => {
      return attributes["castiel.replay.id"] === replays[0].replayId;
    });
    const [sent] = collector.named("send sync-events");
    expect(first).toMatchObject({ failed: true, links: [`${traceId}-${String(sent?.spanId)}`] });
    expect(first?.parentSpanId).toBeUndefined();
    expect(first?.traceId).not.toBe(traceId);
    expect(second).toMatchObject({ failed: false, traceId: first?.traceId, parentSpanId: first?.spanId });
    expect(replays).toMatchObject([{ traceId: first?.traceId, outcome: "synchronised" }]);
    expect(after).toBe(traceId);
  });
});

describe("what is sampled", () => {
  it("is nothing with always_off, and then no id leads to a trace that is not there", async () => {
    await open({ ...collector.settings, OTEL_TRACES_SAMPLER: "always_off" });
    await deliver();
    await drain();
    expect(await newestDelivery()).not.toHaveProperty("traceId");
    expect(await finish()).toEqual([]);
  });

  it("is decided once for a delivery, and holds for its event on whichever instance", async () => {
    await open({
      ...collector.settings,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.5",
    });
    for (let index = 0; index < 20; index++) await deliver({}, contactBody("created", `003xx00000000${index}`));
    await drain();
    await finish();
    const traces = (name: string) => collector.named(name).map(({ traceId }) => traceId);
    const receipts = traces("POST /webhooks/{registrationId}");
    expect(receipts.length).toBeLessThan(20);
    expect(traces("process sync-events").sort()).toEqual([...receipts].sort());
  });
});

describe("where no traces are asked for", () => {
  it.each([
    ["no address is set", {}],
    ["OTEL_SDK_DISABLED", { OTEL_SDK_DISABLED: "true" }],
  ])("nothing is sent, and messages and records hold nothing of it: %s", async (_, settings) => {
    await open(Object.keys(settings).length === 0 ? {} : { ...collector.settings, ...settings });
    await deliver({ traceparent: `00-${foreign.traceId}-${foreign.spanId}-01` });
    const [message] = await received();
    expect(message?.body).not.toMatch(/trace/i);
    await drainMessage(app.services, JSON.parse(message?.body ?? ""));
    expect(JSON.stringify(await newestDelivery())).not.toMatch(/trace/i);
    await finish();
    expect(collector.server.requests).toEqual([]);
  });
});

describe("a collector", () => {
  it("gets protobuf unless JSON is asked for, the headers that are set, and the name of the service", async () => {
    await open({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.server.url}/v1/traces`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20key,x-team = hooks",
      OTEL_SERVICE_NAME: "hooks-eu",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    });
    await deliver();
    await finish();
    const [request] = collector.server.requests;
    expect(request?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      "x-key": "a key",
      "x-team": "hooks",
    });
    for (const text of ["hooks-eu", "deployment.environment.name", "POST /webhooks/{registrationId}"])
      expect(request?.body).toContain(text);
  });
});
