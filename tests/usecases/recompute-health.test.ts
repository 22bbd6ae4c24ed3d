import { WebhookError } from "../../shared/core/errors";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { type AlertWorld, openAlertWorld } from "../support/alert-world";
import { breakWebhooks } from "../support/break-webhooks";
import { contactBody } from "../support/test-app";

let world: AlertWorld;
beforeEach(async () => {
  world = await openAlertWorld();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await world.close();
});

/** The store answers no question about any of this tenant's. */
function breakTenant(tenantId: string): void {
  const { registrations } = world.app.services;
  const list = registrations.list.bind(registrations);
  jest
    .spyOn(registrations, "list")
    .mockImplementation((tenant, page) =>
      tenant.tenantId === tenantId ? Promise.reject(new WebhookError("store_unavailable")) : list(tenant, page),
    );
}

describe("a webhook whose health cannot be found out", () => {
  it("is counted and logged, and keeps no other from being looked at", async () => {
    const { app } = world;
    const webhooks = [await app.register(), await app.register(), await app.register()];
    for (const webhook of webhooks) await world.refuse(webhook, 3);
    breakWebhooks(world.services, webhooks[1]?.registrationId ?? "");
    expect(await recomputeHealth(world.services)).toEqual({ checked: 2, changed: 2, failed: 1 });
    expect(app.logged.filter(({ event }) => event === "health.not_recomputed")).toEqual([
      {
        level: "error",
        event: "health.not_recomputed",
        fields: { registrationId: webhooks[1]?.registrationId, error: expect.stringContaining("store_unavailable") },
      },
    ]);
  });

  it("has not recovered: what was told of it stays open, while another's is told to be over", async () => {
    const { app, receivers } = world;
    await world.channel({ conditions: ["health"] });
    const [lost, mended] = [await app.register(), await app.register()];
    for (let run = 0; run < 2; run++) {
      await world.refuse(lost, 3);
      await world.refuse(mended, 3);
      await world.runs(1);
    }
    breakWebhooks(world.services, lost.registrationId);
    await app.deliverSigned(mended, contactBody());
    await world.runs(6);
    expect(receivers.slack.slice(1)).toEqual([expect.stringContaining("Recovered: Health of a webhook")]);
    expect(receivers.slack[1]).toContain(mended.registrationId);
    expect(receivers.slack[1]).not.toContain(lost.registrationId);
  });

  it("is counted as unseen in the summary of its tenant, which goes on with the others", async () => {
    const { app, services } = world;
    const [lost, failed] = [await app.register(), await app.register(), await app.register()];
    await recomputeHealth(services);
    breakWebhooks(world.services, lost.registrationId);
    app.advance(60_000);
    await world.refuse(failed, 3);
    await recomputeHealth(services);
    const tenant = { tenantId: "tenant-123", tenantKey: services.tenantKeyOf("tenant-123") };
    expect(await services.registrations.findTenant(tenant)).toMatchObject({
      registrationsCount: 3,
      failedRegistrationsCount: 1,
      summary: {
        computedAt: new Date(services.now()).toISOString(),
        webhooks: { all: 3, healthy: 1, degraded: 0, failed: 1, unseen: 1 },
        troubled: [{ registrationId: failed.registrationId }],
      },
    });
  });
});

describe("a tenant whose webhooks cannot be read", () => {
  it("keeps neither the next tenant nor the service from being looked at", async () => {
    const { app, receivers } = world;
    await app.register();
    await app.register({ tenantId: "tenant-b" });
    await world.channel({ service: true, conditions: ["queue_dead_letters"] });
    jest.spyOn(app.services.queue, "depth").mockResolvedValue({ deadLettered: 1 });
    breakTenant("tenant-123");
    expect(await recomputeHealth(world.services)).toEqual({ checked: 1, changed: 0, failed: 1 });
    await world.runs(1);
    expect(receivers.slack[0]).toContain("The queue has dead letters");
  });
});

it("looks at several webhooks at a time, because a run has five minutes", async () => {
  const { app } = world;
  for (let made = 0; made < 8; made++) await app.register();
  const { gatherer } = app.services;
  const read = gatherer.activityOf.bind(gatherer);
  let [reading, most] = [0, 0];
  jest.spyOn(gatherer, "activityOf").mockImplementation(async (key) => {
    most = Math.max(most, ++reading);
    const activity = await read(key);
    reading--;
    return activity;
  });
  expect(await recomputeHealth(world.services)).toMatchObject({ checked: 8 });
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThan(8);
});
