import type { App } from "../../shared/app";
import { drainMessage } from "../../shared/usecases/drain-message";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { apiToken } from "../support/api-token";
import { call, startFunctions } from "../support/function-app";
import { contactBody, seedSignature } from "../support/test-app";

const API_TOKENS = JSON.stringify([
  apiToken("cwt_a", "tenant-a", ["webhooks.read", "webhooks.write"]),
  apiToken("cwt_prometheus", "operations", ["metrics.read"]),
]);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

let app: App;
let webhook: { readonly registrationId: string; readonly webhookSecret: string };
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS });
  const reply = await call("register-webhook", {
    method: "POST",
    headers: bearer("cwt_a"),
    params: { integrationId: "salesforce" },
    body: JSON.stringify({ connectionId: "conn-1", events: ["Contact.*"] }),
  });
  webhook = reply.json;
});
afterEach(() => app.close());

const scrape = () => call("get-metrics", { headers: bearer("cwt_prometheus") });

function deliver(body: object, signature?: string): Promise<{ readonly status: number }> {
  const bytes = JSON.stringify(body);
  const headers = { "x-salesforce-event-signature": signature ?? seedSignature(webhook, bytes) };
  const params = { registrationId: webhook.registrationId };
  return call("receive-webhook", { method: "POST", params, headers, body: bytes });
}

async function drain(): Promise<void> {
  for (const message of (await app.lockingQueue?.receive(10, 60_000)) ?? []) {
    await drainMessage(app.services, JSON.parse(message.body));
    await app.lockingQueue?.complete(message.lockToken);
  }
}

describe("GET /metrics", () => {
  it("answers to the scope metrics.read alone, and that scope reads nothing else", async () => {
    expect((await call("get-metrics")).status).toBe(401);
    expect((await call("get-metrics", { headers: bearer("cwt_a") })).status).toBe(403);
    expect((await call("list-webhooks", { headers: bearer("cwt_prometheus") })).status).toBe(403);
    const { status, headers } = await scrape();
    expect({ status, type: headers["content-type"] }).toEqual({
      status: 200,
      type: "text/plain; version=0.0.4; charset=utf-8",
    });
  });

  it("counts deliveries, events and tasks, and tells the queue and the health of the webhooks", async () => {
    expect((await deliver(contactBody())).status).toBe(200);
    expect((await deliver(contactBody("updated", "003xx000004TMN"))).status).toBe(200);
    const waiting = String((await scrape()).text).split("\n");
    expect(waiting).toContain('castiel_queue_messages{state="active"} 2');
    expect((await deliver({ action: "created", sobject: { name: "Lead", fields: { Id: "00Q" } } })).status).toBe(200);
    expect((await deliver(contactBody(), `sha256=${"0".repeat(64)}`)).status).toBe(401);
    await drain();
    await recomputeHealth(app.services);
    const lines = String((await scrape()).text).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        'castiel_deliveries_total{integration="salesforce",verdict="accepted"} 2',
        'castiel_deliveries_total{integration="salesforce",verdict="ignored"} 1',
        'castiel_deliveries_total{integration="salesforce",verdict="refused"} 1',
        'castiel_events_total{integration="salesforce",outcome="synchronised"} 2',
        'castiel_event_latency_seconds_count{integration="salesforce"} 2',
        'castiel_sync_tasks_total{trigger="webhook",status="completed"} 2',
        "castiel_store_up 1",
      ]),
    );
  });

  it("names no tenant, no webhook and no record", async () => {
    await deliver(contactBody());
    await drain();
    const text = String((await scrape()).text);
    expect(text).toContain('verdict="accepted"');
    for (const secret of ["tenant", "webhook-", "003xx", "conn-1"]) expect(text).not.toContain(secret);
  });
});
