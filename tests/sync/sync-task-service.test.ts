import type { Mapping } from "../../shared/core/mapping";
import type { ReadOutcome } from "../../shared/core/record-reader";
import { SyncDelay, SyncFailure, type SyncWork } from "../../shared/core/sync-task";
import { shardIdOf } from "../../shared/repositories/shards";
import { drainMessage } from "../../shared/usecases/drain-message";
import { editShard } from "../../shared/usecases/edit-shard";
import { toShardDetails } from "../../shared/usecases/shard-view";
import { startSyncTask } from "../../shared/usecases/start-sync-task";
import { describeSyncTaskService, type NextAnswer } from "../contracts/sync-task-service";
import { makeEvent, makeMessage, noon } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { codeOf } from "../support/test-app";
import { VendorStandIn } from "../support/vendor-stand-in";

let world: SyncWorld;
let vendor: VendorStandIn;
afterEach(() => world.close());

async function open(mapping?: Mapping): Promise<void> {
  world = await openSyncWorld(mapping ? { mapping } : {}, (now) => (vendor = new VendorStandIn(now)));
}

const mapping: Mapping = { shardTypeId: "person", direction: "inbound", fields: { name: { from: "Name" } } };

/** Hands every message that is visible now to the drain, as the queue's trigger does. */
async function drain(): Promise<number> {
  let drained = 0;
  for (;;) {
    const messages = await world.app.lockingQueue.receive(1, 60_000);
    const [message] = messages;
    if (!message) return drained;
    await drainMessage(world.services, JSON.parse(message.body));
    await world.app.lockingQueue.complete(message.lockToken);
    drained++;
  }
}

describeSyncTaskService(async () => {
  await open();
  vendor.change("003", { Name: "Ada" });
  const failures: Readonly<Record<NextAnswer, Error>> = {
    failure: new SyncFailure("provider_unreachable"),
    "failure for good": new SyncFailure("provider_forbidden", { permanent: true }),
    "wait half a minute": new SyncDelay("rate_limited", noon + 30_000),
  };
  return {
    service: world.services.sync,
    world,
    answerNext: (answer) => {
      vendor.meanwhile = async () => {
        vendor.meanwhile = undefined;
        throw failures[answer];
      };
    },
    close: async () => undefined,
  };
});

