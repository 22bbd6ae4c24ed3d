import { sendAlerts } from "../../shared/usecases/send-alerts";
import { listAlertChannels } from "../../shared/usecases/list-alert-channels";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { type AlertWorld, openAlertWorld } from "../support/alert-world";
import { startEngineStandIn } from "../support/engine-stand-in";

let world: AlertWorld;
let webhook: NewRegistration;
beforeEach(async () => {
  world = await openAlertWorld();
  webhook = await world.app.register();
});
afterEach(() => world.close());

/** Lets the webhook fail for so many runs. */
async function failFor(runs: number): Promise<void> {
  for (let run = 0; run < runs; run++) {
    await world.refuse(webhook, 3);
    await world.runs(1);
  }
}

async function recover(): Promise<void> {
  await world.deliver(webhook);
  await world.runs(5);
}

const statusOf = async () => (await listAlertChannels(world.services, "tenant-123", { limit: 10 })).alertChannels[0];

describe("quiet hours", () => {
  // It is noon UTC, 13:00 in Zurich.
  const quietHours = { timeZone: "Europe/Zurich", from: "13:00", to: "14:30" };

  it("hold back what happens, and tell it together afterwards", async () => {
    await world.channel({ conditions: ["health", "refused_rate"], quietHours });
    await failFor(3);
    const other = await world.app.register();
    for (let run = 0; run < 2; run++) {
      await world.refuse(other, 10);
      await failFor(1);
    }
    expect(world.receivers.slack).toEqual([]);
    expect(await statusOf()).toMatchObject({ status: "ready", waiting: 3, lost: 0 });
    await failFor(14);
    expect(world.receivers.slack).toHaveLength(1);
    expect(world.receivers.slack[0]).toContain("2 open, 1 passed");
    expect(world.receivers.slack[0]).toContain("Came and went: Many deliveries are refused");
    expect(await statusOf()).toMatchObject({ waiting: 0 });
  });

  it("do not hold back the severities that they exempt", async () => {
    await world.channel({ conditions: ["health"], quietHours: { ...quietHours, exempt: ["critical"] } });
    await failFor(2);
    expect(world.receivers.slack).toHaveLength(1);
    await recover();
    expect(world.receivers.slack).toHaveLength(2);
  });

  it("in which an incident comes and goes open none at PagerDuty", async () => {
    const target = { kind: "pagerduty", routingKey: world.receivers.routingKey } as const;
    await world.channel({ target, conditions: ["health"], quietHours });
    await failFor(2);
    await recover();
    await world.runs(14);
    expect(world.receivers.server.calls).toEqual(["POST /v2/enqueue"]);
    expect(world.receivers.incidents.size).toBe(0);
    expect(await statusOf()).toMatchObject({ waiting: 0, lost: 0 });
  });
});

describe("a channel that is down", () => {
  it("is tried again, less and less often, until it takes what waits; its status tells", async () => {
    await world.channel({ conditions: ["health"] });
    const restore = world.receivers.server.failing(() => true, { status: 500 });
    await failFor(2);
    expect(await statusOf()).toMatchObject({
      status: "failing",
      waiting: 1,
      lastFailure: { reason: "status_500", at: "2026-11-24T12:10:00.000Z" },
    });
    await failFor(13);
    // After 1, 2, 4, 8, 16 and 32 minutes, at the next run.
    expect(world.receivers.server.calls).toHaveLength(6);
    restore();
    await failFor(6);
    expect(world.receivers.slack).toHaveLength(1);
    const { logged } = world.app;
    expect(logged.filter(({ event }) => event === "alert.not_told")[0]?.fields).toEqual({
      channelId: "team",
      kind: "slack",
      reason: "status_500",
    });
    expect(await statusOf()).toMatchObject({ status: "ready", waiting: 0, lost: 0 });
  });

  it("is left alone for as long as it asks", async () => {
    await world.channel({ conditions: ["health"] });
    world.receivers.server.interrupt({ status: 429, headers: { "retry-after": "1200" } });
    await failFor(5);
    expect(world.receivers.server.calls).toHaveLength(1);
    await failFor(1);
    expect(world.receivers.slack).toHaveLength(1);
  });

  it("loses what it did not take within a day, with a line in the log", async () => {
    await world.channel({ conditions: ["health"] });
    world.receivers.server.failing(() => true, { status: 410 });
    await failFor(2);
    world.app.advance(24 * 3_600_000);
    await failFor(1);
    expect(await statusOf()).toMatchObject({ status: "failing", waiting: 0, lost: 1 });
    const lines = world.app.logged.filter(({ event }) => event === "alert.given_up");
    expect(lines).toEqual([
      { level: "error", event: "alert.given_up", fields: { channelId: "team", kind: "slack", changes: 1 } },
    ]);
  });

  it("does not keep the others waiting", async () => {
    await world.channel({ conditions: ["health"], target: { kind: "slack", url: `${world.receivers.slackUrl}gone` } });
    await world.channel({ conditions: ["health"] }, "works");
    await failFor(2);
    expect(world.receivers.slack).toHaveLength(1);
    expect(await statusOf()).toBeDefined();
  });

  it("is tried at once after its owner mended it", async () => {
    const broken = { kind: "slack", url: `${world.receivers.slackUrl}gone` } as const;
    await world.channel({ conditions: ["health"], target: broken });
    await failFor(2);
    expect(await statusOf()).toMatchObject({ lastFailure: { reason: "status_404" } });
    await world.channel({ conditions: ["health"] });
    await sendAlerts(world.services);
    expect(world.receivers.slack).toHaveLength(1);
  });
});

