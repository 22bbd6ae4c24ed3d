import type { Mapping, MatchRule, MergeStrategy } from "../../shared/core/mapping";
import { editShard } from "../../shared/usecases/edit-shard";
import { unmergeShard } from "../../shared/usecases/unmerge-shard";
import { makeEvent, noon } from "../support/make";
import { openSyncWorld, type SyncWorld } from "../support/sync-world";
import { codeOf } from "../support/test-app";

let world: SyncWorld;
afterEach(() => world.close());

const byEmail: MatchRule = { match: "exact", fields: ["email"] };

function mappingWith(rules: readonly MatchRule[], merge: MergeStrategy = "merge_fields"): Mapping {
  const field = (from: string) => ({ from });
  return {
    shardTypeId: "person",
    direction: "inbound",
    fields: { name: field("Name"), email: field("Email"), phone: field("Phone"), city: field("City") },
    deduplicate: { rules, merge },
  };
}

async function open(rules: readonly MatchRule[] = [byEmail], merge: MergeStrategy = "merge_fields"): Promise<void> {
  world = await openSyncWorld({ mapping: mappingWith(rules, merge) });
  await world.map(mappingWith(rules, merge), "google", "Contact");
}

let second = 0;
beforeEach(() => void (second = 0));

/** A change of a record at its provider, each a second later than the one before. */
async function sync(entityId: string, data: object, overrides: object = {}, where = world.sync) {
  second++;
  const time = noon + second * 1000;
  return where(
    makeEvent({
      entityId,
      version: { kind: "time", value: time },
      receivedAt: new Date(time).toISOString(),
      data: { ...data },
      ...overrides,
    }),
  );
}

const active = () => world.shards({ status: "active" });

