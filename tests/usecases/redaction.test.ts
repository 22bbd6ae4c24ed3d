import { WebhookError } from "../../shared/core/errors";
import { SyncFailure } from "../../shared/core/sync-task";
import type { WebhookEvent } from "../../shared/core/webhook-event";
import { drainEvent } from "../../shared/usecases/drain-event";
import { getDelivery, listDeliveries } from "../../shared/usecases/list-deliveries";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { replayDelivery } from "../../shared/usecases/replay-delivery";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { makeEvent, makeMessage } from "../support/make";
import { contactBody, openTestApp, type TestApp } from "../support/test-app";

const tenantId = "tenant-123";
const data = {
  Id: "003",
  LastName: "Lovelace",
  Email: "ada@example.com",
  Owner: { Id: "005", Email: "o@example.com" },
};
const paths = ["Email", "Owner.Email"];

let app: TestApp;
let webhook: NewRegistration;
beforeEach(async () => {
  app = await openTestApp();
  webhook = await app.register({ redact: paths });
});
afterEach(() => app.close());

/** The only delivery, with all that is kept of it. */
async function delivery() {
  const { deliveries } = await listDeliveries(app.services, tenantId, { fields: {}, limit: 1 });
  return getDelivery(app.services, { tenantId, deliveryId: deliveries[0]?.deliveryId ?? "" });
}

async function replay(): Promise<void> {
  const { deliveryId } = await delivery();
  await replayDelivery(app.services, { tenantId, deliveryId }, "somebody");
  await app.drain();
}

async function source() {
  const tenant = { tenantId, tenantKey: app.services.tenantKeyOf(tenantId) };
  return (await app.services.shards.list(tenant, { limit: 1 })).items[0]?.source;
}

const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
const dying = () => ({ ...app.services, sync: { enqueueSyncTask: () => Promise.reject(gaveUp) } });
const event = (overrides: Partial<WebhookEvent> = {}) =>
  makeEvent({ registrationId: webhook.registrationId, completeness: "full", data, ...overrides });
const messageOf = (handled: WebhookEvent) => ({ ...makeMessage(handled), redact: paths });

describe("what a webhook's owner wants nobody to keep", () => {
  it("is synchronised and not recorded", async () => {
    await app.deliverSigned(webhook, contactBody("created", "003", data));
    await app.drain();
    const found = await delivery();
    expect(found).toMatchObject({ outcome: "synchronised", redacted: ["Email", "Owner"], replayable: true });
    expect(found.event).toMatchObject({ data: { Id: "003", LastName: "Lovelace", Owner: { Id: "005" } } });
    expect(JSON.stringify(await app.services.deliveries.list(tenantId, webhook.registrationId, 5))).not.toContain("@");
    expect(await source()).toMatchObject({ Email: "ada@example.com" });
  });

  it("is not recorded of an event that was given up either", async () => {
    await drainEvent(dying(), messageOf(event()));
    expect(await delivery()).toMatchObject({ outcome: "dead", redacted: ["Email", "Owner"] });
    expect(JSON.stringify(await app.services.deliveries.list(tenantId, webhook.registrationId, 5))).not.toContain("@");
  });

  it("is not erased by a replay, although the event was of the whole record", async () => {
    await drainEvent(app.services, messageOf(event()));
    await replay();
    expect(await delivery()).toMatchObject({ outcome: "synchronised", change: "unchanged" });
    expect(await source()).toEqual(data);
  });

  it("is missing from what a replay of a dead event makes, and waits for whoever knows it", async () => {
    await drainEvent(dying(), messageOf(event()));
    await replay();
    expect(await source()).toEqual({ Id: "003", LastName: "Lovelace" });
    await drainEvent(app.services, messageOf(event({ data: { ...data, LastName: "King" } })));
    await replay();
    expect(await source()).toEqual({ ...data, LastName: "King" });
  });

  it("stays as it was recorded, however often it is replayed", async () => {
    await drainEvent(dying(), messageOf(event()));
    const { event: recorded, redacted } = await delivery();
    await replay();
    await replay();
    expect(await delivery()).toMatchObject({ event: recorded, redacted });
  });

  it("is left out of a payload, too, once its event was given up", async () => {
    const large = { ...data, Notes: "x".repeat(300_000) };
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(gaveUp);
    const put = jest.spyOn(app.services.payloads, "put");
    await app.deliverSigned(webhook, contactBody("created", "003", large));
    await app.drain();
    const kept = put.mock.calls.map(([, bytes]) => Buffer.from(bytes).toString("utf8").includes("@"));
    expect(kept).toEqual([true, false]);
    expect(await delivery()).toMatchObject({ outcome: "dead", redacted: ["Email", "Owner"] });
    await replay();
    expect(await source()).toEqual({ Id: "003", LastName: "Lovelace", Notes: large.Notes });
  });

  it("is not missing from an event whose death could not be recorded, and that is tried again", async () => {
    const large = { ...data, Notes: "x".repeat(300_000) };
    jest.spyOn(app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(gaveUp);
    jest.spyOn(app.services.deliveries, "save").mockRejectedValueOnce(new WebhookError("store_unavailable"));
    await app.deliverSigned(webhook, contactBody("created", "003", large));
    await app.drain();
    app.advance(120_000);
    await app.drain();
    expect(await delivery()).toMatchObject({ outcome: "synchronised" });
    expect(await source()).toEqual(large);
  });

  it("is what it was at receipt, and may be changed", async () => {
    const key = { tenantId, registrationId: webhook.registrationId };
    await app.deliverSigned(webhook, contactBody("created", "003", data));
    expect(await updateWebhook(app.services, key, { events: ["*"] })).toMatchObject({ redact: paths });
    expect(await updateWebhook(app.services, key, { redact: [] })).not.toHaveProperty("redact");
    await app.drain();
    expect(await delivery()).toMatchObject({ redacted: ["Email", "Owner"] });
    app.advance(1000);
    await app.deliverSigned(webhook, contactBody("updated", "003", data));
    await app.drain();
    expect(await delivery()).not.toHaveProperty("redacted");
  });
});
