import { isWorkMessage } from "../../shared/sync/work-message";
import { Repairs } from "../../shared/repositories/repairs";
import { repairGaps } from "../../shared/usecases/repair-gaps";
import { refreshRepair } from "../../shared/usecases/advance-repair";
import { startRepair } from "../../shared/usecases/start-repair";
import type { Services } from "../../shared/usecases/services";
import type { Repair } from "../../shared/core/repair";
import { countsOf } from "../../shared/core/repair";
import { connect } from "../support/connections";
import { noon } from "../support/make";
import { Killed } from "../support/mortal-store";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { VendorStandIn } from "../support/vendor-stand-in";

/** The repair of a gap in a process that is killed at any of its writes, and then begins anew from what is stored. */
const at = (ms: number): string => new Date(ms).toISOString();

let world: SyncWorld;
let vendor: VendorStandIn;
let services: Services;
afterEach(() => world.close());

/** Seven records have changed at the provider; the events of two of them arrived. */
async function openGap(): Promise<void> {
  world = await openSyncWorld({}, (now) => (vendor = new VendorStandIn(now)));
  services = { ...world.services, records: vendor, repairs: new Repairs(world.store) };
  await connect(
    world.app,
    "salesforce",
    { kind: "bearer", token: "hunter2" },
    { baseUrl: "https://acme.my.salesforce.com" },
  );
  for (let n = 0; n < 7; n++) {
    const event = vendor.change(`00${n}`, { Name: `Name ${n}` }, "full");
    if (n < 2) await world.sync(event);
  }
  world.app.advance(60_000);
}

async function begin(): Promise<Repair> {
  const registration = (await services.registrations.find(world.registrationId))?.value;
  if (!registration) throw new Error("there is no registration");
  return startRepair(services, registration, { cause: "outage", since: at(noon - 60_000), until: at(noon + 60_000) });
}

/** Hands out the messages that are there; a process that is killed completes none. */
async function drain(): Promise<void> {
  const queue = world.app.lockingQueue;
  for (let messages = await queue.receive(1, 60_000); messages.length > 0; messages = await queue.receive(1, 60_000)) {
    for (const { body, lockToken } of messages) {
      const message: unknown = JSON.parse(body);
      if (!isWorkMessage(message)) throw new Error("only work is queued here");
      await world.untilDone(() => services.sync.enqueueSyncTask({ work: message.data, attempt: 1 }));
      await queue.complete(lockToken);
    }
  }
}

it.each(
  Array.from({ length: 24 }, (_, index) => [Math.floor(index / 2) + 1, index % 2 === 1 ? "after" : "before"] as const),
)("is whole although the process died at write %i, %s it took effect", async (write, when) => {
  await openGap();
  world.store.dieAt(write, when === "after");
  const begun = await world.untilDone(begin);
  await drain();
  // What was not queued before the process died is found by the timer, within an hour.
  world.app.advance(61 * 60_000);
  await repairGaps({ ...services, log: () => undefined }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  world.store.revive();
  await drain();
  await repairGaps(services);
  const repairs = await services.repairs.list(world.tenant, { registrationId: world.registrationId, limit: 10 });
  expect(repairs.items).toHaveLength(1);
  const [repair] = repairs.items;
  if (!repair) throw new Error("there is no repair");
  expect(repair).toMatchObject({ id: begun.id, status: "completed" });
  const key = { tenantId: repair.tenantId, registrationId: repair.registrationId, pk: repair.pk };
  expect((await services.activities.get(key)).lastRepair).toMatchObject({ status: "completed" });
  const { sent, present, repaired, failed } = countsOf((await refreshRepair(services, repair)).parts);
  expect([sent, present + repaired, failed]).toEqual([7, 7, 0]);
  expect(present).toBeGreaterThanOrEqual(2);
  const shards = await world.shards();
  expect(shards.map(({ structuredData }) => structuredData["name"]).sort()).toEqual(
    Array.from({ length: 7 }, (_, n) => `Name ${n}`),
  );
  expect(shards.map(({ revision }) => revision)).toEqual(Array(7).fill(1));
});