describe("a rule", () => {
  const fuzzy: MatchRule = { match: "fuzzy", fields: ["name"], measure: "jaro_winkler", threshold: 0.92 };
  const fuzzyInCity: MatchRule = { ...fuzzy, within: ["city"] };
  const phonetic: MatchRule = { match: "phonetic", fields: ["name"], algorithm: "soundex", within: ["city"] };

  it.each<[string, MatchRule, object, object, boolean]>([
    [
      "exact: equal but for case and spaces",
      byEmail,
      { Email: " Ada@Example.com" },
      { Email: "ada@example.com" },
      true,
    ],
    ["exact: different", byEmail, { Email: "ada@example.com" }, { Email: "eve@example.com" }, false],
    ["exact: empty is not equal to empty", byEmail, { Email: "" }, { Email: "" }, false],
    ["exact: absent is not equal to absent", byEmail, { Name: "Ada" }, { Name: "Ada" }, false],
    [
      "exact: all fields count",
      { match: "exact", fields: ["name", "city"] },
      { Name: "Ada", City: "Rome" },
      { Name: "Ada", City: "Pisa" },
      false,
    ],
    ["fuzzy: similar enough", fuzzy, { Name: "Jonathan Smith" }, { Name: "Jonathon Smith" }, true],
    ["fuzzy: not similar enough", fuzzy, { Name: "Jonathan Smith" }, { Name: "Johnny Smythe" }, false],
    [
      "fuzzy within: the same city",
      fuzzyInCity,
      { Name: "Dr Ada King", City: "London" },
      { Name: "Dr Ada Kings", City: "london" },
      true,
    ],
    [
      "fuzzy within: another city",
      fuzzyInCity,
      { Name: "Dr Ada King", City: "London" },
      { Name: "Dr Ada Kings", City: "Rome" },
      false,
    ],
    [
      "phonetic: sounds alike in the same city",
      phonetic,
      { Name: "Smith", City: "London" },
      { Name: "Smyth", City: "London" },
      true,
    ],
    [
      "phonetic: sounds alike in another city",
      phonetic,
      { Name: "Smith", City: "London" },
      { Name: "Smyth", City: "Rome" },
      false,
    ],
    [
      "phonetic: sounds otherwise",
      phonetic,
      { Name: "Smith", City: "London" },
      { Name: "Jones", City: "London" },
      false,
    ],
    ["phonetic: without a sound", phonetic, { Name: "李", City: "London" }, { Name: "李", City: "London" }, false],
  ])("%s", async (_, rule, first, other, isSame) => {
    await open([rule]);
    await sync("1", first);
    const { result } = await sync("2", other);
    expect(await active()).toHaveLength(isSame ? 1 : 2);
    expect("mergedShardId" in (result ?? {})).toBe(isSame);
  });

  it("finds duplicates across providers that declare the same rule", async () => {
    await open();
    await sync("1", { Email: "ada@example.com", Name: "Ada" });
    await sync("people/7", { Email: "ada@example.com", Phone: "7" }, { integrationId: "google" });
    expect(await active()).toMatchObject([
      {
        structuredData: { name: "Ada", email: "ada@example.com", phone: "7" },
        merged: [{ integrationId: "google", entityType: "Contact", externalId: "people/7" }],
      },
    ]);
  });

  it("keeps no more of a key than a hash, in the tenant's partition", async () => {
    await open();
    await sync("1", { Email: "ada@example.com" });
    const { items } = await world.store.collection("match-keys").query({ pk: world.tenant.tenantKey, limit: 10 });
    expect(items).toHaveLength(1);
    expect(JSON.stringify(items)).not.toContain("ada");
  });

  it("waits for the field it compares, and for what the mapping requires", async () => {
    await open();
    await sync("1", { Email: "ada@example.com" });
    await sync("2", { Name: "Ada" });
    expect(await active()).toHaveLength(2);
    await sync("2", { Email: "ada@example.com" });
    expect(await active()).toHaveLength(1);
  });

  it("asks the shard itself: one that lost the key is no duplicate", async () => {
    await open();
    await sync("1", { Email: "ada@example.com" });
    await sync("1", { Email: "countess@example.com" });
    await sync("2", { Email: "ada@example.com" });
    expect(await active()).toHaveLength(2);
  });

  it("leaves deleted shards alone", async () => {
    await open();
    await sync("1", { Email: "ada@example.com" });
    await sync("1", {}, { eventType: "deleted" });
    await sync("2", { Email: "ada@example.com" });
    expect((await active()).map(({ externalId }) => externalId)).toEqual(["2"]);
  });

  it("stops at a key that too many share, and goes on saving", async () => {
    await open();
    for (let count = 0; count < 103; count++)
      await sync(`${count}`, { Email: "info@example.com" }, { eventType: "created" });
    const all = await world.shards();
    expect(all).toHaveLength(103);
    expect(all.filter(({ status }) => status === "merged").length).toBeGreaterThan(90);
  });
});

