import type { Mapping } from "../../shared/core/mapping";
import { SyncDelay, SyncFailure } from "../../shared/core/sync-task";
import { deleteShard } from "../../shared/usecases/delete-shard";
import { drainMessage } from "../../shared/usecases/drain-message";
import { editShard } from "../../shared/usecases/edit-shard";
import { resolveConflict } from "../../shared/usecases/resolve-conflict";
import { makeEvent } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { codeOf } from "../support/test-app";
import { VendorStandIn } from "../support/vendor-stand-in";

let world: SyncWorld;
let vendor: VendorStandIn;
afterEach(() => world.close());

const mapping: Mapping = {
  shardTypeId: "contact",
  direction: "bidirectional",
  fields: {
    name: { from: "Name" },
    email: { from: "Email", functions: [{ name: "lower" }] },
    city: { from: "Address.City" },
    initial: { from: "Name", functions: [{ name: "split", separator: " ", index: 0 }] },
  },
  conflicts: { strategy: "destination_wins" },
};

async function open(changes: Partial<Mapping> = {}): Promise<void> {
  world = await openSyncWorld({ mapping: { ...mapping, ...changes } }, (now) => (vendor = new VendorStandIn(now)));
  await world.sync(vendor.change("003", { Name: "Ada", Email: "ada@x.org", Address: { City: "Rome", Zip: "1" } }));
  vendor.sent.length = 0;
  world.app.advance(1000);
}

const key = async () => ({ tenantId: "tenant-123", subject: "ada", shardId: (await world.shard()).id });
const edit = async (fields: Record<string, unknown>) => editShard(world.services, await key(), { fields });

/** Hands every message that is visible now to the drain. */
async function drain(): Promise<void> {
  for (;;) {
    const [message] = await world.app.lockingQueue.receive(1, 60_000);
    if (!message) return;
    await drainMessage(world.services, JSON.parse(message.body));
    await world.app.lockingQueue.complete(message.lockToken);
  }
}

/** Delivers the events that the vendor sent meanwhile. */
async function deliverEchoes(): Promise<void> {
  for (const event of vendor.sent.splice(0)) await world.sync(event);
}

const editTask = async () => (await world.tasks()).find(({ trigger }) => trigger === "edit");