describe("fetch", () => {
  it("reads the record where the event holds only some fields, and says so", async () => {
    await open(mapping);
    vendor.change("003", { Name: "Ada", Phone: "1" });
    const task = await world.sync(vendor.change("003", { Phone: "2" }));
    expect(task).toMatchObject({ status: "completed", source: "provider", result: { change: "created" } });
    expect(await world.shard()).toMatchObject({
      shardTypeId: "person",
      structuredData: { name: "Ada" },
      source: { Id: "003", Name: "Ada", Phone: "2" },
    });
  });

  it("asks with the tag of the last read, and takes 'unchanged' for an answer", async () => {
    await open(mapping);
    const event = vendor.change("003", { Name: "Ada" });
    await world.sync(event);
    const { revision, readTag } = await world.shard();
    expect(readTag).toBe(String(noon));
    expect((await world.sync(event)).result).toMatchObject({ change: "unchanged" });
    expect(await world.shard()).toMatchObject({ revision });
  });

  it("forgets the tag when something else than that read made the record", async () => {
    await open(mapping);
    await world.sync(vendor.change("003", { Name: "Ada" }));
    world.app.advance(1000);
    await world.sync(vendor.change("003", { Name: "Eve" }, "full"));
    expect(await world.shard()).not.toHaveProperty("readTag");
  });

  it("does not ask for a whole record, a deletion or an occurrence", async () => {
    await open(mapping);
    await world.sync(vendor.change("003", { Name: "Ada" }, "full"));
    await world.sync(vendor.remove("003"));
    const occurred = await world.sync(makeEvent({ eventType: "occurred", entityType: "Paid__e" }));
    expect(vendor.reads).toBe(0);
    expect(occurred).toMatchObject({ source: "event" });
  });

  it("asks for a whole record in which the provider says that it left something out", async () => {
    await open(mapping);
    await world.sync({ ...vendor.change("003", { Name: "Ada" }, "full"), gap: true });
    expect(vendor.reads).toBe(1);
  });

  it.each<ReadOutcome["kind"]>(["unsupported", "no_credentials"])(
    "falls back on the event's own data where the reader says %s",
    async (kind) => {
      await open(mapping);
      vendor.outcome = { kind } as ReadOutcome;
      const task = await world.sync(vendor.change("003", { Name: "Ada" }));
      expect(task).toMatchObject({ source: "event", notRead: kind, result: { change: "created" } });
      expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada" } });
    },
  );

  it("falls back on the event's own data where there are no credentials", async () => {
    world = await openSyncWorld({ mapping });
    const task = await world.sync(makeEvent({ data: { Name: "Ada" } }));
    expect(task).toMatchObject({ source: "event", notRead: "no_credentials" });
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada" } });
  });

  it("deletes what the provider says is gone, so that a late update does not bring it back", async () => {
    await open(mapping);
    const late = vendor.change("003", { Name: "Ada" }, "full");
    await world.sync(late);
    world.app.advance(1000);
    const event = vendor.change("003", { Name: "Eve" });
    vendor.remove("003");
    expect((await world.sync(event)).result).toMatchObject({ change: "deleted" });
    await world.sync(late);
    expect(await world.shard()).toMatchObject({ status: "deleted" });
  });

  it("never puts an older answer over a newer one, where two tasks are at the same record", async () => {
    await open(mapping);
    const first = vendor.change("003", { Name: "Ada" }, "hint");
    let isSecond = false;
    vendor.meanwhile = async () => {
      if (isSecond) return;
      isSecond = true;
      // While the first read is on its way, the record changes and the second task runs from beginning to end.
      vendor.outcome = { kind: "found", record: { Id: "003", Name: "Eve" } };
      await world.syncElsewhere(vendor.change("003", { Name: "Eve" }, "hint"));
    };
    const { version: _, ...unversioned } = first;
    await world.sync(unversioned);
    expect(vendor.reads).toBe(3);
    expect((await world.shard()).structuredData).toEqual({ name: "Eve" });
  });

  it("takes a read for at least as new as the event that asked for it, however coarse its own time is", async () => {
    await open(mapping);
    const event = vendor.change("003", { Name: "Ada" }, "hint");
    const early = { kind: "time", value: noon - 59_000 } as const;
    vendor.outcome = { kind: "found", record: { Name: "Ada" }, version: early };
    await world.sync(event);
    expect((await world.shard()).mark.version).toEqual({ kind: "time", value: noon });
    vendor.outcome = { kind: "found", record: { Name: "Eve" }, version: { kind: "time", value: noon + 5 } };
    await world.sync(event);
    expect((await world.shard()).mark.version).toEqual({ kind: "time", value: noon + 5 });
  });
});

