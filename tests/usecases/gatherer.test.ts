import { Activities } from "../../shared/repositories/activities";
import { Deliveries } from "../../shared/repositories/deliveries";
import { Gatherer } from "../../shared/usecases/gatherer";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";
import { noon } from "../support/make";

const WINDOW_MS = 3_600_000;
const key = { registrationId: "webhook-1", tenantId: "tenant-123", pk: "key" };

let store: TestStore;
let activities: Activities;
let gatherer: Gatherer;
beforeEach(() => {
  store = openTestStore();
  activities = new Activities(store.documents);
  const deliveries = new Deliveries(store.documents);
  gatherer = new Gatherer({ activities, deliveries, windowMs: WINDOW_MS, log: () => undefined });
});
afterEach(() => store.close());

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