describe("merged shards", () => {
  it.each<[MergeStrategy, object]>([
    ["merge_fields", { name: "Ada King", email: "ada@example.com", phone: "1", city: "London" }],
    ["keep_first", { name: "Ada", email: "ada@example.com", phone: "1", city: null }],
    ["keep_most_complete", { name: "Ada", email: "ada@example.com", phone: "1", city: null }],
  ])("show their records by %s", async (merge, expected) => {
    await open([byEmail], merge);
    await sync("1", { Email: "ada@example.com", Name: "Ada", Phone: "1", City: null });
    await sync("2", { Email: "ada@example.com", Name: "Ada King", City: merge === "merge_fields" ? "London" : "" });
    expect((await active())[0]?.structuredData).toEqual(expected);
  });

  it("show the more complete record, whichever it is by now", async () => {
    await open([byEmail], "keep_most_complete");
    await sync("1", { Email: "ada@example.com", Name: "Ada" });
    await sync("2", { Email: "ada@example.com", Name: "Ada King", City: "London" });
    expect((await active())[0]?.structuredData).toMatchObject({ name: "Ada King" });
    await sync("1", { Phone: "1", City: "Rome" });
    expect((await active())[0]?.structuredData).toMatchObject({ name: "Ada", phone: "1" });
  });

  it("follow later changes of each record, and survive as long as one of them is there", async () => {
    await open();
    await sync("1", { Email: "ada@example.com", Name: "Ada" });
    await sync("2", { Email: "ada@example.com", Phone: "2" });
    await sync("2", { Phone: "22" });
    expect((await active())[0]?.structuredData).toMatchObject({ name: "Ada", phone: "22" });
    await sync("1", {}, { eventType: "deleted" });
    expect((await active())[0]?.structuredData).toMatchObject({ phone: "22" });
    expect((await active())[0]?.structuredData).not.toHaveProperty("name");
    await sync("2", {}, { eventType: "deleted" });
    expect(await active()).toEqual([]);
    await sync("2", { Name: "Eve" }, { eventType: "restored" });
    expect((await active())[0]?.structuredData).toMatchObject({ name: "Eve" });
  });

  it("keep the edits that were made to them", async () => {
    await open();
    const { result } = await sync("1", { Email: "ada@example.com", Name: "Ada" });
    const key = { tenantId: "tenant-123", subject: "ada", shardId: result?.shardId ?? "" };
    await sync("2", { Email: "ada@example.com", Phone: "2" });
    await editShard(world.services, key, { fields: { city: "Paris" } });
    await sync("2", { Phone: "22" });
    expect((await active())[0]?.structuredData).toMatchObject({ name: "Ada", phone: "22", city: "Paris" });
  });

  it("belong to the one that shows others already, and two of those are left alone", async () => {
    await open([byEmail, { match: "exact", fields: ["phone"] }]);
    await sync("1", { Email: "a@example.com" });
    await sync("2", { Email: "b@example.com" });
    await sync("3", { Email: "b@example.com" });
    const { result } = await sync("1", { Email: "b@example.com" });
    const [master, ...others] = await active();
    expect(others).toEqual([]);
    expect(master).toMatchObject({ externalId: "2", merged: [{}, {}] });
    expect(result?.shardId).toBe(master?.id);
    await sync("4", { Email: "c@example.com" });
    await sync("5", { Email: "c@example.com" });
    await sync("4", { Phone: "1" });
    await sync("2", { Phone: "1" });
    expect(await active()).toHaveLength(2);
  });

  it("are followed from one to the next, as races of several processes may leave them", async () => {
    await open();
    await sync("1", { Email: "a@example.com" });
    await sync("2", { Email: "b@example.com" });
    await sync("3", { Email: "c@example.com" });
    const [first, second, third] = await Promise.all(["1", "2", "3"].map((id) => world.shard(id)));
    const join = async (shardId = "", mergedInto = "") =>
      world.services.shards.update({ ...world.tenant, shardId }, (current) =>
        current ? { shard: { ...current, mergedInto, status: "merged", revision: current.revision + 1 } } : {},
      );
    await join(third?.id, second?.id);
    await join(second?.id, first?.id);
    expect((await sync("3", { Phone: "3" })).result).toMatchObject({ shardId: first?.id, mergedShardId: third?.id });
    expect((await active())[0]?.structuredData).toMatchObject({ phone: "3" });
    await join(first?.id, third?.id);
    await expect(sync("3", { Phone: "4" })).rejects.toMatchObject({ reason: "merge_chain_broken", permanent: false });
  });

  it("take their derived shards back, and leave them to the one that shows both", async () => {
    const rule = { name: "card", shardTypeId: "card", relationship: "has", fields: { name: { from: "Name" } } };
    world = await openSyncWorld({ mapping: { ...mappingWith([byEmail]), derived: [rule] } });
    await sync("1", { Email: "a@example.com", Name: "Ada" });
    await sync("2", { Email: "b@example.com", Name: "Ada K" });
    await sync("2", { Email: "a@example.com" });
    const cards = await world.shards({ shardTypeId: "card" });
    expect(cards.map(({ externalId, status }) => `${externalId} ${status}`).sort()).toEqual(["1 active", "2 deleted"]);
    const [master] = await world.shards({ shardTypeId: "person", status: "active" });
    const duplicateShardId = master?.merged?.[0]?.shardId ?? "";
    await unmergeShard(world.services, { tenantId: "tenant-123", shardId: master?.id ?? "", duplicateShardId });
    const separated = await world.shards({ shardTypeId: "card" });
    expect(separated.map(({ status }) => status)).toEqual(["active", "active"]);
  });
});

