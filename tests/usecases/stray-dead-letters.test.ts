import type { EventRecord } from "../../shared/core/delivery";
import { SyncFailure } from "../../shared/core/sync-task";
import { DeadLetters } from "../../shared/repositories/dead-letters";
import { Deliveries, recordIdOf } from "../../shared/repositories/deliveries";
import { lineIdOf } from "../../shared/repositories/delivery-lines";
import { listDeadLetters } from "../../shared/usecases/dead-letters";
import { discardDelivery } from "../../shared/usecases/discard-delivery";
import { drainEvent } from "../../shared/usecases/drain-event";
import { toReplayMessage } from "../../shared/usecases/replay-message";
import type { Services } from "../../shared/usecases/services";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";
import { makeEvent, makeMessage } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";

const tenantId = "tenant-123";

let app: TestApp;
let store: TestStore;
let services: Services;
let event: ReturnType<typeof makeEvent>;
beforeEach(async () => {
  app = await openTestApp();
  store = openTestStore();
  services = { ...app.services, deliveries: new Deliveries(store.documents) };
  const { registrationId } = await app.register();
  event = makeEvent({ registrationId, receivedAt: new Date(services.now()).toISOString() });
});
afterEach(async () => {
  await app.close();
  await store.close();
});

async function giveUp(): Promise<void> {
  const gaveUp = new SyncFailure("mapping_missing", { permanent: true });
  const failing = { ...services, sync: { enqueueSyncTask: () => Promise.reject(gaveUp) } };
  await drainEvent(failing, makeMessage(event));
}

async function recorded(): Promise<EventRecord> {
  const { registrationId, eventId } = event;
  const found = await services.deliveries.findEvent({ tenantId, registrationId, recordId: recordIdOf(eventId) });
  if (found === undefined) throw new Error("nothing is recorded");
  return found;
}

async function listed(): Promise<number> {
  const page = await listDeadLetters(services, { tenantId, isOperator: false }, { fields: {}, limit: 10 });
  return page.deadLetters.length;
}

const discard = async () => discardDelivery(services, { tenantId, deliveryId: lineIdOf(await recorded()) });

it("an event that one drain gives up while another's attempt goes on is no dead letter once that works", async () => {
  const slow: Services["sync"] = {
    enqueueSyncTask: async (request) => {
      await giveUp();
      expect(await listed()).toBe(1);
      return services.sync.enqueueSyncTask(request);
    },
  };
  await drainEvent({ ...services, sync: slow }, makeMessage(event));
  expect((await recorded()).outcome).toBe("synchronised");
  expect(await listed()).toBe(0);
});

describe("a dead letter whose event was synchronised", () => {
  beforeEach(async () => {
    await drainEvent(services, makeMessage(event));
    await new DeadLetters(store.documents).save(await recorded());
    expect(await listed()).toBe(1);
  });

  it("is none any more after a replay that works", async () => {
    const mark = { replayId: "replay-1", requestedAt: new Date(services.now()).toISOString(), requestedBy: "token:1" };
    const replay = toReplayMessage(await recorded(), mark);
    await drainEvent(services, replay?.body);
    expect((await recorded()).replays).toMatchObject([{ replayId: "replay-1", outcome: "synchronised" }]);
    expect(await listed()).toBe(0);
  });

  it("is cleared up by a discard, which says that there is none", async () => {
    await expect(discard()).rejects.toMatchObject({ code: "delivery_not_dead" });
    expect(await listed()).toBe(0);
    expect((await recorded()).outcome).toBe("synchronised");
  });
});