describe("a process that dies", () => {
  it.each(Array.from({ length: 16 }, (_, index) => [Math.floor(index / 2) + 1, index % 2 === 1] as const))(
    "at write %i (which took effect: %s) leaves one incident, which is closed when it is over",
    async (write, takesEffect) => {
      const { store, receivers } = world;
      const target = { kind: "pagerduty", routingKey: receivers.routingKey } as const;
      await world.channel({ target, conditions: ["health"] });
      store.dieAt(write, takesEffect);
      await failFor(2);
      expect([...receivers.incidents.values()]).toMatchObject([{ severity: "critical", status: "triggered" }]);
      await recover();
      expect([...receivers.incidents.values()]).toMatchObject([{ status: "resolved" }]);
      expect(await statusOf()).toMatchObject({ waiting: 0, lost: 0 });
    },
  );

  it("after PagerDuty took an incident, which is over before it can be told again, leaves none open", async () => {
    const { incidents, routingKey, server } = world.receivers;
    await world.channel({ target: { kind: "pagerduty", routingKey }, conditions: ["health"] });
    await failFor(1);
    // The second run hands the change to the channel, notes the alert, and notes that it was told.
    world.store.dieAt(3, false);
    const restore = server.failing(() => incidents.size > 0, { status: 500 });
    await failFor(1);
    await recover();
    expect([...incidents.values()]).toMatchObject([{ status: "triggered" }]);
    restore();
    await world.runs(14);
    expect([...incidents.values()]).toMatchObject([{ status: "resolved" }]);
    expect(await statusOf()).toMatchObject({ waiting: 0, lost: 0 });
  });

  it("after telling a channel and before noting it tells the same again, under the same id", async () => {
    const receiver = await startEngineStandIn(world.app.services.now);
    const target = { kind: "webhook", url: receiver.url } as const;
    const { channel } = await world.channel({ conditions: ["health"], target });
    receiver.secrets = [channel.signingSecret ?? ""];
    await failFor(1);
    // The second run hands the change to the channel, notes the alert, and notes that it was told.
    world.store.dieAt(3, false);
    await failFor(1);
    expect(receiver.handed).toHaveLength(2);
    expect(receiver.handed[0]?.id).toBe(receiver.handed[1]?.id);
    expect(receiver.handed[0]?.message).toMatchObject({
      type: "alerts.changed",
      data: { alerts: [{ condition: "health", status: "open", severity: "critical" }] },
    });
    await receiver.stop();
  });
});

describe("what is told and logged", () => {
  it("holds no secret, no token and no body of a delivery", async () => {
    await world.channel({ conditions: ["health"] });
    world.receivers.server.interrupt({ instead: "hang_up" });
    await failFor(4);
    const told = JSON.stringify([world.receivers.slack, world.app.logged, await statusOf()]);
    expect(world.receivers.slack).toHaveLength(1);
    expect(told).not.toContain("hunter2");
    expect(told).not.toContain(webhook.webhookSecret);
  });
});
