import type { Mapping } from "../../shared/core/mapping";
import { SyncDelay, SyncFailure } from "../../shared/core/sync-task";
import { restoreShard } from "../../shared/usecases/delete-shard";
import { drainMessage } from "../../shared/usecases/drain-message";
import { editShard } from "../../shared/usecases/edit-shard";
import { resolveConflict } from "../../shared/usecases/resolve-conflict";
import { toShardView } from "../../shared/usecases/shard-view";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { VendorStandIn } from "../support/vendor-stand-in";

let world: SyncWorld;
let vendor: VendorStandIn;
afterEach(() => world.close());

const mapping: Mapping = {
  shardTypeId: "contact",
  direction: "bidirectional",
  fields: {
    name: { from: "Name" },
    city: { from: "Address.City" },
    initial: { from: "Name", functions: [{ name: "split", separator: " ", index: 0 }] },
  },
  derived: [
    {
      name: "home",
      shardTypeId: "place",
      relationship: "lives_in",
      when: [{ path: "Address.City", is: "present" }],
      fields: { name: { from: "Address.City" } },
    },
  ],
  conflicts: { strategy: "destination_wins" },
};

async function open(changes: Partial<Mapping> = {}): Promise<void> {
  world = await openSyncWorld({ mapping: { ...mapping, ...changes } }, (now) => (vendor = new VendorStandIn(now)));
  await world.sync(vendor.change("003", { Name: "Ada", Address: { City: "Rome", Zip: "1" } }));
  vendor.sent.length = 0;
  world.app.advance(1000);
}

const key = async () => ({ tenantId: "tenant-123", subject: "ada", shardId: (await world.shard()).id });
const edit = async (fields: Record<string, unknown>) => editShard(world.services, await key(), { fields });

/** The provider deletes what was edited here before it could be told. */
async function editAndRemove(fields: Record<string, unknown>) {
  await edit(fields);
  return vendor.remove("003");
}

/** Hands every message that is visible now to the drain. */
async function drain(): Promise<void> {
  for (;;) {
    const [message] = await world.app.lockingQueue.receive(1, 60_000);
    if (!message) return;
    await drainMessage(world.services, JSON.parse(message.body));
    await world.app.lockingQueue.complete(message.lockToken);
  }
}

async function deliverEchoes(): Promise<void> {
  for (const event of vendor.sent.splice(0)) await world.sync(event);
}