describe("a task", () => {
  it("records its phases, its attempts and its result, and nothing of the record itself", async () => {
    await open(mapping);
    const event = vendor.change("ada@example.com", { Name: "Ada Lovelace", Phone: "+44 20 7946" });
    await world.sync(event);
    const [task] = await world.tasks();
    expect(task).toMatchObject({
      trigger: "webhook",
      entityType: "Contact",
      attempts: 1,
      eventIds: [event.eventId],
      status: "completed",
      startedAt: new Date(noon).toISOString(),
      finishedAt: new Date(noon).toISOString(),
    });
    expect(Object.keys(task?.phases ?? {}).sort()).toEqual([
      "deduplicate",
      "derive",
      "fetch",
      "save",
      "transform",
      "write_back",
    ]);
    for (const personal of ["Ada", "ada@example.com", "7946"]) {
      expect(JSON.stringify(await world.tasks())).not.toContain(personal);
      expect(JSON.stringify(world.app.logged)).not.toContain(personal);
    }
  });

  it("says running while the provider is asked", async () => {
    await open(mapping);
    const event = vendor.change("003", { Name: "Ada" });
    let seen: unknown;
    vendor.meanwhile = async () => void (seen = (await world.tasks())[0]?.status);
    await world.sync(event);
    expect(seen).toBe("running");
  });

  it.each([
    ["a failure", new SyncFailure("provider_unauthorised"), { status: "failed", reason: "provider_unauthorised" }],
    [
      "a wait",
      new SyncDelay("rate_limited", noon + 60_000),
      { status: "waiting", reason: "rate_limited", waitingUntil: new Date(noon + 60_000).toISOString() },
    ],
    ["a bug, without its message", new TypeError("ada@example.com"), { status: "failed", reason: "internal_error" }],
  ])("says %s with its code", async (_, failure, expected) => {
    await open(mapping);
    const event = vendor.change("003", { Name: "Ada" });
    vendor.failure = failure;
    await expect(world.sync(event)).rejects.toBe(failure);
    expect((await world.tasks())[0]).toMatchObject(expected);
    expect(JSON.stringify(await world.tasks())).not.toContain("ada@example.com");
  });

  it("stores a long text once, and gives it back whole", async () => {
    await open({ ...mapping, unmapped: "drop", fields: { ...mapping.fields, notes: { from: "Notes" } } });
    const text = "x".repeat(600_000);
    await world.sync(vendor.change("003", { Name: "Ada", Notes: text }, "full"));
    const stored = await world.shard();
    expect(stored).toMatchObject({ structuredData: { notes: text }, sharedTexts: { Notes: "notes" } });
    expect(stored.source).toEqual({ Id: "003", Name: "Ada" });
    const key = { tenantId: "tenant-123", subject: "ada", shardId: stored.id };
    await editShard(world.services, key, { fields: { notes: "short" } });
    expect(toShardDetails(await world.shard())).toMatchObject({
      source: { Notes: text },
      structuredData: { notes: "short" },
    });
    const huge = editShard(world.services, key, { fields: { notes: "x".repeat(900_000) } });
    expect(await codeOf(huge)).toBe("shard_too_large");
    await editShard(world.services, key, { revert: ["notes"] });
    world.app.advance(1000);
    await world.sync(
      makeEvent({ data: { Phone: "1" }, version: { kind: "time", value: noon + 1000 }, completeness: "hint" }),
    );
    expect(toShardDetails(await world.shard())).toMatchObject({
      source: { Notes: text },
      structuredData: { notes: text },
    });
  });

  it("fails for good on a record that no document can hold", async () => {
    await open(mapping);
    const event = vendor.change("003", { Name: "x".repeat(2 * 1024 * 1024) }, "full");
    await expect(world.sync(event)).rejects.toMatchObject({ reason: "record_too_large", permanent: true });
  });

  it("names the fields that the mapping wants and the record does not have; the record is kept", async () => {
    await open({ ...mapping, fields: { name: { from: "Name" }, email: { from: "Email", required: true } } });
    const task = await world.sync(vendor.change("003", { Name: "Ada" }));
    expect(task.result).toMatchObject({ missingFields: ["email"] });
    expect(await world.shard()).toMatchObject({
      structuredData: { name: "Ada" },
      issues: [{ field: "email", code: "required" }],
    });
    world.app.advance(1000);
    await world.sync(vendor.change("003", { Email: "ada@example.com" }));
    expect(await world.shard()).not.toHaveProperty("issues");
  });
});

