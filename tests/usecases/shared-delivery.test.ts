import { createHmac } from "node:crypto";
import { WebhookError } from "../../shared/core/errors";
import type { EventQueue } from "../../shared/core/ports";
import { deleteRoute } from "../../shared/usecases/delete-route";
import { pauseWebhook } from "../../shared/usecases/pause-webhook";
import { putRoute } from "../../shared/usecases/put-route";
import { receiveDelivery } from "../../shared/usecases/receive-delivery";
import { registerWebhook } from "../../shared/usecases/register-webhook";
import { RouteCache } from "../../shared/usecases/route-cache";
import type { Services } from "../../shared/usecases/services";
import { healthOf } from "../../shared/usecases/webhook-health";
import { noon } from "../support/make";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

/** A shared webhook while something is out of order. */
const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const body = JSON.stringify({
  type: "event_callback",
  event_id: "Ev1",
  authorizations: [{ team_id: "T1" }, { team_id: "T2" }],
  event: { type: "message", channel: "C1", ts: "1795510001.000200" },
});

let app: TestApp;
let shared: string;
let targets: string[];
beforeEach(async () => {
  app = await openTestApp();
  const slack = { integrationId: "slack", webhookSecret: SECRET };
  const own = { tenantId: "tenant-o", routing: "workspace", ...slack } as const;
  shared = (await registerWebhook(app.services, own)).registrationId;
  targets = [];
  for (const [accountId, tenantId] of [
    ["T1", "tenant-a"],
    ["T2", "tenant-b"],
  ] as const) {
    const { registrationId } = await app.register({ tenantId, ...slack });
    await putRoute(app.services, { registrationId: shared, accountId, subject: "test" }, { registrationId });
    targets.push(registrationId);
  }
});
afterEach(() => app.close());

function deliverThrough(services: Services, registrationId = shared): ReturnType<typeof receiveDelivery> {
  const timestamp = String(noon / 1000);
  const hex = createHmac("sha256", SECRET).update(`v0:${timestamp}:${body}`).digest("hex");
  return receiveDelivery(services, {
    registrationId,
    headers: new Headers({ "x-slack-signature": `v0=${hex}`, "x-slack-request-timestamp": timestamp }),
    readBody: () => Promise.resolve(Buffer.from(body)),
    remoteAddress: "203.0.113.7",
  });
}

/** The app's services with routes that are read by `find`. */
function withRoutes(find: Services["routes"]["find"]): Services {
  const { routes, now } = app.services;
  const other = Object.assign(Object.create(routes) as typeof routes, { find });
  return { ...app.services, routeCache: new RouteCache({ routes: other, now, maxEntries: 10 }) };
}

const sourcesQueued = async () =>
  (await app.lockingQueue.receive(10, 60_000)).map(
    (message) => (JSON.parse(message.body) as { source: string }).source,
  );

describe("a delivery to a shared webhook", () => {
  it("is repeated by the vendor where one of several could not be queued, and loses and doubles nothing", async () => {
    const { queue } = app.services;
    let sent = 0;
    const send: EventQueue["send"] = (messages, signal) =>
      ++sent === 2 ? Promise.reject(new WebhookError("queue_unavailable")) : queue.send(messages, signal);
    const failing = Object.assign(Object.create(queue) as EventQueue, { send });
    expect(await codeOf(deliverThrough({ ...app.services, queue: failing }))).toBe("queue_unavailable");
    expect(await deliverThrough(app.services)).toMatchObject({ receipt: { syncTriggered: true } });
    expect((await sourcesQueued()).sort()).toEqual(targets.map((id) => `/webhooks/${id}`).sort());
  });

  it("reaches the others where it cannot be taken for one of them, and that one is told of it", async () => {
    const [first = "", second = ""] = targets;
    await pauseWebhook(app.services, { tenantId: "tenant-a", registrationId: first }, "test");
    jest.spyOn(app.services.heldEvents, "countOf").mockResolvedValue(10_000);
    expect(await codeOf(deliverThrough(app.services))).toBe("hold_full");
    expect(await sourcesQueued()).toEqual([`/webhooks/${second}`]);
    const unavailable = await Promise.all(
      targets.map(async (id) => {
        const stored = await app.services.registrations.find(id);
        if (!stored) throw new Error("it was registered");
        return (await healthOf(app.services, stored.value)).counts.unavailable;
      }),
    );
    expect(unavailable).toEqual([1, 0]);
  });

  it("is answered 503 while nobody can tell whose it is, and counts as that", async () => {
    const down = withRoutes(() => Promise.reject(new WebhookError("store_unavailable")));
    expect(await codeOf(deliverThrough(down))).toBe("store_unavailable");
    expect(await sourcesQueued()).toEqual([]);
    const stored = await app.services.registrations.find(shared);
    if (!stored) throw new Error("it was registered");
    const health = await healthOf(app.services, stored.value);
    expect(health).toMatchObject({ counts: { unavailable: 1, ignored: 0, routed: 0 } });
  });

  it("reads each route once for many deliveries, and none at all for a webhook that is not shared", async () => {
    const reads: string[] = [];
    const counting = withRoutes((key, accountId) => (reads.push(accountId), app.services.routes.find(key, accountId)));
    for (const target of targets) await deliverThrough(counting, target);
    expect(reads).toEqual([]);
    for (let n = 0; n < 5; n++) await deliverThrough(counting);
    expect(reads).toEqual(["T1", "T2"]);
  });

  it("clears the failed status of the webhook that it is for, as one that came there would", async () => {
    const [first = ""] = targets;
    await app.services.registrations.update(first, (current) => ({ ...current, status: "failed" }));
    app.services.cache.forget(first);
    await deliverThrough(app.services);
    expect((await app.services.registrations.find(first))?.value).toMatchObject({ status: "active", isVerified: true });
  });

  it.each([
    ["another tenant's", () => ({ targetRegistrationId: targets[1] ?? "" })],
    ["the shared one itself", () => ({ targetRegistrationId: shared, targetTenantId: "tenant-o" })],
    [
      "one of another integration",
      async () => {
        const { registrationId } = await app.register({ tenantId: "tenant-a", integrationId: "github" });
        return { targetRegistrationId: registrationId };
      },
    ],
    ["one that is not there", () => ({ targetRegistrationId: (targets[0] ?? "").replace(/.$/, "7") })],
  ])("is not handed to a webhook that no route may lead to, were one ever wrong: %s", async (_, wrong) => {
    const other = await wrong();
    const altered = withRoutes(async (key, accountId) => {
      const route = accountId === "T1" ? await app.services.routes.find(key, accountId) : undefined;
      return route && { ...route, ...other };
    });
    expect(await deliverThrough(altered)).toMatchObject({ receipt: { ignored: "unrouted", syncTriggered: false } });
    expect(await sourcesQueued()).toEqual([]);
  });

  it("that was for nobody is told to the operator for a day", async () => {
    const nobody = withRoutes(async () => undefined);
    await deliverThrough(nobody);
    for (const accountId of ["T1", "T2"]) await deleteRoute(app.services, { registrationId: shared, accountId });
    const adviceNow = async () => {
      const stored = await app.services.registrations.find(shared);
      return stored ? (await healthOf(app.services, stored.value)).recommendations.join(" ") : "";
    };
    expect(await adviceNow()).toMatch(/T1.*T2/);
    app.advance(24 * 3_600_000 - 1);
    expect(await adviceNow()).toMatch(/T1.*T2/);
    app.advance(1);
    expect(await adviceNow()).not.toMatch(/T1|T2/);
  });
});