describe("a record that the provider deleted and Castiel keeps", () => {
  it("is created anew at the provider, and the shard of the new record takes the old one's place", async () => {
    await open();
    const task = await world.sync(await editAndRemove({ name: "Ada King" }));
    const [old, made] = [await world.shard(), await world.shard("made-1")];
    expect(vendor.writes).toMatchObject([
      { action: "create", fields: { Name: "Ada King", Address: { City: "Rome" } } },
    ]);
    expect(task.result).toMatchObject({ writtenBack: "create", createdShardId: made.id });
    expect(toShardView(old)).toMatchObject({ status: "deleted", replacedBy: made.id });
    expect(made).toMatchObject({ status: "active", structuredData: { name: "Ada King", city: "Rome" } });
    expect(made).not.toHaveProperty("edits");
  });

  it("takes its derived shards along", async () => {
    await open();
    await world.sync(await editAndRemove({ name: "Ada King" }));
    const made = await world.shard("made-1");
    const places = await world.shards({ shardTypeId: "place" });
    const active = places.filter(({ status }) => status === "active");
    expect(active.map(({ derivedFrom }) => derivedFrom?.shardId)).toEqual([made.id]);
    expect(places).toHaveLength(2);
  });

  it("takes along what was edited and has no way back", async () => {
    await open();
    await world.sync(await editAndRemove({ name: "Ada King", initial: "A." }));
    const made = await world.shard("made-1");
    expect(made).toMatchObject({
      structuredData: { name: "Ada King", initial: "A." },
      edits: { initial: { by: "ada" } },
    });
  });

  it("is created once: neither its echo nor the deletion that comes again makes another", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    await world.sync(removal);
    await drain();
    await deliverEchoes();
    await world.sync(removal);
    expect(vendor.writes).toHaveLength(1);
    expect(await world.conflicts()).toEqual([]);
    expect((await world.shards({ shardTypeId: "contact", status: "active" })).map((shard) => shard.externalId)).toEqual(
      ["made-1"],
    );
  });

  it("is created when a person decides so", async () => {
    await open({ conflicts: { strategy: "manual" } });
    await world.sync(await editAndRemove({ name: "Ada King" }));
    expect(vendor.writes).toEqual([]);
    const [conflict] = await world.conflicts();
    await resolveConflict(
      world.services,
      { tenantId: "tenant-123", subject: "ada", conflictId: conflict?.id ?? "" },
      { take: "local" },
    );
    await drain();
    expect(vendor.writes).toMatchObject([{ action: "create" }]);
  });

  it("is created when a person restores it", async () => {
    await open();
    await world.sync(vendor.remove("003"));
    expect((await world.shard()).status).toBe("deleted");
    await restoreShard(world.services, await key());
    await drain();
    expect(await world.shard("made-1")).toMatchObject({ status: "active", structuredData: { name: "Ada" } });
  });

  it("stays one shard where the provider brings the same record back", async () => {
    await open();
    vendor.restores = true;
    const removal = await editAndRemove({ name: "Ada King" });
    world.app.advance(1000);
    const task = await world.sync(removal);
    const shard = await world.shard();
    expect(task.result).toMatchObject({ writtenBack: "create", createdShardId: shard.id });
    expect(shard).toMatchObject({ status: "active", structuredData: { name: "Ada King", city: "Rome" } });
    expect(shard).not.toHaveProperty("successor");
    expect(shard).not.toHaveProperty("tombstone");
    expect(shard).not.toHaveProperty("edits");
  });

  it("stays in Castiel alone where the mapping is inbound, or nothing of it has a way back", async () => {
    await open({ direction: "inbound" });
    await world.sync(await editAndRemove({ name: "Ada King" }));
    expect(vendor.writes).toEqual([]);
    await world.close();
    await open({ fields: { ...mapping.fields, name: { from: "FullName" }, city: { from: "City" } }, derived: [] });
    await world.sync(await editAndRemove({ initial: "B" }));
    expect(vendor.writes).toEqual([]);
    expect((await world.shard()).status).toBe("active");
  });
});

