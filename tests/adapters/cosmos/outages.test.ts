import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { isWebhookError } from "../../../shared/core/errors";
import type { Documents } from "../../../shared/core/ports";
import { makeNote, type Note } from "../../contracts/documents";
import { useCosmos } from "./use-cosmos";

const cosmos = useCosmos();

/** A store that has read what it needs to know of its container, with the document `a` in the partition `p`. */
async function openWithNote(options?: Parameters<typeof cosmos.open>[0]): Promise<Documents<Note>> {
  const notes = cosmos.open(options).collection<Note>("deliveries");
  await notes.upsert(makeNote("p", "a"));
  return notes;
}

/** How many requests some work makes. */
async function countRequests(work: () => Promise<unknown>): Promise<number> {
  const before = cosmos.server.seen.length;
  await work();
  return cosmos.server.seen.length - before;
}

/** Every text within a value, hidden properties and stacks included. */
function textsWithin(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || seen.has(value)) return [];
  seen.add(value);
  const entries = value instanceof Map ? [...value.entries()].flat() : [];
  const properties = Reflect.ownKeys(value).map((key): unknown => Reflect.get(value, key));
  return [...entries, ...properties].flatMap((part) => textsWithin(part, seen));
}

describe("an account that is throttling", () => {
  it("is asked again after the time that it names", async () => {
    const notes = await openWithNote();
    cosmos.server.throttle(2, 5);
    expect(await countRequests(() => expect(notes.get("p", "a")).resolves.toBeDefined())).toBe(3);
  });

  it("gets a throttled write once", async () => {
    const notes = await openWithNote();
    cosmos.server.throttle(2, 5);
    await notes.increment(makeNote("p", "a"), { count: 1 });
    expect((await notes.get("p", "a"))?.value["count"]).toBe(1);
  });

  it("is not waited for beyond the time of a request, and the error says when to come back", async () => {
    const notes = await openWithNote();
    cosmos.server.throttle(1, 29_500);
    const attempt = (): Promise<void> =>
      expect(notes.get("p", "a")).rejects.toMatchObject({ code: "store_unavailable", retryAfterSeconds: 30 });
    expect(await countRequests(attempt)).toBe(1);
    expect(await notes.get("p", "a")).toBeDefined();
  });

  it("is left alone after five attempts", async () => {
    const notes = await openWithNote();
    cosmos.server.throttle(100, 1);
    const attempt = (): Promise<void> =>
      expect(notes.upsert(makeNote("p", "a"))).rejects.toMatchObject({
        code: "store_unavailable",
        retryAfterSeconds: 1,
      });
    expect(await countRequests(attempt)).toBe(5);
  });

  it("is asked again at once when two writes met on one document", async () => {
    const notes = await openWithNote();
    cosmos.server.answerNext({ status: 449 }, { status: 449 });
    await notes.increment(makeNote("p", "a"), { count: 1 });
    expect((await notes.get("p", "a"))?.value["count"]).toBe(1);
  });
});