describe("an edit of a bidirectional mapping", () => {
  it("is written back by a task, in the provider's own terms, and is over then", async () => {
    await open();
    await edit({ name: "Ada King", city: "London" });
    expect(await editTask()).toMatchObject({ status: "queued", trigger: "edit" });
    await drain();
    expect(vendor.writes).toMatchObject([
      { action: "update", reference: { entityId: "003" }, fields: { Name: "Ada King", Address: { City: "London" } } },
    ]);
    expect(vendor.records.get("003")?.fields).toMatchObject({
      Name: "Ada King",
      Address: { City: "London", Zip: "1" },
    });
    expect(await editTask()).toMatchObject({ status: "completed", result: { writtenBack: "update" } });
    const shard = await world.shard();
    expect(shard).toMatchObject({ structuredData: { name: "Ada King", city: "London", initial: "Ada" } });
    expect(shard).not.toHaveProperty("edits");
    expect(shard).not.toHaveProperty("outgoing");
  });

  it("comes back as an echo that changes nothing and is not written again", async () => {
    await open();
    await edit({ name: "Ada King" });
    await drain();
    const { revision, structuredData } = await world.shard();
    await deliverEchoes();
    await deliverEchoes();
    expect(vendor.writes).toHaveLength(1);
    expect(await world.shard()).toMatchObject({ structuredData });
    expect((await world.shard()).revision).toBeLessThanOrEqual(revision + 1);
    expect(await world.conflicts()).toEqual([]);
  });

  it("is recognised when its echo arrives before our own record of the write", async () => {
    await open({ conflicts: { strategy: "manual" } });
    await edit({ name: "Ada King" });
    const write = vendor.write.bind(vendor);
    jest.spyOn(vendor, "write").mockImplementation(async (connection, change) => {
      const reply = await write(connection, change);
      await deliverEchoes();
      return reply;
    });
    await drain();
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada King" } });
    expect(await world.shard()).not.toHaveProperty("edits");
    expect(await world.conflicts()).toEqual([]);
  });

  it("gives way where the provider writes the value in its own manner", async () => {
    await open();
    await edit({ email: "Ada@Y.org" });
    await drain();
    await deliverEchoes();
    expect((await world.shard()).structuredData).toMatchObject({ email: "ada@y.org" });
    await world.sync(vendor.change("003", { Email: "ADA@Y.ORG" }));
    expect(vendor.writes).toHaveLength(1);
  });

  it("stays in Castiel where the field has no way back", async () => {
    await open();
    await edit({ initial: "A.", note: "mine" });
    await drain();
    expect(vendor.writes).toEqual([]);
    expect((await world.shard()).structuredData).toMatchObject({ initial: "A.", note: "mine" });
  });

  it("stays in Castiel while something that the mapping requires is missing", async () => {
    await open({ fields: { ...mapping.fields, phone: { from: "Phone", required: true } } });
    await edit({ name: "Ada King" });
    await drain();
    expect(vendor.writes).toEqual([]);
  });

  it.each([
    ["the connection has no credentials", new SyncFailure("no_credentials")],
    ["the provider cannot be written to", new SyncFailure("unsupported", { permanent: true })],
  ])("stays in Castiel where %s", async (_, failure) => {
    await open();
    jest.spyOn(vendor, "write").mockRejectedValue(failure);
    await edit({ name: "Ada King" });
    await drain();
    expect(await editTask()).toMatchObject({ status: "completed" });
    expect((await editTask())?.result).not.toHaveProperty("writtenBack");
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Ada King" }, edits: { name: {} } });
  });

  it("stays in Castiel where the read finds no credentials, and asks nobody to write", async () => {
    await open();
    vendor.outcome = { kind: "no_credentials" };
    await edit({ name: "Ada King" });
    await drain();
    expect(vendor.writes).toEqual([]);
    expect(await editTask()).toMatchObject({ status: "completed", notRead: "no_credentials" });
  });

  it("waits for a rate limit, and for a provider that is out", async () => {
    await open();
    const write = jest.spyOn(vendor, "write");
    write.mockRejectedValueOnce(new SyncDelay("rate_limited", world.services.now() + 60_000));
    write.mockRejectedValueOnce(new SyncFailure("provider_unreachable"));
    await edit({ name: "Ada King" });
    await drain();
    expect(await editTask()).toMatchObject({ status: "waiting" });
    world.app.advance(60_000);
    await drain();
    expect(await editTask()).toMatchObject({ status: "failed", reason: "provider_unreachable" });
    world.app.advance(3_600_000);
    await drain();
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Ada King" });
  });

  it("is written where nothing can be read", async () => {
    await open();
    vendor.outcome = { kind: "unsupported" };
    await edit({ name: "Ada King" });
    await drain();
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Ada King" });
    expect(await world.shard()).not.toHaveProperty("edits");
  });

  it("is written with an event that comes before its task", async () => {
    await open();
    await edit({ name: "Ada King" });
    const { result } = await world.sync(vendor.change("003", { Email: "new@x.org" }, "full"));
    expect(result).toMatchObject({ writtenBack: "update" });
    await drain();
    expect(vendor.writes).toHaveLength(1);
    expect((await world.shard()).structuredData).toMatchObject({ name: "Ada King", email: "new@x.org" });
  });

  it("is repeated by the caller where the queue did not take the task: the edit is kept", async () => {
    await open();
    const queue = { ...world.services.queue, send: () => Promise.reject(new Error("queue")) };
    const services = { ...world.services, queue } as never;
    await expect(editShard(services, await key(), { fields: { name: "Ada King" } })).rejects.toThrow("queue");
    expect((await world.shard()).structuredData).toMatchObject({ name: "Ada King" });
    await edit({ name: "Ada King" });
    await drain();
    expect(vendor.writes).toHaveLength(1);
  });
});

describe("a conflict of a bidirectional mapping", () => {
  it("that Castiel wins is written back, and both sides say the same", async () => {
    await open();
    await edit({ name: "Mine" });
    const { result } = await world.sync(vendor.change("003", { Name: "Theirs" }));
    expect(result).toMatchObject({ settledConflicts: ["name"], writtenBack: "update" });
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Mine" });
    await deliverEchoes();
    await drain();
    expect(vendor.writes).toHaveLength(1);
    expect(await world.shard()).toMatchObject({ structuredData: { name: "Mine" } });
  });

  it("that the provider wins is not written back", async () => {
    await open({ conflicts: { strategy: "source_wins" } });
    await edit({ name: "Mine" });
    await world.sync(vendor.change("003", { Name: "Theirs" }));
    await drain();
    expect(vendor.writes).toEqual([]);
    expect((await world.shard()).structuredData).toMatchObject({ name: "Theirs" });
  });

  it("that was put together is written back as a whole, once", async () => {
    await open({ conflicts: { strategy: "merge", fields: { name: "concat" } } });
    await edit({ name: "Mine" });
    await world.sync(vendor.change("003", { Name: "Theirs" }));
    await deliverEchoes();
    await drain();
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Mine\nTheirs" });
    expect(vendor.writes).toHaveLength(1);
    expect((await world.shard()).structuredData).toMatchObject({ name: "Mine\nTheirs" });
  });

  it("that waits for a person is written back only when it is resolved for Castiel; other fields do not wait", async () => {
    await open({ conflicts: { strategy: "manual" } });
    await edit({ name: "Mine", city: "London" });
    await world.sync(vendor.change("003", { Name: "Theirs" }));
    await drain();
    expect(vendor.writes.map(({ fields }) => fields)).toEqual([{ Address: { City: "London" } }]);
    const [conflict] = await world.conflicts();
    const conflictKey = { tenantId: "tenant-123", subject: "eve", conflictId: conflict?.id ?? "" };
    await resolveConflict(world.services, conflictKey, { take: "local" });
    await drain();
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Mine" });
    expect(await world.conflicts()).toEqual([]);
  });
});

