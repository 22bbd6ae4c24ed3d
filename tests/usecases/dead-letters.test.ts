import { SyncFailure } from "../../shared/core/sync-task";
import { Deliveries } from "../../shared/repositories/deliveries";
import { listDeadLetters } from "../../shared/usecases/dead-letters";
import { discardDelivery } from "../../shared/usecases/discard-delivery";
import { drainEvent } from "../../shared/usecases/drain-event";
import type { DeliveryQuery } from "../../shared/usecases/list-deliveries";
import { overviewOf } from "../../shared/usecases/overview";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { replayDelivery } from "../../shared/usecases/replay-delivery";
import { unregisterWebhook } from "../../shared/usecases/unregister-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { openTestStore } from "../adapters/sqlite/open-test-store";
import { type AlertWorld, openAlertWorld } from "../support/alert-world";
import { makeEvent, makeMessage } from "../support/make";
import { Killed, MortalStore } from "../support/mortal-store";

const tenantId = "tenant-123";
const DAY_MS = 86_400_000;
const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
const tooBusy = new SyncFailure("provider_busy");

let world: AlertWorld;
let webhook: NewRegistration;
beforeEach(async () => {
  world = await openAlertWorld();
  webhook = await world.app.register();
});
afterEach(() => world.close());

const failing = (error: Error) => ({ ...world.services, sync: { enqueueSyncTask: () => Promise.reject(error) } });

/** Lets an event of the webhook fail for good. */
async function giveUp(services = failing(gaveUp), { registrationId } = webhook) {
  const event = makeEvent({ registrationId, receivedAt: new Date(world.app.services.now()).toISOString() });
  await drainEvent(services, makeMessage(event));
  return event;
}

const list = async (as = tenantId) =>
  (await listDeadLetters(world.services, { tenantId: as, isOperator: false }, { fields: {}, limit: 100 })).deadLetters;
const overview = async () => (await overviewOf(world.services, tenantId)).deadLettersCount;

async function health({ registrationId } = webhook) {
  const stored = await world.services.registrations.find(registrationId);
  if (!stored) throw new Error("no such webhook");
  return healthOf(world.services, stored.value);
}

/** How many there are by the list, the overview and the webhook's health: they never differ. */
async function counted(): Promise<number> {
  const counts = [(await list()).length, await overview(), (await health()).deadLettersCount];
  expect(new Set(counts).size).toBe(1);
  return counts[0] ?? NaN;
}

async function replayFirst(): Promise<void> {
  const [letter] = await list();
  await replayDelivery(world.services, { tenantId, deliveryId: letter?.deliveryId ?? "" }, "token:1");
}

async function discardFirst(): Promise<void> {
  const [letter] = await list();
  await discardDelivery(world.services, { tenantId, deliveryId: letter?.deliveryId ?? "" });
}

describe("the dead-letters alert", () => {
  it("is open for as long as one waits, however long ago it was given up, and over once the last is replayed", async () => {
    const { receivers } = world;
    await world.channel({ conditions: ["dead_letters"] });
    await giveUp();
    await giveUp();
    await world.runs(60);
    expect(receivers.slack).toHaveLength(1);
    expect(receivers.slack[0]).toContain(
      "2 event(s) were given up and wait to be replayed or discarded (mapping_missing)",
    );
    expect((await health()).counts.dead).toBe(0);
    expect((await health()).recommendations.join("\n")).toContain("2 event(s) were given up");
    await replayFirst();
    await world.app.drain();
    await world.runs(6);
    expect(receivers.slack).toHaveLength(1);
    await replayFirst();
    await world.app.drain();
    await world.runs(6);
    expect(receivers.slack[1]).toContain("Recovered: Events were given up");
  });

  it("is over once the last is discarded, and of that webhook alone", async () => {
    await world.channel({ conditions: ["dead_letters"] });
    const other = await world.app.register();
    await giveUp();
    await giveUp(failing(gaveUp), other);
    await world.runs(1);
    const letter = (await list()).find(({ registrationId }) => registrationId === webhook.registrationId);
    await discardDelivery(world.services, { tenantId, deliveryId: letter?.deliveryId ?? "" });
    await world.runs(6);
    expect(world.receivers.slack.slice(1)).toEqual([expect.stringContaining("Recovered: Events were given up")]);
    expect(world.receivers.slack[1]).toContain(webhook.registrationId);
    expect((await health(other)).deadLettersCount).toBe(1);
  });
});

