import { rotateSecret } from "../../shared/usecases/rotate-secret";
import { connectionKey } from "../support/connections";
import { type AlertWorld, openAlertWorld } from "../support/alert-world";

let world: AlertWorld;
beforeEach(async () => {
  world = await openAlertWorld();
});
afterEach(() => world.close());

describe("a change of a webhook's state", () => {
  it("is told once, with cause, next step, runbook and a link, and once more when it is over", async () => {
    const { app, receivers } = world;
    await world.channel({ conditions: ["health"] });
    const webhook = await app.register();
    await world.deliver(webhook, 3);
    await world.runs(3);
    expect(receivers.slack).toEqual([]);
    for (let run = 0; run < 4; run++) {
      await world.refuse(webhook, 3);
      await world.runs(1);
    }
    const [message = ""] = receivers.slack;
    expect(receivers.slack).toHaveLength(1);
    expect(message).toContain(`Critical: Health of a webhook (${webhook.registrationId})`);
    expect(message).toContain("The webhook is failed: ");
    expect(message).toContain("The signature does not match");
    expect(message).toContain("docs/operations.md#alert-health");
    expect(message).toContain(`https://hooks.example.com/dashboard#/webhooks/${webhook.registrationId}`);
    await world.deliver(webhook);
    await world.runs(6);
    expect(receivers.slack).toHaveLength(2);
    expect(receivers.slack[1]).toContain(`Recovered: Health of a webhook (${webhook.registrationId})`);
    expect(receivers.slack[1]).toContain("Was: The webhook is failed");
  });

  it("that lasts for one run is not told", async () => {
    await world.channel();
    const webhook = await world.app.register();
    await world.refuse(webhook, 3);
    await world.runs(1);
    await world.deliver(webhook);
    await world.runs(5);
    expect(world.receivers.slack).toEqual([]);
  });

  it("together with others that one run finds is one message", async () => {
    await world.channel({ conditions: ["health", "refused_rate"] });
    const webhooks = [await world.app.register(), await world.app.register({ integrationId: "github" })];
    for (let run = 0; run < 2; run++) {
      for (const webhook of webhooks) await world.refuse(webhook, 10);
      await world.runs(1);
    }
    expect(world.receivers.slack).toHaveLength(1);
    expect(world.receivers.slack[0]).toContain("Castiel Webhooks: 4 open");
    for (const { registrationId } of webhooks) expect(world.receivers.slack[0]).toContain(registrationId);
    expect(world.receivers.slack[0]).toContain("10 of 10 deliveries were refused within 5 min (signature_mismatch)");
  });

  it("waits for others as long as the channel wants", async () => {
    await world.channel({ conditions: ["health"], groupSeconds: 900 });
    const [early, late] = [await world.app.register(), await world.app.register()];
    for (let run = 0; run < 4; run++) {
      await world.refuse(early, 3);
      if (run >= 1) await world.refuse(late, 3);
      await world.runs(1);
    }
    expect(world.receivers.slack).toEqual([]);
    await world.refuse(early, 3);
    await world.refuse(late, 3);
    await world.runs(1);
    expect(world.receivers.slack).toHaveLength(1);
    expect(world.receivers.slack[0]).toContain("2 open");
  });

  it("goes to the channels that asked for it and to no other", async () => {
    const { app, receivers } = world;
    const [github, salesforce] = [await app.register({ integrationId: "github" }), await app.register()];
    const pagerduty = { kind: "pagerduty", routingKey: receivers.routingKey } as const;
    await world.channel({ integrations: ["github"], conditions: ["health"] });
    await world.channel({ webhooks: [salesforce.registrationId], target: pagerduty, conditions: ["health"] }, "pager");
    await world.channel({ conditions: ["silent"] }, "quiet");
    for (let run = 0; run < 2; run++) {
      for (const webhook of [github, salesforce]) await world.refuse(webhook, 3);
      await world.runs(1);
    }
    expect(receivers.slack).toHaveLength(1);
    expect(receivers.slack[0]).toContain(github.registrationId);
    expect(receivers.slack[0]).not.toContain(salesforce.registrationId);
    expect([...receivers.incidents.values()].map(({ summary }) => summary)).toEqual([
      expect.stringContaining(salesforce.registrationId),
    ]);
  });

  it("closes the incident that it opened", async () => {
    const { receivers } = world;
    const target = { kind: "pagerduty", routingKey: receivers.routingKey } as const;
    await world.channel({ target, conditions: ["health"] });
    const webhook = await world.app.register();
    for (let run = 0; run < 2; run++) {
      await world.refuse(webhook, 3);
      await world.runs(1);
    }
    expect([...receivers.incidents.values()]).toMatchObject([{ severity: "critical", status: "triggered" }]);
    await world.deliver(webhook);
    await world.runs(6);
    expect([...receivers.incidents.values()]).toMatchObject([{ status: "resolved" }]);
  });

  it("of a webhook that is deleted is over", async () => {
    await world.channel({ conditions: ["health"] });
    const webhook = await world.app.register();
    for (let run = 0; run < 2; run++) {
      await world.refuse(webhook, 3);
      await world.runs(1);
    }
    const stored = await world.app.services.registrations.find(webhook.registrationId);
    if (stored) await world.app.services.registrations.delete(stored.value);
    await world.runs(4);
    expect(world.receivers.slack.map((message) => message.split(":")[0])).toEqual(["Critical", "Recovered"]);
  });
});

