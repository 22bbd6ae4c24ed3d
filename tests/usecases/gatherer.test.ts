import type { DoorRecord } from "../../shared/core/delivery";
import { Activities } from "../../shared/repositories/activities";
import { Deliveries } from "../../shared/repositories/deliveries";
import { WebhookError } from "../../shared/core/errors";
import { Gatherer } from "../../shared/usecases/gatherer";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";
import { makeDoorRecord, noon } from "../support/make";

const WINDOW_MS = 3_600_000;
const key = { registrationId: "webhook-1", tenantId: "tenant-123", pk: "key" };

let store: TestStore;
let activities: Activities;
let gatherer: Gatherer;
beforeEach(() => {
  store = openTestStore();
  activities = new Activities(store.documents, Math.random);
  gatherer = newGatherer();
});
afterEach(async () => {
  jest.useRealTimers();
  await store.close();
});

/** One a process: an instance of the app. */
function newGatherer(): Gatherer {
  const deliveries = new Deliveries(store.documents);
  return new Gatherer({ activities, deliveries, windowMs: WINDOW_MS, log: () => undefined });
}

const accepted = async () => Object.values((await gatherer.activityOf(key)).buckets)[0]?.accepted;

describe("Gatherer", () => {
  it("shows what was noted before it is written, while it is being written, and afterwards, each time once", async () => {
    gatherer.note(key, { at: noon, count: "accepted" });
    expect(await accepted()).toBe(1);
    const flushed = gatherer.flush();
    expect(await accepted()).toBe(1);
    await flushed;
    expect(await accepted()).toBe(1);
  });

  it("loses no counter in an outage of the store: what was noted before and meanwhile is written once it is over", async () => {
    const add = jest.spyOn(activities, "add").mockRejectedValue(new WebhookError("store_unavailable"));
    gatherer.note(key, { at: noon, count: "accepted" });
    const flushed = gatherer.flush();
    gatherer.note(key, { at: noon + 1, count: "accepted" });
    await flushed;
    await gatherer.flush();
    expect(await accepted()).toBe(2);
    add.mockRestore();
    await gatherer.flush();
    expect(Object.values((await activities.get(key)).buckets)).toEqual([{ accepted: 2 }]);
  });

  it("loses no counter, and no use of an old secret, where many instances write those of one webhook at the same moment", async () => {
    const instances = Array.from({ length: 12 }, newGatherer);
    for (const [n, instance] of instances.entries()) {
      instance.note(key, { at: noon, count: "accepted" });
      instance.noteSecretUse(key, { rotation: "r", signer: "previous", at: noon + n });
    }
    // One that lost five races has the next flush; by then fewer than five are left to lose to.
    for (let flush = 0; flush < 3; flush++) await Promise.all(instances.map((instance) => instance.flush()));
    const { buckets, secretUses } = await activities.get(key);
    expect(Object.values(buckets)).toEqual([{ accepted: 12 }]);
    expect(secretUses?.previous).toEqual({ times: 12, lastAt: new Date(noon + 11).toISOString() });
  });

  it("keeps records of every webhook in a flood of one, of which it keeps some", async () => {
    const record = (registrationId: string, id: string): DoorRecord => ({
      id,
      pk: registrationId,
      tenantId: "tenant-123",
      schemaVersion: 1,
      registrationId,
      integrationId: "salesforce",
      connectionId: "c",
      deliveryId: "",
      receivedAt: new Date(noon).toISOString(),
      verdict: "refused",
      eventNames: [],
    });
    for (let sent = 0; sent < 3000; sent++) gatherer.record(record("flooded", `door-${sent}`));
    gatherer.record(record("quiet", "door-quiet"));
    await gatherer.flush();
    gatherer.record(record("flooded", "door-later"));
    await gatherer.flush();
    const deliveries = new Deliveries(store.documents);
    expect((await deliveries.list("tenant-123", "quiet", 10)).items).toHaveLength(1);
    expect((await deliveries.list("tenant-123", "flooded", 1000)).items).toHaveLength(201);
  });

  it("begins no flush while one is being written, so that a store that does not answer fills no memory", async () => {
    jest.useFakeTimers();
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const save = jest.spyOn(Deliveries.prototype, "save").mockImplementation(() => answered);
    for (let second = 0; second < 10; second++) {
      for (let sent = 0; sent < 300; sent++)
        gatherer.record(makeDoorRecord({ registrationId: "flooded", id: `door-${second}-${sent}` }));
      await jest.advanceTimersByTimeAsync(1000);
    }
    expect(save).toHaveBeenCalledTimes(200);
    answer();
    jest.useRealTimers();
    await gatherer.flush();
    expect(save).toHaveBeenCalledTimes(400);
    save.mockRestore();
  });

  it("drops what the store will never take", async () => {
    jest.spyOn(activities, "add").mockRejectedValueOnce(new RangeError("too large"));
    gatherer.note(key, { at: noon, count: "accepted" });
    await gatherer.flush();
    await gatherer.flush();
    expect(await accepted()).toBeUndefined();
  });

  it("misses nothing that is written between the look at the store and the look at what waits", async () => {
    gatherer.note(key, { at: noon, count: "accepted" });
    const read = activities.get.bind(activities);
    jest.spyOn(activities, "get").mockImplementationOnce(async (asked) => {
      const stored = await read(asked);
      await gatherer.flush();
      return stored;
    });
    expect(await accepted()).toBe(1);
  });
});