describe("a dead letter", () => {
  it("counts once, however often its message comes", async () => {
    const event = await giveUp();
    await drainEvent(failing(gaveUp), makeMessage(event));
    expect(await counted()).toBe(1);
  });

  it("is none while it is tried again, and one again if that fails for good", async () => {
    await giveUp();
    await replayFirst();
    jest.spyOn(world.app.services.sync, "enqueueSyncTask").mockRejectedValueOnce(tooBusy).mockRejectedValueOnce(gaveUp);
    await world.app.drain();
    expect(await counted()).toBe(0);
    world.app.advance(3_600_000);
    await world.app.drain();
    expect(await counted()).toBe(1);
  });

  it("is none any more once the provider delivered the event again and it worked", async () => {
    const event = await giveUp();
    world.app.advance(60_000);
    const receivedAt = new Date(world.app.services.now()).toISOString();
    await drainEvent(world.services, makeMessage({ ...event, receivedAt }));
    expect(await counted()).toBe(0);
  });

  it("is none any more once its record is older than the log reaches back", async () => {
    await giveUp();
    world.app.advance(29 * DAY_MS);
    expect(await counted()).toBe(1);
    world.app.advance(2 * DAY_MS);
    expect(await counted()).toBe(0);
  });

  it("is one as well if it died later after its receipt than the log reaches back", async () => {
    const { app } = world;
    const { registrationId } = webhook;
    const rules = { ...app.services.rules, retentionSeconds: (7 * DAY_MS) / 1000 };
    world = { ...world, services: { ...world.services, rules } };
    const receivedAt = new Date(app.services.now()).toISOString();
    app.advance(7.01 * DAY_MS);
    await drainEvent(failing(gaveUp), makeMessage(makeEvent({ registrationId, receivedAt })));
    expect(await counted()).toBe(1);
    await discardFirst();
    expect(await counted()).toBe(0);
  });

  it("is found by when its event was received", async () => {
    const found = async (query: Pick<DeliveryQuery, "since" | "until">) => {
      const as = { tenantId, isOperator: false };
      return (await listDeadLetters(world.services, as, { fields: {}, limit: 10, ...query })).deadLetters.length;
    };
    const { receivedAt } = await giveUp();
    const later = new Date(Date.parse(receivedAt) + 1).toISOString();
    const earlier = new Date(Date.parse(receivedAt) - 1).toISOString();
    expect(await Promise.all([found({ since: receivedAt }), found({ until: receivedAt })])).toEqual([1, 1]);
    expect(await found({ until: "9999-12-31T23:59:59Z" })).toBe(1);
    expect(await Promise.all([found({ since: later }), found({ until: earlier })])).toEqual([0, 0]);
  });

  it("is its tenant's, and waits on when its webhook is deleted", async () => {
    await giveUp();
    expect(await list("tenant-b")).toEqual([]);
    await unregisterWebhook(world.services, { tenantId, registrationId: webhook.registrationId });
    expect([(await list()).length, await overview()]).toEqual([1, 1]);
  });
});

function unlessKilled(error: unknown): void {
  if (!(error instanceof Killed)) throw error;
}

describe("a process that dies", () => {
  // Giving up writes three times, and so does the repetition that works.
  it.each([1, 2, 3, 4, 5, 6])("at write %i leaves no dead letter behind that is none", async (write) => {
    const store = openTestStore();
    const mortal = new MortalStore(store.documents);
    const services = { ...world.services, deliveries: new Deliveries(mortal) };
    for (const takesEffect of [false, true]) {
      const message = makeMessage(makeEvent({ registrationId: webhook.registrationId }));
      mortal.dieAt(write, takesEffect);
      await drainEvent({ ...failing(gaveUp), deliveries: services.deliveries }, message).catch(unlessKilled);
      await drainEvent(services, message).catch(unlessKilled);
      mortal.revive();
      await drainEvent(services, message);
      const page = await listDeadLetters(services, { tenantId, isOperator: false }, { fields: {}, limit: 10 });
      expect(page.deadLetters).toEqual([]);
    }
    await store.close();
  });

  it("at a discard leaves what a second one clears up", async () => {
    const store = openTestStore();
    const mortal = new MortalStore(store.documents);
    const services = { ...world.services, deliveries: new Deliveries(mortal) };
    await giveUp({ ...failing(gaveUp), deliveries: services.deliveries });
    const listed = async () =>
      (await listDeadLetters(services, { tenantId, isOperator: false }, { fields: {}, limit: 10 })).deadLetters;
    const deliveryId = (await listed())[0]?.deliveryId ?? "";
    mortal.dieAt(2, false);
    await expect(discardDelivery(services, { tenantId, deliveryId })).rejects.toBeInstanceOf(Killed);
    mortal.revive();
    expect(await listed()).toHaveLength(1);
    await discardDelivery(services, { tenantId, deliveryId });
    expect(await listed()).toEqual([]);
    await store.close();
  });
});
