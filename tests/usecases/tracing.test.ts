import { SyncFailure } from "../../shared/core/sync-task";
import { listDeliveries } from "../../shared/usecases/list-deliveries";
import { pauseWebhook } from "../../shared/usecases/pause-webhook";
import { planReplay } from "../../shared/usecases/plan-replay";
import { runReplay } from "../../shared/usecases/run-replay";
import { eventually } from "../support/gateway";
import { type CollectedSpan, OtlpCollector } from "../support/otlp-collector";
import { contactBody, openTestApp, type TestApp } from "../support/test-app";

let collector: OtlpCollector;
let app: TestApp;
beforeEach(async () => {
  collector = await OtlpCollector.start();
  app = await openTestApp(collector.settings);
});
afterEach(async () => {
  await app.close();
  await collector.server.stop();
});

const requests = () => Promise.resolve(collector.server.requests);
const linesOf = (event: string) => app.logged.filter((line) => line.event === event).map(({ fields }) => fields);

describe("a line of the log", () => {
  it("names the trace of the work that it is about", async () => {
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValue(new SyncFailure("broken", { permanent: true }));
    await app.deliverSigned(await app.register(), contactBody());
    await app.drain();
    const [failed] = linesOf("event.failed");
    await app.close();
    expect(collector.named("process sync-events")).toMatchObject([
      { traceId: failed?.["traceId"], attributes: { "castiel.event.outcome": "dead", "error.type": "broken" } },
    ]);
  });

  it("names none where the work is part of no trace", async () => {
    const { registrationId } = await app.register();
    await pauseWebhook(app.services, { tenantId: "tenant-123", registrationId }, "token:0123456789ab");
    expect(linesOf("webhook.paused")).toHaveLength(1);
    expect(app.logged.filter(({ fields }) => "traceId" in fields)).toEqual([]);
  });
});

describe("a replay of many deliveries", () => {
  const asker = { tenantId: "tenant-123", subject: "token:0123456789ab" };

  it("is a trace for each page and for each event, which link to where they come from", async () => {
    const webhook = await app.register();
    for (const id of ["001", "002", "003"]) await app.deliverSigned(webhook, contactBody("created", id));
    await app.drain();
    const { replayId } = await planReplay(app.services, asker, { fields: {} });
    await runReplay(app.services, asker, { replayId, ratePerSecond: 1 });
    for (let second = 0; second < 5; second++) {
      await app.drain();
      app.advance(1000);
    }
    await app.close();
    const ofReplay = collector.named("process sync-events").filter(({ attributes }) => {
      return attributes["castiel.replay.id"] === replayId;
    });
    const typeOf = ({ attributes }: CollectedSpan): unknown => attributes["cloudevents.event_type"];
    const events = ofReplay.filter((span) => typeOf(span) === "castiel.webhook.Contact.created");
    const pages = ofReplay.filter((span) => typeOf(span) === "castiel.replay.requested");
    expect({ events: events.length, pages: pages.length }).toEqual({ events: 3, pages: 3 });
    expect(new Set(ofReplay.map(({ traceId }) => traceId)).size).toBe(6);
    const receipts = collector.named("send sync-events").map(({ traceId, spanId }) => `${traceId}-${spanId}`);
    expect(events.flatMap(({ links }) => links).filter((link) => receipts.includes(link))).toHaveLength(3);
    const next = collector.named("schedule sync-events").map(({ traceId, spanId }) => `${traceId}-${spanId}`);
    expect(pages.flatMap(({ links }) => links).sort()).toEqual(next.sort());
  });
});

describe("a collector that does not answer", () => {
  it("is told of once, and once when it answers again, and no delivery fails for it", async () => {
    const webhook = await app.register();
    const deliver = async (id: string): Promise<void> => {
      await app.deliverSigned(webhook, contactBody("created", id));
      await app.drain();
    };
    const sent = (times: number) => eventually(requests, (found) => found.length >= times);
    const recover = collector.server.failing(() => true, { status: 400, json: {} });
    await deliver("001");
    await sent(1);
    await deliver("002");
    await sent(2);
    recover();
    await deliver("003");
    await eventually(
      () => Promise.resolve(linesOf("traces.back")),
      (lines) => lines.length === 1,
    );
    expect(linesOf("traces.lost")).toEqual([{ reason: "400" }]);
    const { deliveries } = await listDeliveries(app.services, "tenant-123", { fields: {}, limit: 5 });
    expect(deliveries.map(({ outcome }) => outcome)).toEqual(["synchronised", "synchronised", "synchronised"]);
  });
});