describe("drainMessage", () => {
  const event = () => ({ ...vendor.change("003", { Name: "Ada" }), registrationId: "" });

  async function drainEventWith(failure: Error, failedAttempts = 0, receivedAt = new Date(noon).toISOString()) {
    const { registrationId } = await world.app.register();
    vendor.failure = failure;
    await drainMessage(world.services, makeMessage({ ...event(), registrationId, receivedAt }, failedAttempts));
    return (await world.services.deliveries.list("tenant-123", registrationId, 10)).items;
  }

  it("puts a delayed event off until its time, without using up an attempt", async () => {
    await open(mapping);
    const records = await drainEventWith(new SyncDelay("rate_limited", noon + 90_000), 3);
    expect(records).toMatchObject([{ outcome: "retrying", attempts: 3, reason: "rate_limited" }]);
    expect(await world.app.lockingQueue.depth()).toMatchObject({ active: 0, scheduled: 1 });
    vendor.failure = undefined;
    world.app.advance(89_000);
    expect(await drain()).toBe(0);
    world.app.advance(1000);
    expect(await drain()).toBe(1);
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada" } });
  });

  it("counts a delay as an attempt once the event has waited for seven days", async () => {
    await open(mapping);
    const old = new Date(noon - 8 * 86_400_000).toISOString();
    const delay = new SyncDelay("rate_limited", noon + 60_000);
    expect(await drainEventWith(delay, 3, old)).toMatchObject([{ outcome: "dead", reason: "rate_limited" }]);
  });

  it("goes on with other records when one can never be saved", async () => {
    await open(mapping);
    const { registrationId } = await world.app.register();
    const poison = vendor.change("poison", { Name: "x".repeat(2 * 1024 * 1024) }, "full");
    const good = vendor.change("good", { Name: "Ada" }, "full");
    // What is so large came by reference.
    await world.services.payloads.put("poison", Buffer.from(JSON.stringify(poison.data)), 60);
    const byReference = { ...makeMessage({ ...poison, registrationId, data: {} }), dataref: "poison" };
    for (const message of [byReference, makeMessage({ ...good, registrationId })]) {
      await drainMessage(world.services, message);
    }
    const { items } = await world.services.deliveries.list("tenant-123", registrationId, 10);
    expect(items.map((item) => ("outcome" in item ? item.outcome : "")).sort()).toEqual(["dead", "synchronised"]);
    expect(await world.shard("good")).toMatchObject({ status: "active" });
  });
});

it("tasks are listed newest first, whatever their kind", async () => {
  await open(mapping);
  const at = () => new Date(world.services.now()).toISOString();
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) {
    world.app.advance(1000);
    ids.unshift((await world.sync({ ...vendor.change("003", { Name: "Ada" }), receivedAt: at() })).id);
    world.app.advance(1000);
    const request = { integrationId: "salesforce", connectionId: "c", entityType: "Contact", entityId: "003" };
    ids.unshift((await startSyncTask(world.services, { ...request, tenantId: "tenant-123" })).id);
  }
  expect((await world.tasks()).map(({ id }) => id)).toEqual(ids);
});

