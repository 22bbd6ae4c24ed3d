import { newRegistrationId } from "../../shared/core/registration-id";
import { MAX_TROUBLED } from "../../shared/core/tenant-summary";
import { LIVE_WEBHOOKS, overviewOf } from "../../shared/usecases/overview";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { makeRegistration, noon } from "../support/make";
import { codeOf, contactBody, openTestApp, type TestApp } from "../support/test-app";

const tenantId = "tenant-123";

let app: TestApp;
beforeEach(async () => {
  app = await openTestApp();
});
afterEach(() => app.close());

/** More webhooks than are looked at for each question. */
async function registerMany(): Promise<void> {
  const tenantKey = app.services.tenantKeyOf(tenantId);
  for (let made = 0; made <= LIVE_WEBHOOKS; made++) {
    const registration = makeRegistration({ id: newRegistrationId(tenantKey), tenantId });
    await app.services.registrations.create(registration);
  }
}

async function fail(registrationId: string, times: number): Promise<void> {
  for (let sent = 0; sent < times; sent++) await codeOf(app.deliver(registrationId, "{}", {}));
}

describe("the overview", () => {
  it("of a tenant without webhooks has nothing in it", async () => {
    expect(await overviewOf(app.services, tenantId)).toMatchObject({
      webhooksCount: 0,
      summary: { webhooks: { all: 0 }, counts: { accepted: 0 }, troubled: [] },
      queue: { active: 0, scheduled: 0, deadLettered: 0 },
    });
  });

  it("sums up a few webhooks as they are just now, and says which need attention, failed ones first", async () => {
    const [fine, degraded, failed] = [await app.register(), await app.register(), await app.register()];
    await app.deliverSigned(fine, contactBody());
    await fail(degraded.registrationId, 1);
    for (let sent = 0; sent < 19; sent++) await app.deliverSigned(degraded, contactBody("updated", `003${sent}`));
    await fail(failed.registrationId, 3);
    await app.drain();
    const { webhooksCount, summary } = await overviewOf(app.services, tenantId);
    expect(webhooksCount).toBe(3);
    expect(summary).toMatchObject({
      computedAt: new Date(noon).toISOString(),
      windowMinutes: 60,
      webhooks: { all: 3, healthy: 1, degraded: 1, failed: 1 },
      counts: { accepted: 20, synced: 20, refused: 4 },
      troubled: [
        { registrationId: failed.registrationId, integrationId: "salesforce", status: "failed" },
        { registrationId: degraded.registrationId, status: "degraded" },
      ],
    });
    expect(summary?.troubled[0]?.advice).toMatch(/signature header is missing/);
  });

  it("names what waits in the queue, and the integrations that there are", async () => {
    await app.deliverSigned(await app.register(), contactBody());
    const { queue, integrations } = await overviewOf(app.services, tenantId);
    expect(queue).toMatchObject({ active: 1 });
    expect(integrations).toContainEqual({ integrationId: "github", displayName: "GitHub" });
  });

  it("never counts another tenant's webhooks", async () => {
    await app.register({ tenantId: "tenant-b" });
    expect(await overviewOf(app.services, tenantId)).toMatchObject({
      webhooksCount: 0,
      summary: { webhooks: { all: 0 } },
    });
  });

  it("of many webhooks is what the health timer last saw, and reads none of them", async () => {
    await registerMany();
    expect(await overviewOf(app.services, tenantId)).toMatchObject({ webhooksCount: LIVE_WEBHOOKS + 1 });
    expect(await overviewOf(app.services, tenantId)).not.toHaveProperty("summary");
    await recomputeHealth(app.services);
    app.advance(60_000);
    const read = jest.spyOn(app.services.registrations, "list");
    const { summary } = await overviewOf(app.services, tenantId);
    expect(summary).toMatchObject({
      computedAt: new Date(noon).toISOString(),
      webhooks: { all: LIVE_WEBHOOKS + 1, healthy: LIVE_WEBHOOKS + 1 },
    });
    expect(read).not.toHaveBeenCalled();
  });

  it("names no more than the worst", async () => {
    for (let made = 0; made < MAX_TROUBLED + 2; made++) await fail((await app.register()).registrationId, 3);
    const { summary } = await overviewOf(app.services, tenantId);
    expect(summary?.webhooks.failed).toBe(MAX_TROUBLED + 2);
    expect(summary?.troubled).toHaveLength(MAX_TROUBLED);
  });
});

describe("the summary that the health timer keeps", () => {
  const countOf = async () => (await overviewOf(app.services, tenantId)).webhooksCount;

  it("puts a count right that a crash left wrong", async () => {
    await app.register();
    const { registrations, tenantKeyOf } = app.services;
    const entry = await registrations.findTenant({ tenantId, tenantKey: tenantKeyOf(tenantId) });
    const { summary } = await overviewOf(app.services, tenantId);
    if (!entry || !summary) throw new Error("a webhook was registered just now");
    await registrations.saveTenantSummary(entry, { ...summary, webhooks: { ...summary.webhooks, all: 7 } });
    expect(await countOf()).toBe(7);
    await recomputeHealth(app.services);
    expect(await countOf()).toBe(1);
  });

  it("leaves a count alone that changed while the timer ran", async () => {
    const first = await app.register();
    const { registrations } = app.services;
    const save = registrations.saveTenantSummary.bind(registrations);
    jest.spyOn(registrations, "saveTenantSummary").mockImplementationOnce(async (before, summary) => {
      await app.register();
      await app.register();
      await unregisterWebhook(app.services, { tenantId, registrationId: first.registrationId });
      await save(before, summary);
    });
    await recomputeHealth(app.services);
    expect(await countOf()).toBe(2);
  });
});
