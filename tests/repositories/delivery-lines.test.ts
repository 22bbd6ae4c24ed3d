import fc from "fast-check";
import type { DeliveryLine } from "../../shared/core/delivery";
import { tenantKeyIn } from "../../shared/core/registration-id";
import { DeliveryLines, type DeliverySearch } from "../../shared/repositories/delivery-lines";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";
import { CountedReads } from "../support/counted-reads";
import { makeDoorRecord, makeRegistration, noon } from "../support/make";

const DAY_MS = 86_400_000;
const { id: registrationId, tenantId, pk: tenantKey } = makeRegistration();
const tenant = { tenantId, tenantKey };

let store: TestStore;
let reads: CountedReads;
let lines: DeliveryLines;
beforeEach(() => {
  store = openTestStore();
  reads = new CountedReads(store.documents);
  lines = new DeliveryLines(reads);
});
afterEach(() => store.close());

/** Writes the line of what was received at this time. */
async function receive(time: number): Promise<void> {
  await lines.save(makeDoorRecord({ registrationId, receivedAt: new Date(time).toISOString() }));
}

/** The times of a whole search, page after page. */
async function timesOf(search: DeliverySearch): Promise<number[]> {
  const times: number[] = [];
  let cursor = search.cursor;
  do {
    const page = await lines.search(tenant, { ...search, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(search.limit);
    times.push(...page.items.map(({ receivedAt }) => Date.parse(receivedAt)));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return times;
}

describe.each([false, true])("a search by time, the oldest first: %s", (oldestFirst) => {
  const search = { fields: {}, limit: 50, oldestFirst };

  it("reads what is within the time and nothing else, however much there is before and after it on the same day", async () => {
    for (let second = 0; second < 300; second++) await receive(noon + second * 1000);
    const window = { since: noon + 100_000, until: noon + 103_000 };
    expect(await timesOf({ ...search, ...window })).toHaveLength(4);
    expect(reads.take()).toEqual({ queries: 1, documents: 4 });
  });

  it("is over at once where there is nothing, and gives out no cursor", async () => {
    for (let second = 0; second < 100; second++) await receive(noon - second * 1000);
    expect(await lines.search(tenant, { ...search, since: noon + 1, until: noon + 5000 })).toEqual({ items: [] });
    expect(reads.take()).toEqual({ queries: 1, documents: 0 });
  });

  it("reads each line of several days once, whatever the size of a page", async () => {
    for (let hour = 0; hour < 72; hour++) await receive(noon + hour * 3_600_000);
    const window = { since: noon + 3_600_000, until: noon + 70 * 3_600_000 };
    for (const limit of [1, 7, 70, 1000]) {
      expect(await timesOf({ ...search, ...window, limit })).toHaveLength(70);
      expect(reads.take().documents).toBe(70);
    }
  });

  it("finds all that is within the time, both ends included, in order, whatever the times and the size of a page", async () => {
    const times = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 12 });
    const time = fc.tuple(fc.integer({ min: -1, max: 1 }), fc.integer({ min: -4, max: 4 }));
    const property = fc.asyncProperty(
      times,
      time,
      time,
      fc.integer({ min: 1, max: 5 }),
      async (offsets, a, b, limit) => {
        await store.close();
        store = openTestStore();
        lines = new DeliveryLines(store.documents);
        const midnight = noon + DAY_MS / 2;
        const received = offsets.map((offset) => midnight + offset);
        for (const at of received) await receive(at);
        const [since, until] = [a, b].map(([day, offset]) => midnight + day * DAY_MS + offset) as [number, number];
        const expected = received
          .filter((at) => at >= since && at <= until)
          .sort((x, y) => (oldestFirst ? x - y : y - x));
        expect(await timesOf({ ...search, since, until, limit })).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});

describe("a search by time", () => {
  it.each([1, 0, -1, -DAY_MS])("may begin when nothing can have been received: %i ms after 1970", async (since) => {
    await receive(noon);
    expect((await lines.search(tenant, { fields: {}, limit: 50, since, until: noon })).items).toHaveLength(1);
    expect(await timesOf({ fields: {}, limit: 50, since, until: 1 })).toEqual([]);
  });
});

describe("a cursor of a search by time", () => {
  it("goes on from its place although the time has moved since", async () => {
    for (let second = 0; second < 5; second++) await receive(noon + second * 1000);
    const search = { fields: {}, limit: 2 };
    const { cursor = "none" } = await lines.search(tenant, { ...search, since: noon, until: noon + 4000 });
    await receive(noon + 5000);
    const moved = { ...search, since: noon + 1000, until: noon + 6000, cursor };
    expect(await timesOf(moved)).toEqual([noon + 2000, noon + 1000]);
  });

  it("is good if it was given out while days were read whole", async () => {
    for (let second = 0; second < 5; second++) await receive(noon + second * 1000);
    const day = Math.floor(noon / DAY_MS);
    const whole = { pk: `${tenantKeyIn(registrationId)}~${day}`, where: { tenantId }, limit: 2 };
    const page = await store.documents.collection<DeliveryLine>("delivery-lines").query(whole);
    const cursor = Buffer.from(JSON.stringify({ day, inner: page.cursor })).toString("base64url");
    const search = { fields: {}, limit: 2, since: noon, until: noon + 9000, cursor };
    expect(await timesOf(search)).toEqual([noon + 2000, noon + 1000, noon]);
  });
});
