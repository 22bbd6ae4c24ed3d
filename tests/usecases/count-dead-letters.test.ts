import type { EventRecord } from "../../shared/core/delivery";
import type { Registration } from "../../shared/core/registration";
import { SyncFailure } from "../../shared/core/sync-task";
import { Deliveries, recordIdOf } from "../../shared/repositories/deliveries";
import { countDeadLetters, countDeadLettersOf } from "../../shared/usecases/count-dead-letters";
import { drainEvent } from "../../shared/usecases/drain-event";
import { overviewOf } from "../../shared/usecases/overview";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import type { Services } from "../../shared/usecases/services";
import { healthOf, listHealth } from "../../shared/usecases/webhook-health";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";
import { CountedReads } from "../support/counted-reads";
import { makeEvent, makeMessage } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";

const tenantId = "tenant-123";

let app: TestApp;
let store: TestStore;
let reads: CountedReads;
let services: Services;
beforeEach(async () => {
  app = await openTestApp();
  store = openTestStore();
  reads = new CountedReads(store.documents);
  services = { ...app.services, deliveries: new Deliveries(reads) };
});
afterEach(async () => {
  await app.close();
  await store.close();
});

/** A webhook with so many dead letters. */
async function webhookWith(letters: number): Promise<Registration> {
  const { registrationId } = await app.register();
  const record = await giveUp(registrationId);
  const copies = Array.from({ length: letters - 1 }, (_, n) => ({ ...record, id: `copy-${n}` }));
  await Promise.all(copies.map((copy) => services.deliveries.save(copy)));
  const stored = await services.registrations.find(registrationId);
  if (!stored) throw new Error("no such webhook");
  return stored.value;
}

async function giveUp(registrationId: string): Promise<EventRecord> {
  app.advance(1000);
  const event = makeEvent({ registrationId, receivedAt: new Date(services.now()).toISOString() });
  const sync = { enqueueSyncTask: () => Promise.reject(new SyncFailure("mapping_missing", { permanent: true })) };
  await drainEvent({ ...services, sync }, makeMessage(event));
  const recordId = recordIdOf(event.eventId);
  const record = await services.deliveries.findEvent({ tenantId, registrationId, recordId });
  if (record === undefined) throw new Error("nothing was given up");
  return record;
}

it("counts of each webhook and of all a thousand at most", async () => {
  const webhooks = [await webhookWith(1), await webhookWith(999), await webhookWith(1001)];
  const counts = await countDeadLetters(services, tenantId);
  expect(webhooks.map((webhook) => counts.of(webhook))).toEqual([1, 999, 1000]);
  expect(counts.all).toBe(1000);
  const alone = await Promise.all(
    webhooks.map(async (webhook) => (await healthOf(services, webhook)).deadLettersCount),
  );
  expect(alone).toEqual([1, 999, 1000]);
});

it("counts all where the store answers less than was asked for", async () => {
  const webhooks = [await webhookWith(5), await webhookWith(4)];
  services = { ...services, deliveries: new Deliveries(new CountedReads(store.documents, 2)) };
  const counts = await countDeadLetters(services, tenantId);
  expect([counts.all, ...webhooks.map((webhook) => counts.of(webhook))]).toEqual([9, 5, 4]);
  expect(await Promise.all(webhooks.map((webhook) => countDeadLettersOf(services, webhook)))).toEqual([5, 4]);
});

it("reads each letter once for a health run or a list by health, however many webhooks there are", async () => {
  for (let webhook = 0; webhook < 10; webhook++) await webhookWith(120);
  reads.take();
  await recomputeHealth(services);
  expect(reads.take()).toEqual({ queries: 3, documents: 1200 });
  const listed = await listHealth(services, tenantId, new Set(["healthy", "degraded", "failed"]));
  expect(listed.map(({ deadLettersCount }) => deadLettersCount)).toEqual(Array.from({ length: 10 }, () => 120));
  expect(reads.take()).toEqual({ queries: 3, documents: 1200 });
});

it("reads for the overview, which is asked for every few seconds, no more than it shows", async () => {
  await webhookWith(1600);
  reads.take();
  expect((await overviewOf(services, tenantId)).deadLettersCount).toBe(1000);
  expect(reads.take()).toEqual({ queries: 2, documents: 1000 });
});

it("gives others a turn between two pages", async () => {
  await webhookWith(1600);
  const seen: number[] = [];
  let isCounting = true;
  const look = (): void => {
    if (seen.at(-1) !== reads.queries) seen.push(reads.queries);
    if (isCounting) setImmediate(look);
  };
  reads.take();
  setImmediate(look);
  await countDeadLetters(services, tenantId);
  isCounting = false;
  expect(seen).toEqual(expect.arrayContaining([1, 2, 3]));
});
