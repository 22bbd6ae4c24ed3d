import { MemoryRateLedger } from "../../shared/adapters/memory/rate-ledger";
import type { Operation } from "../../shared/core/rate-limit";
import {
  type ConnectionKey,
  listableTypes,
  type ReadOutcome,
  type RecordPage,
  type RecordReader,
} from "../../shared/core/record-reader";
import { SyncDelay, SyncFailure } from "../../shared/core/sync-task";
import { quotaObserver } from "../../shared/sync/limited-calls";
import { limitedReader } from "../../shared/sync/limited-reader";
import { openLimiter, type TestLimiter } from "../support/limiter";
import { noon } from "../support/make";

const connection: ConnectionKey = {
  tenantId: "tenant-123",
  tenantKey: "key",
  integrationId: "github",
  connectionId: "conn-123",
};
const reference = { entityType: "issue", entityId: "7" };
const found: ReadOutcome = { kind: "found", record: { id: 7 } };
const page: RecordPage = { records: [] };
const written = { entityId: "7" };
const query = { entityType: "issue", since: "2026-11-24T00:00:00.000Z" };

let test: TestLimiter;
let calls: unknown[][];
let limited: RecordReader;
beforeEach(() => {
  test = openLimiter(new MemoryRateLedger());
  calls = [];
  const reader: RecordReader = {
    read: async (...args) => (calls.push(["read", ...args]), found),
    list: async (...args) => (calls.push(["list", ...args]), page),
    listable: () => listableTypes(["issue"]),
    write: async (...args) => (calls.push(["write", ...args]), written),
  };
  limited = limitedReader(reader, { limiter: test.limiter, now: () => noon });
});
afterEach(() => test.store.close());

const allow = (operation: Operation, calls: number): Promise<void> =>
  test.set(connection.tenantId, { integrations: { github: { operations: { [operation]: calls } } } });
const made = async (): Promise<unknown> => {
  const { operations } = await test.limiter.status(connection, noon);
  return Object.fromEntries(Object.entries(operations).map(([operation, figures]) => [operation, figures.made]));
};

describe("a limited reader", () => {
  it("hands every call on as it is, and its answer back", async () => {
    expect(await limited.read(connection, reference, { etag: "e" })).toBe(found);
    expect(await limited.list(connection, query)).toBe(page);
    const change = { action: "update", reference, fields: { title: "x" } } as const;
    expect(await limited.write(connection, change)).toBe(written);
    expect(calls).toEqual([
      ["read", connection, reference, { etag: "e" }],
      ["list", connection, query],
      ["write", connection, change],
    ]);
  });

  it("counts readings and listings as fetches, and writings as what they do", async () => {
    await limited.read(connection, reference);
    await limited.list(connection, query);
    for (const action of ["create", "create", "create", "update", "update", "delete"] as const) {
      await limited.write(connection, { action, reference, fields: {} });
    }
    expect(await made()).toEqual({ fetch: 2, create: 3, update: 2, delete: 1 });
  });

  it.each([
    ["read", "fetch", () => limited.read(connection, reference)],
    ["list", "fetch", () => limited.list(connection, query)],
    ["write", "delete", () => limited.write(connection, { action: "delete", reference, fields: {} })],
  ] as const)("makes a %s wait in the queue, and calls nobody, where there is no room", async (_, operation, work) => {
    await allow(operation, 1);
    await work();
    const delay = await work().catch((error: unknown) => error);
    expect(delay).toBeInstanceOf(SyncDelay);
    expect(delay).toMatchObject({ reason: "rate_limited", at: noon + 61_000 });
    expect(calls).toHaveLength(1);
  });

  it("counts a call that fails at the provider, because it was made", async () => {
    for (const error of [new Error("no such host"), new SyncFailure("provider_unreachable")]) {
      const failing = { read: () => Promise.reject(error) };
      const limitedFailing = limitedReader({ ...limited, ...failing }, { limiter: test.limiter, now: () => noon });
      await expect(limitedFailing.read(connection, reference)).rejects.toBe(error);
    }
    expect(await made()).toMatchObject({ fetch: 2 });
  });

  it("lets no event wait for a connection that has no credentials, since nothing is called", async () => {
    await allow("fetch", 1);
    await allow("create", 1);
    const reader: RecordReader = {
      read: async () => ({ kind: "no_credentials" }),
      list: () => Promise.reject(new SyncFailure("no_credentials")),
      listable: () => listableTypes([]),
      write: () => Promise.reject(new SyncFailure("no_credentials")),
    };
    limited = limitedReader(reader, { limiter: test.limiter, now: () => noon });
    for (let n = 0; n < 3; n++) {
      expect(await limited.read(connection, reference)).toEqual({ kind: "no_credentials" });
      await expect(limited.list(connection, query)).rejects.toMatchObject({ reason: "no_credentials" });
      const write = limited.write(connection, { action: "create", reference, fields: {} });
      await expect(write).rejects.toMatchObject({ reason: "no_credentials" });
    }
    expect(await made()).toEqual({ fetch: 0, create: 0, update: 0, delete: 0 });
  });

  it("does not call where the limits cannot be read", async () => {
    await test.store.close();
    await expect(limited.read(connection, reference)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(calls).toEqual([]);
  });
});

describe("the observer of quotas", () => {
  it("tells the limiter what the provider said", async () => {
    const onQuota = quotaObserver({ limiter: test.limiter, now: () => noon, log: () => undefined });
    onQuota(connection, { used: 95, limit: 100 });
    await new Promise(setImmediate);
    expect(await test.limiter.status(connection, noon)).toMatchObject({ adaptiveMultiplier: 0.5 });
  });

  it("turns a failure into a log line", async () => {
    const lines: unknown[] = [];
    const limiter = { ...test.limiter, observe: () => Promise.reject(new Error("out")) };
    const log = (...line: unknown[]): void => void lines.push(line);
    const onQuota = quotaObserver({
      limiter: Object.assign(Object.create(test.limiter), limiter),
      now: () => noon,
      log,
    });
    onQuota(connection, { used: 95, limit: 100 });
    await new Promise(setImmediate);
    expect(lines).toEqual([["warn", "rate_limit.not_observed", { integrationId: "github", error: "Error: out" }]]);
  });
});
