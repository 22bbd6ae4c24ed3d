import type { App } from "../../shared/app";
import type { Mapping } from "../../shared/core/mapping";
import type { SyncTask } from "../../shared/core/sync-task";
import { newRegistrationId } from "../../shared/core/registration-id";
import { apiToken } from "../support/api-token";
import { call, startFunctions, type TestReply } from "../support/function-app";
import { makeEvent, noon } from "../support/make";

/** The routes of what synchronisation leaves behind: shards, conflicts, mappings, sync tasks. */
const tokens = { a: "cwt_a", b: "cwt_b", reader: "cwt_reader" };
const API_TOKENS = JSON.stringify([
  apiToken(tokens.a, "tenant-a", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.b, "tenant-b", ["webhooks.read", "webhooks.write"]),
  apiToken(tokens.reader, "tenant-a", ["webhooks.read"]),
]);
const mapping: Mapping = {
  shardTypeId: "person",
  direction: "inbound",
  fields: { name: { from: "Name" }, email: { from: "Email" } },
  deduplicate: { rules: [{ match: "exact", fields: ["email"] }], merge: "merge_fields" },
  conflicts: { strategy: "manual" },
};
const contact = { integrationId: "salesforce", entityType: "Contact" };

let app: App;
let minutes: number;
beforeEach(async () => {
  app = await startFunctions({ API_TOKENS });
  minutes = 0;
});
afterEach(() => app.close());

interface Options {
  readonly as?: keyof typeof tokens;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
}