describe("an account that is out of reach", () => {
  it("is found again by the same store when it is back", async () => {
    const notes = await openWithNote();
    await cosmos.server.stop();
    await expect(notes.get("p", "a")).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(notes.upsert(makeNote("p", "b"))).rejects.toMatchObject({ code: "store_unavailable" });
    await cosmos.server.restart();
    expect(await notes.get("p", "a")).toBeDefined();
    await notes.upsert(makeNote("p", "b"));
  });

  it("may be out of reach when the store is opened", async () => {
    await cosmos.server.stop();
    const notes = cosmos.notes();
    await expect(notes.create(makeNote("p", "late"))).rejects.toMatchObject({ code: "store_unavailable" });
    await cosmos.server.restart();
    await expect(notes.create(makeNote("p", "late"))).resolves.toBeDefined();
  });

  it("is not waited for longer than an operation may take", async () => {
    const notes = await openWithNote({ requestTimeoutMs: 1000 });
    cosmos.server.slowDown(60_000);
    const attempts = [
      notes.get("p", "a"),
      notes.upsert(makeNote("p", "a")),
      notes.increment(makeNote("p", "a"), { count: 1 }),
      notes.query({ pk: "p", limit: 1 }),
    ];
    const outcomes = await Promise.allSettled(attempts);
    const unavailable = { status: "rejected", reason: expect.objectContaining({ code: "store_unavailable" }) };
    expect(outcomes).toEqual(attempts.map(() => unavailable));
    cosmos.server.recover();
    expect(await notes.get("p", "a")).toBeDefined();
  });

  it("keeps no process alive once the store is closed", async () => {
    const { connectionString } = cosmos.server;
    const program = [join(__dirname, "reader.cjs"), connectionString];
    const reader = spawn("node", program, { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const exited = once(reader, "exit");
      const [output] = (await once(reader.stdout, "data")) as [Buffer];
      expect(output.toString()).toBe("closed\n");
      expect(await exited).toEqual([0, null]);
    } finally {
      reader.kill("SIGKILL");
    }
  }, 30_000);
});

describe("a refusal", () => {
  const status = (code: number, subStatus?: number) => ({
    status: code,
    ...(subStatus === undefined ? {} : { headers: { "x-ms-substatus": String(subStatus) } }),
  });

  it.each([
    ["of the key", status(401)],
    ["of the identity's rights", status(403, 5301)],
    ["of the address it comes from", status(403)],
    ["of a replica that is behind", status(404, 1002)],
    ["of a container that is not there", status(404, 1003)],
    ["for its own time limit", status(408)],
    ["of a partition that has moved", status(410, 1002)],
    ["with an error of its own", status(500)],
    ["while it is being moved", status(503)],
  ])("%s is an unavailable store, and never a missing document", async (_, refusal) => {
    const notes = await openWithNote();
    const repeated = Array.from({ length: 5 }, () => refusal);
    cosmos.server.answerNext(...repeated);
    await expect(notes.get("p", "a")).rejects.toMatchObject({ code: "store_unavailable" });
    cosmos.server.recover();
    cosmos.server.answerNext(...repeated);
    await expect(notes.replace(makeNote("p", "a"), "etag")).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("of every operation is what a missing database comes to", async () => {
    const notes = cosmos.open({ database: "another" }).collection<Note>("deliveries");
    const attempts = [
      notes.get("p", "a"),
      notes.create(makeNote("p", "a")),
      notes.replace(makeNote("p", "a"), "etag"),
      notes.upsert(makeNote("p", "a")),
      notes.increment(makeNote("p", "a"), { count: 1 }),
      notes.delete("p", "a"),
      notes.query({ pk: "p", limit: 1 }),
    ];
    const outcomes = await Promise.allSettled(attempts);
    const codes = outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason.code);
    expect(codes).toEqual(attempts.map(() => "store_unavailable"));
  });

  it("of a document for its size is a RangeError, as is our own", async () => {
    const notes = await openWithNote();
    cosmos.server.answerNext(status(413));
    await expect(notes.upsert(makeNote("p", "a"))).rejects.toThrow(RangeError);
  });

  it("that can only come of a mistake in the adapter is no outage", async () => {
    const notes = await openWithNote();
    cosmos.server.answerNext(status(400));
    const error: unknown = await notes.upsert(makeNote("p", "a")).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 400 });
    expect(isWebhookError(error)).toBe(false);
  });
});

describe("an increment", () => {
  it("adds to what another made while it was about to create", async () => {
    const notes = await openWithNote();
    await notes.upsert(makeNote("p", "raced", { count: 5 }));
    cosmos.server.answerNext({ status: 404 }, { status: 409 });
    await notes.increment(makeNote("p", "raced"), { count: 1 });
    expect((await notes.get("p", "raced"))?.value["count"]).toBe(6);
  });

  it("gives up on a document that keeps coming and going", async () => {
    const notes = await openWithNote();
    cosmos.server.answerNext(...Array.from({ length: 20 }, (_, n) => ({ status: n % 2 === 0 ? 404 : 409 })));
    await expect(notes.increment(makeNote("p", "a"), { count: 1 })).rejects.toMatchObject({
      code: "store_unavailable",
    });
  });
});

describe("what is said of a failure", () => {
  it("holds no key, no signature and no document", async () => {
    const told: unknown[] = [];
    const notes = await openWithNote({ log: (...line) => void told.push(line) });
    const fail = async (): Promise<void> => {
      told.push(await notes.get("p", "a").catch((error: unknown) => error));
      told.push(await notes.upsert(makeNote("p", "a", { title: "personal" })).catch((error: unknown) => error));
    };
    cosmos.server.answerNext({ status: 401 }, { status: 500 });
    await fail();
    await cosmos.server.stop();
    await fail();
    const text = textsWithin(told).join("\n");
    expect(text).toContain("store_unavailable: Cosmos DB, get: 401");
    expect(text).toContain("ECONNREFUSED");
    const key = /AccountKey=([^;]+)/.exec(cosmos.server.connectionString)?.[1] ?? "";
    const signatures = cosmos.server.seen.map(({ authorization }) => authorization?.slice(-20));
    expect(signatures.length).toBeGreaterThan(2);
    for (const secret of [key, ...signatures, "personal"]) expect(text).not.toContain(secret);
  });

  it("tells the log what the service refused, and how", async () => {
    const log = jest.fn();
    const notes = await openWithNote({ log });
    cosmos.server.answerNext({ status: 403, headers: { "x-ms-substatus": "5301", "x-ms-activity-id": "activity-1" } });
    await expect(notes.get("p", "a")).rejects.toMatchObject({ code: "store_unavailable" });
    const fields = { operation: "get", reason: "403", subStatus: 5301, activityId: "activity-1" };
    expect(log.mock.calls).toEqual([["warn", "cosmos.unavailable", fields]]);
  });

  it("is that the store is closed, once it is", async () => {
    const store = cosmos.open();
    await store.close();
    await expect(store.collection<Note>("deliveries").get("p", "a")).rejects.toMatchObject({
      code: "store_unavailable",
      detail: "the store is closed",
    });
  });
});