describe("unmerging", () => {
  const unmerge = async () => {
    const master = (await active()).find(({ merged }) => merged);
    const request = {
      tenantId: "tenant-123",
      shardId: master?.id ?? "",
      duplicateShardId: master?.merged?.[0]?.shardId ?? "",
    };
    return { request, separated: await unmergeShard(world.services, request) };
  };

  it("gives each shard its own record back, for good", async () => {
    await open();
    await sync("1", { Email: "ada@example.com", Name: "Ada" });
    await sync("2", { Email: "ada@example.com", Phone: "2" });
    const { request } = await unmerge();
    const own = async () => (await active()).map(({ structuredData }) => structuredData);
    expect(await own()).toEqual(
      expect.arrayContaining([
        { name: "Ada", email: "ada@example.com" },
        { email: "ada@example.com", phone: "2" },
      ]),
    );
    await sync("1", { Name: "Ada K" });
    await sync("2", { Phone: "22" });
    expect(await active()).toHaveLength(2);
    expect(await codeOf(unmergeShard(world.services, request))).toBe("shard_not_merged");
  });

  it("can be repeated when it was killed half-way", async () => {
    for (let write = 1; write <= 2; write++) {
      for (const takesEffect of [false, true]) {
        await open();
        await sync("1", { Email: "ada@example.com", Name: "Ada" });
        await sync("2", { Email: "ada@example.com", Phone: "2" });
        world.store.dieAt(write, takesEffect);
        await expect(unmerge()).rejects.toThrow();
        world.store.revive();
        if (write === 1 || !takesEffect) await unmerge();
        expect(await active()).toHaveLength(2);
        expect((await active()).map(({ merged }) => merged)).toEqual([undefined, undefined]);
        await world.close();
      }
    }
    await open();
  });

  it("refuses shards that are not merged, and those of nobody", async () => {
    await open();
    const { result } = await sync("1", { Email: "ada@example.com" });
    const request = { tenantId: "tenant-123", shardId: result?.shardId ?? "", duplicateShardId: "shard-x" };
    expect(await codeOf(unmergeShard(world.services, request))).toBe("shard_not_merged");
    expect(await codeOf(unmergeShard(world.services, { ...request, tenantId: "other" }))).toBe("shard_not_found");
  });
});

describe("duplicates that come at the same time", () => {
  it("are merged whichever task is first, and none is lost", async () => {
    for (let round = 0; round < 10; round++) {
      await open();
      const ids = ["1", "2", "3", "4"];
      const anywhere = [world.sync, world.syncElsewhere];
      const data = { Email: "ada@example.com" };
      await Promise.all(ids.map((id, index) => sync(id, { ...data, Name: id }, {}, anywhere[index % 2])));
      // The queue delivers a task again that lost a race for good.
      for (const id of ids) await sync(id, { Phone: id });
      const [master, ...others] = await active();
      expect(others).toEqual([]);
      expect(master?.merged).toHaveLength(3);
      await world.close();
    }
    await open();
  });

  it("are merged in the end wherever a task is killed", async () => {
    for (let write = 1; write <= 8; write++) {
      for (const takesEffect of [false, true]) {
        await open();
        await sync("1", { Email: "ada@example.com", Name: "Ada" });
        world.store.dieAt(write, takesEffect);
        const killed = makeEvent({
          entityId: "2",
          version: { kind: "time", value: noon },
          data: { Email: "ada@example.com", Phone: "2" },
        });
        await world.sync(killed).catch(() => undefined);
        world.store.revive();
        await world.sync(killed);
        const [master, ...others] = await active();
        expect(others).toEqual([]);
        expect(master?.structuredData).toMatchObject({ name: "Ada", phone: "2" });
        await world.close();
      }
    }
    await open();
  });
});