describe("a task by hand", () => {
  const request = {
    tenantId: "tenant-123",
    integrationId: "salesforce",
    connectionId: "conn-1",
    entityType: "Contact",
  };

  it("of all records leaves aside what is wrong with one of them", async () => {
    const emails = { rules: [{ match: "exact", fields: ["email"] }], merge: "merge_fields" } as const;
    const fields = { email: { from: "Email" }, a: { from: "A" }, b: { from: "B" } };
    await open({ shardTypeId: "person", direction: "inbound", fields, deduplicate: emails });
    vendor.pageSize = 10;
    // Each fits a document, and both together do not.
    vendor.change("001", { Email: "ada@x.org", A: "x".repeat(1_200_000) });
    vendor.change("002", { Email: "ada@x.org", B: "y".repeat(1_200_000) });
    vendor.change("003", { Email: "eve@x.org" });
    await startSyncTask(world.services, request);
    await drain();
    const listing = (await world.tasks()).find(({ progress }) => progress !== undefined);
    expect(listing).toMatchObject({ status: "completed", progress: { failures: { record_too_large: 1 } } });
    expect(await world.shard("003")).toMatchObject({ status: "active" });
  });

  it("of all records does not end where the code of a rule does", async () => {
    const rules = new Map([
      [
        "broken",
        () => {
          throw new Error("a bug in a rule");
        },
      ],
    ]);
    vendor = new VendorStandIn(() => noon);
    world = await openSyncWorld({
      reader: vendor,
      customRules: rules,
      mapping: { ...mapping, conflicts: { strategy: "custom", custom: "broken" } },
    });
    for (const id of ["001", "002"]) await world.sync(vendor.change(id, { Name: id }));
    const shardId = (await world.shard("001")).id;
    await editShard(world.services, { tenantId: "tenant-123", subject: "ada", shardId }, { fields: { name: "Mine" } });
    for (const id of ["001", "002"]) vendor.change(id, { Name: `${id}, changed` });
    await startSyncTask(world.services, request);
    await drain();
    const listing = (await world.tasks()).find(({ progress }) => progress !== undefined);
    expect(listing).toMatchObject({ status: "completed", progress: { failures: { internal_error: 1 } } });
    expect(await world.shard("002")).toMatchObject({ structuredData: { name: "002, changed" } });
  });

  it("reads one record, whatever was known of it", async () => {
    await open(mapping);
    vendor.change("003", { Name: "Ada" });
    const task = await startSyncTask(world.services, { ...request, entityId: "003" });
    expect(task).toMatchObject({ status: "queued", trigger: "manual", attempts: 0 });
    expect(await drain()).toBe(1);
    expect((await world.tasks())[0]).toMatchObject({
      id: task.id,
      status: "completed",
      source: "provider",
      attempts: 1,
    });
    expect((await world.shard()).structuredData).toEqual({ name: "Ada" });
  });

  it("brings a record back that the provider has, even if it was deleted here by a later event", async () => {
    await open(mapping);
    await world.sync(vendor.change("003", { Name: "Ada" }, "full"));
    world.app.advance(1000);
    await world.sync(makeEvent({ eventType: "deleted", data: {}, version: { kind: "time", value: noon + 1000 } }));
    expect((await world.shard()).status).toBe("deleted");
    await startSyncTask(world.services, { ...request, entityId: "003" });
    await drain();
    expect((await world.shard()).status).toBe("active");
  });

  it.each<ReadOutcome["kind"]>(["unsupported", "no_credentials"])(
    "fails for good where the reader says %s",
    async (kind) => {
      await open(mapping);
      vendor.outcome = { kind } as ReadOutcome;
      await startSyncTask(world.services, { ...request, entityId: "003" });
      await drain();
      expect((await world.tasks())[0]).toMatchObject({ status: "failed", reason: kind });
      expect(await world.app.lockingQueue.depth()).toMatchObject({ active: 0, scheduled: 0 });
    },
  );

  it("is tried again as the policy says, and then given up", async () => {
    await open(mapping);
    vendor.failure = new SyncFailure("provider_answer_unknown");
    await startSyncTask(world.services, { ...request, entityId: "003" });
    for (let attempt = 1; attempt <= 4; attempt++) {
      expect(await drain()).toBe(1);
      expect((await world.tasks())[0]).toMatchObject({ status: "failed", attempts: attempt });
      world.app.advance(3_600_000);
    }
    expect(await drain()).toBe(0);
  });

  it("says that it failed where an outage lasted for more than seven days", async () => {
    await open(mapping);
    const outage = { ...world.services, sync: { enqueueSyncTask: () => Promise.reject(new SyncDelay("out", noon)) } };
    const { id } = await startSyncTask(world.services, { ...request, entityId: "003" });
    const [message] = await world.app.lockingQueue.receive(1, 60_000);
    world.app.advance(8 * 86_400_000);
    const body = { ...(JSON.parse(message?.body ?? "{}") as object), failedattempts: 3 };
    await drainMessage(outage, body);
    expect((await world.tasks()).find((task) => task.id === id)).toMatchObject({ status: "failed", reason: "out" });
    await drainMessage(outage, body);
  });

  it("reads all records that changed since a time, page by page, each page by a message of its own", async () => {
    await open(mapping);
    vendor.change("000", { Name: "too old" });
    world.app.advance(60_000);
    for (const id of ["001", "002", "003", "004", "005", "006", "007"]) vendor.change(id, { Name: `Ada ${id}` });
    vendor.remove("007");
    const task = await startSyncTask(world.services, { ...request, since: new Date(noon + 1000).toISOString() });
    expect(await drain()).toBe(3);
    expect((await world.tasks()).find(({ id }) => id === task.id)).toMatchObject({
      status: "completed",
      entityId: "*",
      progress: { pages: 3, records: 7, failures: {} },
    });
    const shards = await world.shards();
    expect(shards.filter(({ status }) => status === "active")).toHaveLength(6);
    expect(shards.filter(({ status }) => status === "deleted")).toHaveLength(1);
  });

  it("goes on where it was when a page is killed at any write, and counts every page once", async () => {
    for (let write = 1; write < 14; write++) {
      for (const takesEffect of [false, true]) {
        await open(mapping);
        for (const id of ["001", "002", "003", "004", "005"]) vendor.change(id, { Name: `Ada ${id}` });
        await startSyncTask(world.services, request);
        world.store.dieAt(write, takesEffect);
        for (let round = 0; round < 4; round++) {
          const [message] = await world.app.lockingQueue.receive(1, 60_000);
          if (!message) break;
          try {
            await drainMessage(world.services, JSON.parse(message.body));
            await world.app.lockingQueue.complete(message.lockToken);
          } catch {
            world.store.revive();
            await world.app.lockingQueue.abandon(message.lockToken);
          }
        }
        world.store.revive();
        world.app.advance(3_600_000);
        await drain();
        expect((await world.tasks())[0]).toMatchObject({ status: "completed", progress: { pages: 2, records: 5 } });
        expect(await world.shards({ status: "active" })).toHaveLength(5);
        await world.close();
      }
    }
    await open();
  });

  it("counts a record that fails by its reason, gives it a task of its own if that may help, and goes on", async () => {
    await open(mapping);
    vendor.change("001", { Name: "x".repeat(2 * 1024 * 1024) });
    vendor.change("002", { Name: "Ada" });
    vendor.change("003", { Name: "Eve" });
    const broken = shardIdOf({
      tenantId: "tenant-123",
      integrationId: "salesforce",
      entityType: "Contact",
      entityId: "002",
    });
    const update = world.services.shards.update.bind(world.services.shards);
    const spy = jest
      .spyOn(world.services.shards, "update")
      .mockImplementation((key, change) =>
        key.shardId === broken ? Promise.reject(new SyncFailure("broken")) : update(key, change),
      );
    const { id } = await startSyncTask(world.services, request);
    const [message] = await world.app.lockingQueue.receive(1, 60_000);
    await drainMessage(world.services, JSON.parse(message?.body ?? ""));
    spy.mockRestore();
    expect((await world.tasks()).find((task) => task.id === id)).toMatchObject({
      status: "completed",
      progress: { pages: 1, records: 3, failures: { record_too_large: 1, broken: 1 } },
    });
    expect(await drain()).toBe(1);
    expect(await world.shard("002")).toMatchObject({ structuredData: { name: "Ada" } });
    expect(await world.shard("003")).toMatchObject({ structuredData: { name: "Eve" } });
  });

  it("does nothing twice when a message of a page comes again", async () => {
    await open(mapping);
    for (const id of ["001", "002", "003", "004"]) vendor.change(id, { Name: `Ada ${id}` });
    await startSyncTask(world.services, request);
    const [first] = await world.app.lockingQueue.receive(1, 60_000);
    const body: unknown = JSON.parse(first?.body ?? "");
    await drainMessage(world.services, body);
    await world.app.lockingQueue.complete(first?.lockToken ?? "");
    await drain();
    await drainMessage(world.services, body);
    await drain();
    expect((await world.tasks())[0]).toMatchObject({ status: "completed", progress: { pages: 2, records: 4 } });
  });

  it("is refused for an unknown integration, and for one record since a time", async () => {
    await open(mapping);
    const { services } = world;
    expect(await codeOf(startSyncTask(services, { ...request, integrationId: "myspace" }))).toBe("unknown_integration");
    const both = { ...request, entityId: "003", since: new Date(noon).toISOString() };
    expect(await codeOf(startSyncTask(services, both))).toBe("invalid_request");
  });

  it("says that it failed when the queue did not take it", async () => {
    await open(mapping);
    const queue = { ...world.services.queue, send: () => Promise.reject(new Error("full")) };
    await expect(startSyncTask({ ...world.services, queue }, request)).rejects.toThrow("full");
    expect((await world.tasks())[0]).toMatchObject({ status: "failed", reason: "queue_unavailable" });
  });
});