describe("a creation that does not succeed at once", () => {
  it("is given up where the provider refuses it, and may be asked for again", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    const refuse = jest.spyOn(vendor, "write");
    refuse.mockRejectedValueOnce(new SyncFailure("provider_rejected", { permanent: true }));
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "provider_rejected" });
    expect(await world.shard()).toMatchObject({ status: "active", structuredData: { name: "Ada King" } });
    expect(await world.shard()).not.toHaveProperty("creation");
    await world.sync(removal);
    expect((await world.shard("made-1")).status).toBe("active");
  });

  it("waits where a limit says so, without a trace", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    jest.spyOn(vendor, "write").mockRejectedValueOnce(new SyncDelay("rate_limited", 0));
    await expect(world.sync(removal)).rejects.toThrow(SyncDelay);
    expect(await world.shard()).not.toHaveProperty("creation");
  });

  it("is looked for before it is asked for again, where the answer is not known", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    const write = vendor.write.bind(vendor);
    jest.spyOn(vendor, "write").mockImplementationOnce(async (...call) => {
      await write(...call);
      throw new SyncFailure("provider_unreachable");
    });
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "provider_unreachable" });
    expect((await world.shard()).creation).toBeDefined();
    // It may still be on its way: nobody asks again just now.
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "creation_under_way" });
    world.app.advance(120_000);
    await world.sync(removal);
    expect(vendor.writes).toHaveLength(1);
    expect((await world.shard("made-1")).status).toBe("active");
  });

  it("is asked for again where it is not to be found", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    jest.spyOn(vendor, "write").mockRejectedValueOnce(new SyncFailure("provider_unreachable"));
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "provider_unreachable" });
    world.app.advance(120_000);
    await world.sync(removal);
    expect((await world.shard("made-1")).status).toBe("active");
  });

  it("is left to a person where the provider lists no such records", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    jest.spyOn(vendor, "write").mockRejectedValueOnce(new SyncFailure("provider_unreachable"));
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "provider_unreachable" });
    jest.spyOn(vendor, "list").mockRejectedValue(new SyncFailure("unsupported", { permanent: true }));
    world.app.advance(120_000);
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "creation_uncertain", permanent: true });
    expect(vendor.writes).toEqual([]);
    await restoreShard(world.services, await key());
    await drain();
    expect((await world.shard("made-1")).status).toBe("active");
  });

  it("is not taken for a record that was there before, nor for another's with other fields", async () => {
    await open();
    await world.sync(vendor.change("twin", { Name: "Ada King", Address: { City: "Rome" } }));
    const removal = await editAndRemove({ name: "Ada King" });
    jest.spyOn(vendor, "write").mockRejectedValueOnce(new SyncFailure("provider_unreachable"));
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "provider_unreachable" });
    vendor.change("other", { Name: "Ada King", Address: { City: "Paris" } });
    world.app.advance(120_000);
    await world.sync(removal);
    expect((await world.shard()).successor).toMatchObject({ entityId: "made-1" });
  });

  it("is left to a person where there are more records than can be searched", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    jest.spyOn(vendor, "write").mockRejectedValueOnce(new SyncFailure("provider_unreachable"));
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "provider_unreachable" });
    vendor.pageSize = 1;
    for (let number = 0; number <= 100; number++) vendor.change(`00-${String(number).padStart(3, "0")}`, {});
    world.app.advance(120_000);
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "creation_uncertain", permanent: true });
    expect(vendor.writes).toEqual([]);
  });

  it("takes along what is edited while the provider is asked, and tells the provider", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    const write = vendor.write.bind(vendor);
    jest.spyOn(vendor, "write").mockImplementationOnce(async (...call) => {
      const reply = await write(...call);
      await edit({ name: "Ada Queen" });
      return reply;
    });
    await world.sync(removal);
    await drain();
    await deliverEchoes();
    expect(vendor.writes.map(({ action }) => action)).toEqual(["create", "update"]);
    expect(vendor.records.get("made-1")?.fields).toMatchObject({ Name: "Ada Queen" });
    expect(await world.shard("made-1")).toMatchObject({ status: "active", structuredData: { name: "Ada Queen" } });
    expect((await world.shards({ shardTypeId: "contact", status: "active" })).length).toBe(1);
  });

  it("is found with the fields that were asked for, although they were edited since", async () => {
    await open();
    const removal = await editAndRemove({ name: "Ada King" });
    const write = vendor.write.bind(vendor);
    jest.spyOn(vendor, "write").mockImplementationOnce(async (...call) => {
      await write(...call);
      throw new SyncFailure("provider_unreachable");
    });
    await expect(world.sync(removal)).rejects.toMatchObject({ reason: "provider_unreachable" });
    await edit({ name: "Ada Queen" });
    world.app.advance(120_000);
    await world.sync(removal);
    await drain();
    expect(vendor.writes.map(({ action }) => action)).toEqual(["create", "update"]);
    expect(vendor.records.get("made-1")?.fields).toMatchObject({ Name: "Ada Queen" });
  });

  it("is made once and whole, wherever the task is killed", async () => {
    for (let write = 1; write <= 14; write++) {
      await open();
      const removal = await editAndRemove({ name: "Ada King", initial: "A." });
      world.store.dieAt(write, write % 2 === 0);
      await world.untilDone(async () => {
        world.app.advance(120_000);
        await world.sync(removal);
      });
      expect(vendor.writes).toHaveLength(1);
      expect(await world.shard("made-1")).toMatchObject({
        status: "active",
        structuredData: { name: "Ada King", initial: "A." },
      });
      expect(await world.shard()).toMatchObject({ status: "deleted", successor: { entityId: "made-1" } });
      expect((await world.shard()).successor).not.toHaveProperty("handOver");
      if (write < 14) await world.close();
    }
  });
});
