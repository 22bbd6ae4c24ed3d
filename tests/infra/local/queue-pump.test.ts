import { setTimeout as delay } from "node:timers/promises";
import { QueuePump, type QueuePumpOptions } from "../../../infra/local/queue-pump";
import { openSqlite, type SqliteStore } from "../../../shared/adapters/sqlite/database";
import type { LockingQueue } from "../../../shared/core/ports";

let store: SqliteStore;
let pump: QueuePump | undefined;
/** How far the store's clock is ahead of the real one, in milliseconds: locks run out by it. */
let ahead = 0;
const logged: string[] = [];

beforeEach(() => {
  ahead = 0;
  const startedAt = Date.now();
  store = openSqlite({ dataDirectory: ":memory:", now: () => startedAt + ahead });
  logged.length = 0;
});

afterEach(async () => {
  jest.restoreAllMocks();
  await pump?.stop();
  await store.close();
});

/** Starts a pump on the store's queue; the queue's methods can be overridden to fail. */
function start(options: Partial<QueuePumpOptions>): QueuePump {
  pump = new QueuePump({
    functionName: "drain",
    queue: store.queue,
    handle: () => Promise.resolve(),
    maxConcurrentCalls: 4,
    lockMs: 60_000,
    maxLockRenewalMs: 60_000,
    pollMs: 60_000,
    log: (_level, event) => void logged.push(event),
    ...options,
  });
  pump.start();
  return pump;
}

/** The store's queue, whose named method fails as often as said. */
function failing(method: "receive" | "complete", times: number): LockingQueue {
  let left = times;
  return new Proxy(store.queue, {
    get: (queue, name) => {
      const value: unknown = Reflect.get(queue, name, queue);
      if (typeof value !== "function") return value;
      if (name === method && left > 0) return () => (left--, Promise.reject(new Error("the disk is full")));
      return value.bind(queue) as unknown;
    },
  });
}

async function drained(): Promise<void> {
  while ((await store.queue.depth())?.active !== 0) await delay(5);
}

describe("QueuePump", () => {
  it.each(["receive", "complete"] as const)("goes on after the queue failed to %s", async (method) => {
    await store.queue.send([{ messageId: "1", body: {} }]);
    start({ queue: failing(method, 2) });
    await drained();
    expect(logged).toEqual(Array(2).fill(method === "receive" ? "queue.receive_failed" : "queue.settle_failed"));
  });

  it("renews the lock of a message while its handler runs, so that nobody else gets it", async () => {
    let [calls, renewals] = [0, 0];
    const renew = store.queue.renew.bind(store.queue);
    jest.spyOn(store.queue, "renew").mockImplementation(async (...lock) => {
      const isRenewed = await renew(...lock);
      renewals++;
      return isRenewed;
    });
    const handle = async (): Promise<void> => {
      calls++;
      for (let lap = 1; lap <= 5; lap++) {
        while (renewals < lap) await delay(1);
        ahead += 40;
      }
    };
    await store.queue.send([{ messageId: "1", body: {} }]);
    start({ lockMs: 60, pollMs: 5, handle });
    await drained();
    expect([calls, logged]).toEqual([1, []]);
  });

  it("leaves a lock to run out once it was renewed for long enough", async () => {
    let calls = 0;
    const handle = async (): Promise<void> => {
      if (++calls > 1) return;
      ahead += 60;
      while (calls < 2) await delay(1);
    };
    await store.queue.send([{ messageId: "1", body: {} }]);
    start({ lockMs: 60, maxLockRenewalMs: 0, pollMs: 5, handle });
    await drained();
    while (!logged.includes("queue.lock_lost")) await delay(5);
    expect(calls).toBe(2);
  });

  it("waits, when it stops, for what is running, and takes nothing more", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const seen: string[] = [];
    const running = start({
      maxConcurrentCalls: 1,
      handle: ({ messageId }) => (seen.push(messageId), promise),
    });
    await store.queue.send([
      { messageId: "1", body: {} },
      { messageId: "2", body: {} },
    ]);
    while (seen.length === 0) await delay(5);
    const stopped = running.stop();
    resolve(undefined);
    await stopped;
    expect([seen, (await store.queue.depth())?.active]).toEqual([["1"], 1]);
  });
});
