import type { Mapping } from "../../shared/core/mapping";
import type { Shard } from "../../shared/core/shard";
import { editShard } from "../../shared/usecases/edit-shard";
import { makeEvent, noon } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";

let world: SyncWorld;
afterEach(() => world.close());

const mapping: Mapping = {
  shardTypeId: "account",
  direction: "inbound",
  fields: { name: { from: "Name", required: true } },
  derived: [
    {
      name: "profile",
      shardTypeId: "company_profile",
      relationship: "has_profile",
      inverse: "profile_of",
      when: [{ path: "Industry", is: "present" }],
      fields: { industry: { from: "Industry" }, size: { from: "Size", type: "integer" } },
    },
    {
      name: "market",
      shardTypeId: "market",
      relationship: "is_in",
      parent: "profile",
      when: [{ path: "Market", is: "present" }],
      fields: { name: { from: "Market" } },
    },
  ],
};

let second = 0;
const event = (data: object, overrides = {}) =>
  makeEvent({ version: { kind: "time", value: noon + ++second * 1000 }, data: { ...data }, ...overrides });

async function find(shardTypeId: string): Promise<Shard> {
  const [shard] = await world.shards({ shardTypeId });
  if (!shard) throw new Error(`there is no ${shardTypeId}`);
  return shard;
}

describe("derived shards", () => {
  it("come of a record whose conditions hold, each linked both ways", async () => {
    world = await openSyncWorld({ mapping });
    const task = await world.sync(event({ Name: "Acme", Industry: "Rockets", Size: "12", Market: "Moon" }));
    expect(task.result).toMatchObject({ change: "created", derived: 2 });
    const [account, profile, market] = [await find("account"), await find("company_profile"), await find("market")];
    expect(profile).toMatchObject({ structuredData: { industry: "Rockets", size: 12 }, externalId: "003" });
    expect(profile.derivedFrom).toMatchObject({ shardId: account.id, rule: "profile" });
    expect(account.links).toEqual([
      { shardId: profile.id, shardTypeId: "company_profile", relationship: "has_profile" },
    ]);
    expect(profile.links).toEqual([
      { shardId: account.id, shardTypeId: "account", relationship: "profile_of" },
      { shardId: market.id, shardTypeId: "market", relationship: "is_in" },
    ]);
    expect(market.links).toEqual([{ shardId: profile.id, shardTypeId: "company_profile", relationship: "belongs_to" }]);
  });

  it("change with the record, and take one write each", async () => {
    world = await openSyncWorld({ mapping });
    await world.sync(event({ Name: "Acme", Industry: "Rockets" }));
    const writes = world.store.writes;
    await world.sync(event({ Industry: "Shoes" }));
    // The task as it begins, the account, its profile, and the task as it ends.
    expect(world.store.writes - writes).toBe(4);
    expect(await find("company_profile")).toMatchObject({ structuredData: { industry: "Shoes" } });
  });

  it("are not written again when nothing changed", async () => {
    world = await openSyncWorld({ mapping });
    const same = event({ Name: "Acme", Industry: "Rockets" });
    await world.sync(same);
    const { revision } = await find("company_profile");
    expect((await world.sync(same)).result).not.toHaveProperty("derived");
    expect((await find("company_profile")).revision).toBe(revision);
  });

  it("are deleted when their condition holds no more, with what hangs on them, and come back when it does", async () => {
    world = await openSyncWorld({ mapping });
    await world.sync(event({ Name: "Acme", Industry: "Rockets", Market: "Moon" }));
    await world.sync(event({ Industry: null }));
    expect((await find("company_profile")).status).toBe("deleted");
    expect((await find("market")).status).toBe("deleted");
    expect((await find("account")).links).toEqual([]);
    await world.sync(event({ Industry: "Shoes" }));
    expect(await find("company_profile")).toMatchObject({ status: "active", structuredData: { industry: "Shoes" } });
    expect((await find("market")).status).toBe("active");
    expect((await find("account")).links).toHaveLength(1);
  });

  it("go with the record, and come back with it", async () => {
    world = await openSyncWorld({ mapping });
    await world.sync(event({ Name: "Acme", Industry: "Rockets" }));
    await world.sync(event({}, { eventType: "deleted" }));
    expect((await find("company_profile")).status).toBe("deleted");
    await world.sync(event({}, { eventType: "restored" }));
    expect((await find("company_profile")).status).toBe("active");
  });

  it("are taken back when their rule is gone from the mapping", async () => {
    world = await openSyncWorld({ mapping });
    await world.sync(event({ Name: "Acme", Industry: "Rockets" }));
    await world.map({ ...mapping, derived: [] });
    await world.sync(event({ Name: "Acme Ltd" }));
    expect((await find("company_profile")).status).toBe("deleted");
  });

  it("wait until a record has what the mapping requires, and say what they lack themselves", async () => {
    const [profile] = mapping.derived ?? [];
    if (!profile) throw new Error("the mapping has no derived shard");
    const demanding = { ...profile, fields: { ...profile.fields, size: { from: "Size", required: true } } };
    world = await openSyncWorld({ mapping: { ...mapping, derived: [demanding] } });
    await world.sync(event({ Industry: "Rockets" }));
    expect(await world.shards({ shardTypeId: "company_profile" })).toEqual([]);
    await world.sync(event({ Name: "Acme" }));
    expect(await find("company_profile")).toMatchObject({ issues: [{ field: "size", code: "required" }] });
    await world.sync(event({ Size: 3 }));
    expect(await find("company_profile")).not.toHaveProperty("issues");
  });

  it("may be edited, and keep the edit by the mapping's rules", async () => {
    world = await openSyncWorld({ mapping: { ...mapping, conflicts: { strategy: "manual" } } });
    await world.sync(event({ Name: "Acme", Industry: "Rockets", Size: 1 }));
    const key = { tenantId: "tenant-123", subject: "ada", shardId: (await find("company_profile")).id };
    await editShard(world.services, key, { fields: { industry: "Space" } });
    await world.sync(event({ Size: 2 }));
    expect((await find("company_profile")).structuredData).toEqual({ industry: "Space", size: 2 });
    await world.sync(event({ Industry: "Shoes" }));
    expect(await world.conflicts()).toMatchObject([
      { shardId: key.shardId, fields: { industry: { base: "Rockets", local: "Space", remote: "Shoes" } } },
    ]);
    await world.sync(event({ Industry: null }));
    expect((await world.conflicts())[0]).toMatchObject({ kind: "deleted_on_source" });
    expect((await find("company_profile")).status).toBe("active");
  });

  it("are never put back by a task that was overtaken", async () => {
    world = await openSyncWorld({ mapping });
    await world.sync(event({ Name: "Acme", Industry: "Rockets" }));
    const update = world.services.shards.update.bind(world.services.shards);
    const [slow, fast] = [event({ Industry: "Shoes" }), event({ Industry: "Ships" })];
    const profileId = (await find("company_profile")).id;
    let isOvertaken = false;
    jest.spyOn(world.services.shards, "update").mockImplementation(async (key, change) => {
      // The slow task has saved the account and is about to save the profile; the fast one runs from beginning to end.
      if (key.shardId === profileId && !isOvertaken) {
        isOvertaken = true;
        await world.sync(fast);
      }
      return update(key, change);
    });
    await world.sync(slow);
    expect((await find("company_profile")).structuredData).toMatchObject({ industry: "Ships" });
  });
});
