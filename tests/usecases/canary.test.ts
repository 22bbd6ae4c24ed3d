import { OutboundError, type OutboundRequest } from "../../shared/core/outbound";
import { SyncFailure } from "../../shared/core/sync-task";
import { listAlerts } from "../../shared/usecases/list-alerts";
import { listWebhooks } from "../../shared/usecases/list-webhooks";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { CANARY_TENANT, runCanary } from "../../shared/usecases/run-canary";
import { serviceHealth } from "../../shared/usecases/service-health";
import { showMetrics } from "../../shared/usecases/show-metrics";
import type { Services } from "../../shared/usecases/services";
import { noon } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";

const MINUTE_MS = 60_000;
let app: TestApp;
let services: Services;
beforeEach(async () => {
  app = await openTestApp();
  // The front door without a socket: what arrives is delivered as it came.
  services = { ...app.services, canary: { send: (request) => knock(request) } };
});
afterEach(() => app.close());

async function knock({ url, headers = {}, body = "" }: OutboundRequest) {
  await app.deliver(url.split("/").pop() ?? "", body, { ...headers });
  return { status: 200, headers: { get: () => null }, json: undefined };
}

/** The timers of so many minutes; without `then`, nothing is drained. */
async function passTime(minutes: number, then?: () => Promise<unknown>): Promise<void> {
  for (let minute = 1; minute <= minutes; minute++) {
    app.advance(MINUTE_MS);
    await runCanary(services);
    await then?.();
    if (minute % 5 === 0) await recomputeHealth(services);
  }
}

const operator = { tenantId: "tenant-123", isOperator: true, service: true };
const alerts = async () =>
  (await listAlerts(services, operator, { limit: 10 })).alerts.filter(({ condition }) => condition === "canary_late");
const health = async () => (await serviceHealth({ ...services })).canary;

describe("the canary", () => {
  it("goes all the way, is seen in the service's health, and changes nothing after the first", async () => {
    expect(await health()).toEqual({ status: "waiting" });
    await runCanary(services);
    expect(await health()).toEqual({ status: "waiting" });
    await app.drain();
    expect(await health()).toEqual({ status: "ok", lastReceivedAt: new Date(noon).toISOString(), latencyMs: 0 });
    app.advance(MINUTE_MS);
    await runCanary(services);
    await app.drain();
    const tenant = { tenantId: CANARY_TENANT, tenantKey: services.tenantKeyOf(CANARY_TENANT) };
    const { items } = await services.syncTasks.list(tenant, { limit: 10 });
    expect(items.map(({ result }) => result?.change)).toEqual(["unchanged", "created"]);
    expect((await services.shards.list(tenant, { limit: 10 })).items).toHaveLength(1);
  });

  it("has one webhook, of a tenant of its own", async () => {
    for (let minute = 0; minute < 3; minute++) {
      await runCanary(services);
      app.advance(MINUTE_MS);
    }
    expect((await listWebhooks(services, { tenantId: CANARY_TENANT, limit: 10 })).webhooks).toHaveLength(1);
    expect((await listWebhooks(services, { tenantId: "tenant-123", limit: 10 })).webhooks).toEqual([]);
  });

  it("is late where five minutes of it did not come through, and the service is degraded until one does", async () => {
    await runCanary(services);
    await app.drain();
    const broken = { enqueueSyncTask: () => Promise.reject(new SyncFailure("mapping_missing", { permanent: true })) };
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockImplementation(broken.enqueueSyncTask);
    for (let minute = 0; minute < 6; minute++) {
      app.advance(MINUTE_MS);
      await runCanary(services);
      await app.drain();
    }
    expect(await serviceHealth({ ...services })).toMatchObject({ status: "degraded", canary: { status: "late" } });
    jest.restoreAllMocks();
    app.advance(MINUTE_MS);
    await runCanary(services);
    await app.drain();
    expect(await serviceHealth({ ...services })).toMatchObject({ status: "healthy", canary: { status: "ok" } });
  });

  it("that is late for two runs of the health timer is an alert of the service, until it comes through again", async () => {
    await runCanary(services);
    await app.drain();
    // Deliveries are answered 200 as ever, and nobody drains them.
    await passTime(10);
    expect(await alerts()).toMatchObject([{ condition: "canary_late", state: "rising" }]);
    await passTime(5);
    expect(await alerts()).toMatchObject([
      {
        condition: "canary_late",
        subject: { kind: "service", id: "canary" },
        state: "open",
        severity: "critical",
        cause: "None of the events of our own of the last five minutes came through.",
      },
    ]);
    await app.drain();
    await passTime(20, () => app.drain());
    expect(await alerts()).toEqual([]);
  });

  it("is told in the metrics, once anything is known of it", async () => {
    const told = async () => /^castiel_canary_up (\d)$/m.exec(await showMetrics({ ...services }))?.[1];
    expect(await told()).toBeUndefined();
    await runCanary(services);
    await app.drain();
    expect(await told()).toBe("1");
    await passTime(6);
    expect(await told()).toBe("0");
  });

  it("is not counted among the webhooks", async () => {
    await app.register();
    await runCanary(services);
    expect(await serviceHealth({ ...services })).toMatchObject({ registrationsCount: 1 });
  });

  it("says that the front door does not answer", async () => {
    const closed = { send: () => Promise.reject(new OutboundError("unreachable", "hooks.example.com")) };
    await expect(runCanary({ ...services, canary: closed })).rejects.toMatchObject({ code: "unreachable" });
  });

  it("does nothing where it is off, and the service's health does not speak of it", async () => {
    expect(await runCanary(app.services)).toBeUndefined();
    expect(await serviceHealth({ ...app.services })).not.toHaveProperty("canary");
  });
});
