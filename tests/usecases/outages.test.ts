import { WebhookError } from "../../shared/core/errors";
import type { EventQueue } from "../../shared/core/ports";
import { receiveDelivery } from "../../shared/usecases/receive-delivery";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import type { Services } from "../../shared/usecases/services";
import { serviceHealth } from "../../shared/usecases/service-health";
import { codeOf, contactBody, openTestApp, seedSignature, type TestApp } from "../support/test-app";

let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp({ QUEUE_TIMEOUT_MS: "50" });
  webhook = await app.register();
});
afterEach(() => app.close());

const body = JSON.stringify(contactBody());

/** Delivers through services in which something is out of order. */
function deliverThrough(services: Services): ReturnType<typeof receiveDelivery> {
  const headers = { "x-salesforce-event-signature": seedSignature(webhook, body), "x-salesforce-event-id": "e-1" };
  return receiveDelivery(services, {
    registrationId: webhook.registrationId,
    headers: new Headers(headers),
    readBody: () => Promise.resolve(Buffer.from(body)),
    remoteAddress: "203.0.113.7",
  });
}

function withQueue(send: EventQueue["send"]): Services {
  const { queue } = app.services;
  return {
    ...app.services,
    queue: {
      maxMessageBytes: queue.maxMessageBytes,
      send,
      schedule: () => Promise.resolve(),
      forget: () => Promise.resolve(),
      depth: () => queue.depth(),
      deadLetters: (limit) => queue.deadLetters(limit),
    },
  };
}

describe("while the queue is out", () => {
  it("answers queue_unavailable, marks nothing as seen, and accepts the repetition afterwards", async () => {
    const refusing = withQueue(() => Promise.reject(new WebhookError("queue_unavailable")));
    expect(await codeOf(deliverThrough(refusing))).toBe("queue_unavailable");
    const repeated = await deliverThrough(app.services);
    expect(repeated).toMatchObject({ kind: "receipt", receipt: { success: true, syncTriggered: true } });
    expect(repeated).not.toMatchObject({ receipt: { duplicate: true } });
  });

  it("answers queue_unavailable within its budget when the queue does not answer at all", async () => {
    expect(await codeOf(deliverThrough(withQueue(() => new Promise(() => undefined))))).toBe("queue_unavailable");
  });

  it("tells the queue when it gives up, so that nothing is sent for a delivery that was refused", async () => {
    let given: AbortSignal | undefined;
    const silent = withQueue((_, signal) => ((given = signal), new Promise(() => undefined)));
    await codeOf(deliverThrough(silent));
    expect(given?.aborted).toBe(true);
  });

  it("shows the refusals of ours in the webhook's health, not as failures of the provider", async () => {
    await codeOf(deliverThrough(withQueue(() => Promise.reject(new WebhookError("queue_unavailable")))));
    const stored = await app.services.registrations.find(webhook.registrationId);
    const activity = await app.services.gatherer.activityOf({
      registrationId: webhook.registrationId,
      tenantId: "tenant-123",
      pk: stored?.value.pk ?? "",
    });
    expect(Object.values(activity.buckets)[0]).toMatchObject({ unavailable: 1 });
    expect(activity.refusedInRow).toBe(0);
  });
});

describe("while the store is out", () => {
  const down = (): Promise<never> => Promise.reject(new WebhookError("store_unavailable"));

  it("goes on accepting for a webhook that it knows, up to an hour", async () => {
    await deliverThrough(app.services);
    jest.spyOn(app.services.registrations, "find").mockImplementation(down);
    app.advance(10 * 60_000);
    await expect(deliverThrough(app.services)).resolves.toMatchObject({ kind: "receipt" });
    app.advance(3_600_000);
    expect(await codeOf(deliverThrough(app.services))).toBe("store_unavailable");
  });

  it("answers store_unavailable for a webhook that it does not know, never 404", async () => {
    jest.spyOn(app.services.registrations, "find").mockImplementation(down);
    expect(await codeOf(deliverThrough(app.services))).toBe("store_unavailable");
  });

  it("goes on refusing by the secret that it knows when it cannot look for a newer one", async () => {
    await deliverThrough(app.services);
    jest.spyOn(app.services.registrations, "find").mockImplementation(down);
    app.advance(6000);
    const attempt = app.deliverSigned({ ...webhook, webhookSecret: "a guess" }, contactBody());
    expect(await codeOf(attempt)).toBe("delivery_refused");
  });

  it("says nothing of a queue that cannot tell how much it holds", async () => {
    jest.spyOn(app.services.queue, "depth").mockResolvedValue(undefined);
    const health = await serviceHealth(app.services);
    expect(health.status).toBe("healthy");
    expect(health).not.toHaveProperty("queue");
  });

  it("says that the service is unhealthy", async () => {
    jest.spyOn(app.services.queue, "depth").mockImplementation(down);
    expect(await serviceHealth(app.services)).toMatchObject({ status: "unhealthy" });
  });

  it("keeps answering deliveries when counters and records cannot be written", async () => {
    jest.spyOn(app.services.activities, "add").mockImplementation(down);
    await deliverThrough(app.services);
    await app.services.gatherer.flush();
    expect(app.logged.some((line) => line.event === "gatherer.flush_failed")).toBe(true);
    await expect(deliverThrough(app.services)).resolves.toMatchObject({ kind: "receipt" });
  });
});