describe("the other conditions", () => {
  it("a connection that needs new credentials is told at once", async () => {
    const { app, receivers } = world;
    await app.register();
    const at = new Date(app.services.now()).toISOString();
    await app.services.connections.update(connectionKey(app), (_, id) => ({
      ...id,
      tenantId: "tenant-123",
      schemaVersion: 1,
      integrationId: "github",
      connectionId: "conn-123",
      status: "needs_reauth",
      statusReason: "bad_refresh_token",
      statusChangedAt: at,
      createdAt: at,
      updatedAt: at,
    }));
    await world.channel();
    await world.runs(1);
    expect(receivers.slack).toHaveLength(1);
    expect(receivers.slack[0]).toContain("Critical: Connection needs new credentials (github/conn-123)");
    expect(receivers.slack[0]).toContain("bad_refresh_token");
  });

  it("a silence longer than any usual one is told, and that it has ended", async () => {
    const { app, receivers } = world;
    await world.channel({ conditions: ["silent"] });
    const webhook = await app.register();
    for (let n = 0; n < 8 * 24; n++) {
      await world.deliver(webhook);
      app.advance(3_600_000);
    }
    await world.runs(2);
    expect(receivers.slack).toEqual([]);
    app.advance(6 * 3_600_000);
    await world.runs(3);
    expect(receivers.slack).toHaveLength(1);
    expect(receivers.slack[0]).toContain("Warning: Webhook is silent");
    expect(receivers.slack[0]).toMatch(/Silent for \d+ h, usually 60 min/);
    await world.deliver(webhook);
    await world.runs(4);
    expect(receivers.slack[1]).toContain("Recovered: Webhook is silent");
  });

  it("a secret that is due is told, and is critical once its change is about to end with the old one in use", async () => {
    const { app, receivers } = world;
    await world.channel({ conditions: ["secret_due"] });
    const webhook = await app.register();
    await world.runs(2);
    expect(receivers.slack).toEqual([]);
    app.advance(90 * 24 * 3_600_000);
    await world.runs(1);
    expect(receivers.slack[0]).toContain("Warning: A secret is to be changed");
    await rotateSecret(app.services, { tenantId: "tenant-123", ...webhook }, { overlapHours: 4 });
    app.advance(3 * 3_600_000);
    await world.deliver(webhook);
    await world.runs(1);
    const critical = receivers.slack.find((message) => message.includes("Critical: A secret is to be changed"));
    expect(critical).toContain("Salesforce still used the old secret at");
  });

  it("a renewal that fails is told, and is critical once the provider is about to stop", async () => {
    const { app, receivers } = world;
    await world.channel({ conditions: ["lease_not_renewed"] });
    const { registrationId } = await app.register();
    const expiresAt = new Date(app.services.now() + 24 * 3_600_000 + 20 * 60_000).toISOString();
    await app.services.registrations.update(registrationId, (current) => ({
      ...current,
      provisioning: {
        target: { kind: "repository", repository: "octo/hello" },
        state: "ready",
        reason: "provider_forbidden",
        failingSince: "2026-11-24T11:00:00.000Z",
        expiresAt,
      },
    }));
    await world.runs(2);
    expect(receivers.slack[0]).toContain("Warning: Renewing at the provider fails");
    expect(receivers.slack[0]).toContain(`(provider_forbidden). It stops to deliver at ${expiresAt}.`);
    await world.runs(3);
    expect(receivers.slack).toHaveLength(2);
    expect(receivers.slack[1]).toContain("Critical: Renewing at the provider fails");
  });

  it("a queue that nobody drains is told to the channels of the service alone", async () => {
    const { app, receivers } = world;
    const webhook = await app.register();
    await world.channel({ service: true });
    const target = { kind: "teams", url: receivers.teamsUrl } as const;
    await world.channel({ target, conditions: ["queue_age"] }, "tenants");
    await app.deliverSigned(webhook, {
      action: "created",
      sobject: { name: "Contact", fields: { Id: "003xx000004TMM" } },
    });
    await world.runs(4);
    expect(receivers.slack).toHaveLength(1);
    expect(receivers.slack[0]).toContain("Warning: Events wait in the queue (sync-events)");
    expect(receivers.slack[0]).toContain("The oldest of 1 messages has waited for 15 min.");
    const fields = { oldestSeconds: 1200, active: 1, scheduled: 0, deadLettered: 0 };
    expect(app.logged).toContainEqual({ level: "info", event: "queue.observed", fields });
    await app.drain();
    await world.runs(4);
    expect(receivers.slack[1]).toContain("Recovered: Events wait in the queue");
    expect(receivers.teams).toEqual([]);
  });

  it("a queue that cannot be looked into for a while is no better for it", async () => {
    const { app, receivers } = world;
    await world.channel({ service: true });
    const depth = jest.spyOn(app.services.queue, "depth");
    depth.mockResolvedValue({ oldestAt: app.services.now() });
    await world.runs(4);
    expect(receivers.slack).toHaveLength(1);
    expect(receivers.slack[0]).toContain("The oldest message has waited for 15 min.");
    depth.mockResolvedValue(undefined);
    await world.runs(4);
    expect(receivers.slack).toHaveLength(1);
    depth.mockResolvedValue({ oldestAt: null });
    await world.runs(4);
    expect(receivers.slack[1]).toContain("Recovered: Events wait in the queue");
  });
});