describe("a deletion in a bidirectional mapping", () => {
  it("is written back, and its echo changes nothing", async () => {
    await open();
    await deleteShard(world.services, await key());
    await drain();
    expect(vendor.writes).toMatchObject([{ action: "delete", reference: { entityId: "003" }, fields: {} }]);
    const shard = await world.shard();
    expect(shard).toMatchObject({ status: "deleted" });
    expect(shard).not.toHaveProperty("localDeletion");
    await deliverEchoes();
    expect(vendor.writes).toHaveLength(1);
    expect((await world.shard()).status).toBe("deleted");
  });

  it("is not written back of what the provider deleted itself", async () => {
    await open();
    await deleteShard(world.services, await key());
    await world.sync(vendor.remove("003"));
    await drain();
    expect(vendor.writes).toEqual([]);
  });
});

describe("a value that was put back while it was on its way", () => {
  it("is put back at the provider too, although the first task was killed after its write", async () => {
    await open();
    vendor.outcome = { kind: "unsupported" };
    await edit({ name: "Ada King" });
    // The task notes what is on its way, writes it to the provider, and is killed before it can record that.
    world.store.dieAt(3, false);
    await drain();
    world.store.revive();
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Ada King" });
    await editShard(world.services, await key(), { revert: ["name"] });
    expect((await world.shard()).structuredData).toMatchObject({ name: "Ada" });
    world.app.advance(120_000);
    await drain();
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Ada" });
    await deliverEchoes();
    expect((await world.shard()).structuredData).toMatchObject({ name: "Ada" });
    expect(await world.shard()).not.toHaveProperty("edits");
  });

  it("is no conflict with the echo of our own write, where it was changed again before that came", async () => {
    await open({ conflicts: { strategy: "manual" } });
    await edit({ name: "First" });
    const write = vendor.write.bind(vendor);
    jest.spyOn(vendor, "write").mockImplementationOnce(async (connection, change) => {
      const reply = await write(connection, change);
      await edit({ name: "Second" });
      await deliverEchoes();
      return reply;
    });
    await drain();
    expect(await world.conflicts()).toEqual([]);
    expect(await world.conflicts("superseded")).toEqual([]);
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Second" });
    expect((await world.shard()).structuredData).toMatchObject({ name: "Second" });
  });

  it("follows the write, where it was changed again while the provider was being told", async () => {
    await open();
    await edit({ name: "First" });
    const write = vendor.write.bind(vendor);
    jest.spyOn(vendor, "write").mockImplementationOnce(async (connection, change) => {
      const reply = await write(connection, change);
      await edit({ name: "Second" });
      return reply;
    });
    await drain();
    await deliverEchoes();
    expect(vendor.records.get("003")?.fields).toMatchObject({ Name: "Second" });
    expect((await world.shard()).structuredData).toMatchObject({ name: "Second" });
    expect(await world.conflicts()).toEqual([]);
  });
});

it("an inbound mapping, or none, never writes back", async () => {
  await open({ direction: "inbound" });
  await edit({ name: "Mine" });
  await world.sync(vendor.change("003", { Name: "Theirs" }));
  await drain();
  expect(vendor.writes).toEqual([]);
  expect(await editTask()).toBeUndefined();
});

it("an edit of a shard that is shown by another is refused", async () => {
  await open({ deduplicate: { rules: [{ match: "exact", fields: ["email"] }], merge: "keep_first" } });
  await world.sync(vendor.change("003", { Email: "a@x.org" }));
  world.app.advance(1000);
  const { result } = await world.sync(
    makeEvent({
      ...vendor.change("004", { Email: "a@x.org" }),
      receivedAt: new Date(world.services.now()).toISOString(),
    }),
  );
  const shardId = result?.mergedShardId ?? "";
  const attempt = editShard(
    world.services,
    { tenantId: "tenant-123", subject: "ada", shardId },
    { fields: { name: "x" } },
  );
  expect(await codeOf(attempt)).toBe("shard_not_active");
  expect(await codeOf(deleteShard(world.services, { tenantId: "tenant-123", subject: "ada", shardId }))).toBe(
    "shard_not_active",
  );
});