describe("an event that names no single record", () => {
  const gap = (entityId: string) =>
    makeEvent({ entityId, gap: true, completeness: "hint", data: {}, occurredAt: new Date(noon).toISOString() });

  it("asks for all records that changed since an hour before an overflow", async () => {
    await open(mapping);
    vendor.change("003", { Name: "Ada" });
    const overflow = gap("*");
    const task = await world.sync(overflow);
    expect(task).toMatchObject({ status: "completed", result: { change: "resync", resyncTaskId: expect.any(String) } });
    const list = jest.spyOn(vendor, "list");
    await drain();
    expect(list.mock.calls[0]?.[1].since).toBe(new Date(noon - 3_600_000).toISOString());
    const resync = (await world.tasks()).find(({ id }) => id === task.result?.resyncTaskId);
    expect(resync).toMatchObject({ status: "completed", trigger: "gap", progress: { records: 1 } });
    expect(resync?.registrationId).toBe(task.registrationId);
    expect(await world.shards()).toHaveLength(1);
    await world.sync(overflow);
    await drain();
    expect((await world.tasks()).filter(({ trigger }) => trigger === "gap")).toEqual([resync]);
  });

  it("asks for all there are after a lossy conversion of a field, which changes no time", async () => {
    await open(mapping);
    const list = jest.spyOn(vendor, "list");
    await world.sync(gap("001*"));
    await drain();
    expect(list.mock.calls[0]?.[1].since).toBe("1970-01-01T00:00:00.000Z");
  });

  it("gives records that fail tasks of their own, which are put off as any other", async () => {
    await open(mapping);
    vendor.change("003", { Name: "Ada" });
    await world.sync({ ...gap("*"), eventId: `${"f".repeat(64)}#123` });
    const update = jest.spyOn(world.services.shards, "update").mockRejectedValue(new SyncFailure("broken"));
    expect(await drain()).toBe(2);
    expect(await world.services.queue.depth()).toMatchObject({ active: 0, scheduled: 1 });
    update.mockRestore();
    world.app.advance(3_600_000);
    expect(await drain()).toBe(1);
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada" } });
  });

  it("is recorded as such where records cannot be listed", async () => {
    world = await openSyncWorld({ mapping });
    expect(await world.sync(gap("*"))).toMatchObject({ result: { change: "resync" } });
    expect(await world.shards()).toEqual([]);
    const work: SyncWork = {
      ...world.tenant,
      taskId: "task-x",
      integrationId: "salesforce",
      connectionId: "c",
      trigger: "gap",
      entityType: "Contact",
      requestedAt: new Date(noon).toISOString(),
    };
    await expect(world.services.sync.enqueueSyncTask({ work, attempt: 1 })).rejects.toMatchObject({
      reason: "no_credentials",
    });
  });

  it("says in the task for all of them why they cannot be listed", async () => {
    await open(mapping);
    await world.sync(gap("*"));
    vendor.failure = new SyncFailure("unsupported", { permanent: true });
    await drain();
    expect((await world.tasks()).find(({ trigger }) => trigger === "gap")).toMatchObject({
      status: "failed",
      reason: "unsupported",
    });
  });
});