function send(name: string, params: Readonly<Record<string, string>> = {}, options: Options = {}): Promise<TestReply> {
  const { as = "a", query = {}, body } = options;
  return call(name, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${tokens[as]}` },
    params,
    query,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Synchronises what a webhook of tenant-a reported of a Contact. */
function sync(entityId: string, data: Readonly<Record<string, string>>): Promise<SyncTask> {
  minutes++;
  const event = makeEvent({
    tenantId: "tenant-a",
    registrationId: newRegistrationId(app.services.tenantKeyOf("tenant-a")),
    entityId,
    eventType: "updated",
    completeness: "full",
    data: { Id: entityId, ...data },
    version: { kind: "time", value: noon + minutes * 3_600_000 },
  });
  return app.services.sync.enqueueSyncTask({ events: [event], attempt: 1 });
}

async function shardIdOf(externalId: string): Promise<string> {
  const { json } = await send("list-shards", {}, { query: { externalId } });
  return json.shards[0].shardId as string;
}

/** Fields of a person that were changed here and then, otherwise, at the provider. */
async function openConflict(): Promise<{ readonly conflictId: string; readonly shardId: string }> {
  await send("put-mapping", contact, { body: mapping });
  await sync("003", { Name: "Ada" });
  const shardId = await shardIdOf("003");
  await send("update-shard", { shardId }, { body: { fields: { name: "Mine" } } });
  await sync("003", { Name: "Theirs" });
  const { json } = await send("list-conflicts", {}, { query: { shardId } });
  return { conflictId: json.conflicts[0].conflictId as string, shardId };
}

describe("shards", () => {
  it("are listed by type, integration, external id and status, page by page, and read one by one", async () => {
    for (const id of ["001", "002", "003"]) await sync(id, { Name: `Ada ${id}` });
    const query = { type: "contact", integrationId: "salesforce", status: "active", limit: "2" };
    const first = await send("list-shards", {}, { query });
    const second = await send("list-shards", {}, { query: { ...query, cursor: first.json.nextCursor as string } });
    expect([first.json.shards.length, second.json.shards.length]).toEqual([2, 1]);
    expect(second.json.nextCursor).toBeUndefined();
    for (const other of [{ type: "lead" }, { integrationId: "github" }, { status: "deleted" }])
      expect((await send("list-shards", {}, { query: other })).json.shards).toEqual([]);
    const shardId = await shardIdOf("002");
    expect((await send("get-shard", { shardId })).json).toMatchObject({
      shardId,
      externalId: "002",
      structuredData: { name: "Ada 002" },
      source: { Name: "Ada 002" },
    });
  });

  it("are edited, which says who did it, but not over a newer revision", async () => {
    await sync("003", { Name: "Ada" });
    const shardId = await shardIdOf("003");
    const edited = await send("update-shard", { shardId }, { body: { fields: { name: "Mine" }, revision: 1 } });
    expect(edited).toMatchObject({
      status: 200,
      json: { structuredData: { name: "Mine" }, edits: { name: { by: expect.any(String) } }, revision: 2 },
    });
    expect(await send("update-shard", { shardId }, { body: { fields: { name: "Late" }, revision: 1 } })).toMatchObject({
      status: 409,
      json: { code: "document_changed" },
    });
    const reverted = await send("update-shard", { shardId }, { body: { revert: ["name"] } });
    expect(reverted.json).toMatchObject({ structuredData: { name: "Ada" }, edits: {} });
    expect((await send("update-shard", { shardId }, { body: {} })).status).toBe(400);
  });

  it("are deleted and restored, and are not edited in between", async () => {
    await sync("003", { Name: "Ada" });
    const shardId = await shardIdOf("003");
    expect((await send("delete-shard", { shardId })).status).toBe(204);
    expect((await send("get-shard", { shardId })).json).toMatchObject({ status: "deleted" });
    const edit = await send("update-shard", { shardId }, { body: { fields: { name: "Mine" } } });
    expect(edit).toMatchObject({ status: 409, json: { code: "shard_not_active" } });
    expect(await send("restore-shard", { shardId })).toMatchObject({ status: 200, json: { status: "active" } });
  });

  it("that were merged as duplicates are separated again, once", async () => {
    await send("put-mapping", contact, { body: mapping });
    await sync("001", { Name: "Ada", Email: "ada@example.com" });
    await sync("002", { Name: "Ada L.", Email: "ada@example.com" });
    const [shardId, duplicate] = [await shardIdOf("001"), await shardIdOf("002")];
    expect((await send("get-shard", { shardId })).json.merged).toMatchObject([{ shardId: duplicate }]);
    expect((await send("get-shard", { shardId: duplicate })).json).toMatchObject({ mergedInto: shardId });
    expect(await send("delete-shard", { shardId: duplicate })).toMatchObject({ status: 409 });
    const request = { body: { shardId: duplicate } };
    expect(await send("unmerge-shard", { shardId }, request)).toMatchObject({
      status: 200,
      json: { shard: { shardId, merged: [] }, separated: { shardId: duplicate, status: "active" } },
    });
    expect(await send("unmerge-shard", { shardId }, request)).toMatchObject({
      status: 409,
      json: { code: "shard_not_merged" },
    });
  });
});

describe("conflicts", () => {
  it("are listed as open, read, and resolved by a person, once", async () => {
    const { conflictId, shardId } = await openConflict();
    expect((await send("get-conflict", { conflictId })).json).toMatchObject({
      conflictId,
      shardId,
      status: "open",
      fields: { name: { base: "Ada", local: "Mine", remote: "Theirs" } },
    });
    const wrong = await send("resolve-conflict", { conflictId }, { body: { fields: { email: "local" } } });
    expect(wrong.json).toMatchObject({ code: "invalid_request", problems: [{ path: "/fields/email" }] });
    const resolved = await send("resolve-conflict", { conflictId }, { body: { fields: { name: { value: "Both" } } } });
    expect(resolved).toMatchObject({ status: 200, json: { conflictId, status: "resolved" } });
    expect((await send("get-shard", { shardId })).json.structuredData.name).toBe("Both");
    expect((await send("list-conflicts")).json.conflicts).toEqual([]);
    const settled = (await send("list-conflicts", {}, { query: { status: "resolved" } })).json.conflicts as object[];
    expect(settled).toHaveLength(1);
    expect(settled[0]).not.toHaveProperty("ttl");
    expect(await send("resolve-conflict", { conflictId }, { body: { take: "local" } })).toMatchObject({
      status: 409,
      json: { code: "conflict_settled" },
    });
  });

  it("have no page behind a cursor that was made up", async () => {
    expect(await send("list-conflicts", {}, { query: { limit: "1", cursor: "made-up" } })).toMatchObject({
      status: 400,
      json: { code: "invalid_cursor" },
    });
  });
});

describe("mappings", () => {
  it("are built in until a tenant sets its own, and again when that is deleted", async () => {
    expect((await send("get-mapping", contact)).json).toMatchObject({ origin: "built_in" });
    expect(await send("put-mapping", contact, { body: mapping })).toMatchObject({
      status: 200,
      json: { origin: "tenant", mapping },
    });
    expect((await send("get-mapping", contact)).json).toMatchObject({ origin: "tenant", mapping });
    await send("put-mapping", { ...contact, entityType: "Lead" }, { body: mapping });
    const first = await send("list-mappings", {}, { query: { limit: "1" } });
    const cursor = first.json.nextCursor as string;
    const second = await send("list-mappings", {}, { query: { limit: "1", cursor } });
    expect([first.json.mappings.length, second.json.mappings.length]).toEqual([1, 1]);
    expect(first.json.builtIn).toContainEqual({ integrationId: "salesforce", entityType: "contact" });
    expect((await send("delete-mapping", contact)).status).toBe(204);
    expect((await send("delete-mapping", contact)).json).toMatchObject({ code: "mapping_not_found" });
    expect((await send("get-mapping", contact)).json).toMatchObject({ origin: "built_in" });
    expect(await send("get-mapping", { ...contact, entityType: "Spaceship" })).toMatchObject({
      status: 404,
      json: { code: "mapping_not_found" },
    });
  });

  it("are refused with every problem, and for an unknown integration", async () => {
    const unsound = { ...mapping, conflicts: { strategy: "custom", custom: "nobody's" } };
    expect((await send("put-mapping", contact, { body: unsound })).json).toMatchObject({ code: "invalid_request" });
    const unknown = await send("put-mapping", { ...contact, integrationId: "myspace" }, { body: mapping });
    expect(unknown).toMatchObject({ status: 404, json: { code: "unknown_integration" } });
  });

  it("show what they would make of a record, and keep nothing of it", async () => {
    const derived = [
      { name: "mail", shardTypeId: "mailbox", relationship: "has", fields: { address: { from: "Email" } } },
    ];
    const record = { Name: "Ada", Email: "ada@example.com" };
    const preview = await send(
      "preview-mapping",
      {},
      { as: "reader", body: { ...contact, record, mapping: { ...mapping, derived } } },
    );
    expect(preview.json).toMatchObject({
      primary: { shardTypeId: "person", structuredData: { name: "Ada", email: "ada@example.com" }, issues: [] },
      derived: [{ name: "mail", shardTypeId: "mailbox", structuredData: { address: "ada@example.com" } }],
      comparable: [true],
      writable: ["name", "email"],
    });
    const stored = await send("preview-mapping", {}, { body: { ...contact, record } });
    expect(stored.json.primary).toMatchObject({ shardTypeId: "contact" });
    const strange = await send("preview-mapping", {}, { body: { ...contact, entityType: "Spaceship", record } });
    expect(strange.json).toMatchObject({ derived: [], comparable: [], writable: [] });
    expect((await send("list-shards")).json.shards).toEqual([]);
  });
});

describe("sync tasks", () => {
  it("are listed newest first, by status, trigger and webhook, and read one by one", async () => {
    const { registrationId = "" } = await sync("001", { Name: "Ada" });
    await sync("002", { Name: "Eve" });
    const query = { status: "completed", trigger: "webhook", limit: "1" };
    const first = await send("list-sync-tasks", {}, { query });
    const cursor = first.json.nextCursor as string;
    const second = await send("list-sync-tasks", {}, { query: { ...query, cursor } });
    expect([first.json.syncTasks.length, second.json.syncTasks.length]).toEqual([1, 1]);
    const { json } = await send("list-sync-tasks", {}, { query: { registrationId } });
    expect(json.syncTasks).toMatchObject([{ entityId: "001", source: "event", result: { change: "created" } }]);
    const taskId = json.syncTasks[0].taskId as string;
    expect((await send("get-sync-task", { taskId })).json).toEqual(json.syncTasks[0]);
  });

  it("are queued by hand", async () => {
    const request = { integrationId: "salesforce", connectionId: "conn-123", entityType: "Contact" };
    const one = await send(
      "start-sync-task",
      {},
      { body: { ...request, entityId: "003", idScope: "00D", scope: "x", hint: {} } },
    );
    expect(one).toMatchObject({ status: 202, json: { trigger: "manual", entityId: "003", status: "queued" } });
    const all = await send("start-sync-task", {}, { body: { ...request, since: "2026-11-01T00:00:00Z" } });
    expect(all).toMatchObject({ status: 202, json: { entityId: "*", status: "queued" } });
    // A leap second is a time, but none that a clock of ours has.
    const leap = await send("start-sync-task", {}, { body: { ...request, since: "2016-12-31T23:59:60Z" } });
    expect(leap).toMatchObject({ status: 400, json: { problems: [{ path: "/since" }] } });
  });
});

describe("a body that nests too deep to be kept", () => {
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

  it("is refused, and what is there stays readable", async () => {
    await sync("003", { Name: "Ada" });
    const shardId = await shardIdOf("003");
    const refused = await send("update-shard", { shardId }, { body: { fields: { name: nested(1001) } } });
    expect(refused).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    const deepMapping = { ...mapping, fields: { name: { value: nested(1001) } } };
    expect((await send("put-mapping", contact, { body: deepMapping })).status).toBe(400);
    expect((await send("update-shard", { shardId }, { body: { fields: { name: nested(90) } } })).status).toBe(200);
    expect((await send("list-shards", {}, { query: { externalId: "003" } })).json.shards).toHaveLength(1);
    expect((await send("list-mappings")).status).toBe(200);
  });
});

describe("what synchronisation leaves behind", () => {
  it("is nobody else's, on any route", async () => {
    const { conflictId, shardId } = await openConflict();
    const { taskId } = (await send("list-sync-tasks")).json.syncTasks[0] as { taskId: string };
    const as = "b";
    for (const [name, list] of Object.entries({
      "list-shards": "shards",
      "list-conflicts": "conflicts",
      "list-mappings": "mappings",
      "list-sync-tasks": "syncTasks",
    }))
      expect((await send(name, {}, { as })).json[list]).toEqual([]);
    const foreign = [
      send("get-shard", { shardId }, { as }),
      send("delete-shard", { shardId }, { as }),
      send("restore-shard", { shardId }, { as }),
      send("update-shard", { shardId }, { as, body: { fields: { name: "Theirs" } } }),
      send("unmerge-shard", { shardId }, { as, body: { shardId } }),
      send("get-conflict", { conflictId }, { as }),
      send("resolve-conflict", { conflictId }, { as, body: { take: "local" } }),
      send("delete-mapping", contact, { as }),
      send("get-sync-task", { taskId }, { as }),
    ];
    expect((await Promise.all(foreign)).map(({ status }) => status)).toEqual(foreign.map(() => 404));
    expect((await send("get-mapping", contact, { as })).json).toMatchObject({ origin: "built_in" });
    expect((await send("get-shard", { shardId })).json).toMatchObject({ status: "active" });
  });

  it("is changed only with the scope to write", async () => {
    const { conflictId, shardId } = await openConflict();
    const as = "reader";
    const request = { integrationId: "salesforce", connectionId: "conn-123", entityType: "Contact" };
    const writes = [
      send("delete-shard", { shardId }, { as }),
      send("restore-shard", { shardId }, { as }),
      send("update-shard", { shardId }, { as, body: { fields: { name: "Mine" } } }),
      send("unmerge-shard", { shardId }, { as, body: { shardId } }),
      send("resolve-conflict", { conflictId }, { as, body: { take: "local" } }),
      send("put-mapping", contact, { as, body: mapping }),
      send("delete-mapping", contact, { as }),
      send("start-sync-task", {}, { as, body: request }),
    ];
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(writes.map(() => 403));
    expect((await send("get-shard", { shardId }, { as })).status).toBe(200);
  });
});
