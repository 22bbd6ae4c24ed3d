import { listDeliveries } from "../../shared/usecases/list-deliveries";
import { pauseWebhook, resumeWebhook } from "../../shared/usecases/pause-webhook";
import { replayDelivery } from "../../shared/usecases/replay-delivery";
import { showMetrics } from "../../shared/usecases/show-metrics";
import { breakWebhooks } from "../support/break-webhooks";
import { type AlertWorld, openAlertWorld } from "../support/alert-world";

const tenantId = "tenant-123";

let world: AlertWorld;
beforeEach(async () => {
  world = await openAlertWorld();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await world.close();
});

const lines = async (): Promise<readonly string[]> => (await showMetrics(world.app.services)).split("\n");

describe("what metrics show", () => {
  it("are the webhooks of all tenants by health, as the timer last saw them", async () => {
    const [failing, shaky] = [await world.app.register(), await world.app.register({ tenantId: "tenant-b" })];
    const [unseen] = [await world.app.register(), await world.app.register()];
    breakWebhooks(world.services, unseen.registrationId);
    await world.refuse(failing, 3);
    await world.deliver(shaky, 9);
    await world.refuse(shaky, 1);
    await world.runs(1);
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'castiel_webhooks{health="healthy"} 1',
        'castiel_webhooks{health="degraded"} 1',
        'castiel_webhooks{health="failed"} 1',
        'castiel_webhooks{health="unseen"} 1',
      ]),
    );
  });

  it("are how many messages wait, and for how long the oldest has waited", async () => {
    const webhook = await world.app.register();
    await world.app.deliverSigned(webhook, { action: "created", sobject: { name: "Contact", fields: { Id: "003" } } });
    world.app.advance(90_000);
    const text = await lines();
    expect(text).toContain('castiel_queue_messages{state="active"} 1');
    expect(text).toContain("castiel_queue_oldest_seconds 90");
    await world.app.drain();
    world.app.advance(10_000);
    expect(await lines()).toContain("castiel_queue_oldest_seconds 0");
    expect(await lines()).toContain('castiel_event_latency_seconds_bucket{integration="salesforce",le="60"} 0');
    expect(await lines()).toContain('castiel_event_latency_seconds_bucket{integration="salesforce",le="300"} 1');
  });

  it("are of a replay how long that took, and not since when its delivery is there", async () => {
    const { app } = world;
    await world.deliver(await app.register());
    const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 1 });
    app.advance(86_400_000);
    await replayDelivery(app.services, { tenantId, deliveryId: deliveries[0]?.deliveryId ?? "" }, "token:1");
    await app.drain();
    expect(await lines()).toContain('castiel_event_latency_seconds_bucket{integration="salesforce",le="0.1"} 2');
  });

  it("are of what was held how long it took once it was resumed", async () => {
    const { app } = world;
    const webhook = await app.register();
    const { registrationId } = webhook;
    await pauseWebhook(app.services, { tenantId, registrationId }, "token:1");
    await world.deliver(webhook);
    app.advance(86_400_000);
    await resumeWebhook(app.services, { tenantId, registrationId });
    await app.drain();
    expect(await lines()).toContain('castiel_event_latency_seconds_bucket{integration="salesforce",le="0.1"} 1');
  });

  it("are of the queue what it tells, and never an age below nothing", async () => {
    const { queue, now } = world.app.services;
    const depth = jest.spyOn(queue, "depth").mockResolvedValueOnce({ oldestAt: now() + 1000 });
    const text = await lines();
    expect(text).toContain("castiel_queue_oldest_seconds 0");
    expect(text.join()).not.toContain("castiel_queue_messages");
    world.app.advance(5000);
    depth.mockResolvedValueOnce(undefined);
    expect((await lines()).join()).not.toContain("castiel_queue");
  });

  it("are the calls that went out, by the class of their status", async () => {
    await world.channel({ conditions: ["health"] });
    const webhook = await world.app.register();
    world.receivers.server.interrupt({ status: 500 });
    for (let run = 0; run < 3; run++) {
      await world.refuse(webhook, 3);
      await world.runs(1);
    }
    expect(await lines()).toContain('castiel_outbound_calls_total{target="alerts",status="5xx"} 1');
    expect(await lines()).toContain('castiel_outbound_calls_total{target="alerts",status="2xx"} 1');
  });

  it("are less while the store is out, and say so", async () => {
    await world.app.close();
    const text = await lines();
    expect(text).toContain("castiel_store_up 0");
    expect(text.filter((line) => line.includes("castiel_webhooks"))).toEqual([]);
    world.app.close = () => Promise.resolve();
  });
});
