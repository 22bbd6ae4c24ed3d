import { WebhookError } from "../../shared/core/errors";
import type { Mapping } from "../../shared/core/mapping";
import { mappingIdOf, Mappings } from "../../shared/repositories/mappings";
import { MappingSource } from "../../shared/sync/mapping-source";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";
import { codeOf } from "../support/test-app";

let store: TestStore;
let mappings: Mappings;
let source: MappingSource;
beforeEach(() => {
  store = openTestStore();
  mappings = new Mappings(store.documents);
  source = new MappingSource(mappings, store.now);
});
afterEach(() => store.close());

const key = { tenantId: "tenant-123", tenantKey: "partition", integrationId: "salesforce", entityType: "Contact" };
const own: Mapping = { shardTypeId: "person", direction: "inbound", fields: {} };

async function save(mapping: Mapping): Promise<void> {
  const { tenantKey: pk, ...rest } = key;
  const signature = { updatedAt: new Date(store.now()).toISOString(), updatedBy: "owner" };
  await mappings.save({ ...rest, ...signature, id: mappingIdOf(key), pk, schemaVersion: 1, mapping });
}

describe("MappingSource", () => {
  it("answers from memory for ten seconds, and then sees what another process changed", async () => {
    const get = jest.spyOn(mappings, "get");
    expect((await source.find(key))?.shardTypeId).toBe("contact");
    await save(own);
    get.mockClear();
    expect((await source.find(key))?.shardTypeId).toBe("contact");
    await store.passTime(9_999);
    expect((await source.find({ ...key, entityType: "contact" }))?.shardTypeId).toBe("contact");
    expect(get).not.toHaveBeenCalled();
    await store.passTime(1);
    expect((await source.find(key))?.shardTypeId).toBe("person");
  });

  it("reads again at once after a change of its own", async () => {
    await source.find(key);
    await save(own);
    source.forget(key);
    expect((await source.find(key))?.shardTypeId).toBe("person");
  });

  it("does not mix tenants", async () => {
    await save(own);
    expect((await source.find({ ...key, tenantId: "another" }))?.shardTypeId).toBe("contact");
    expect((await source.find(key))?.shardTypeId).toBe("person");
  });

  it("does not remember that the store was out", async () => {
    const get = jest.spyOn(mappings, "get").mockRejectedValueOnce(new WebhookError("store_unavailable"));
    expect(await codeOf(source.find(key))).toBe("store_unavailable");
    expect((await source.find(key))?.shardTypeId).toBe("contact");
    expect(get).toHaveBeenCalledTimes(2);
  });

  it("forgets what it loaded longest ago rather than grow without end", async () => {
    const get = jest.spyOn(mappings, "get").mockResolvedValue(undefined);
    for (let count = 0; count <= 10_000; count++) await source.find({ ...key, entityType: `type${count}` });
    get.mockClear();
    await source.find({ ...key, entityType: "type10000" });
    expect(get).not.toHaveBeenCalled();
    await source.find({ ...key, entityType: "type0" });
    expect(get).toHaveBeenCalledTimes(1);
  });
});
