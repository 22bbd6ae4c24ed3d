import type { LockingQueue, QueueMessage } from "../../../shared/core/ports";
import { describeEventQueue, makeMessage } from "../../contracts/event-queue";
import { describeLockingQueue, type LockingSubject } from "../../contracts/locking-queue";
import { useDataFolder } from "./data-folder";
import { openTestStore } from "./open-test-store";

const rules = { duplicateWindowMs: 600_000, maxDeliveryCount: 3 };

async function drain(queue: LockingQueue): Promise<QueueMessage[]> {
  const drained: QueueMessage[] = [];
  for (;;) {
    const messages = await queue.receive(100, 60_000);
    if (messages.length === 0) return drained;
    await Promise.all(messages.map(({ lockToken }) => queue.complete(lockToken)));
    drained.push(...messages.map(({ messageId, body }) => ({ messageId, body: JSON.parse(body) })));
  }
}

async function open(): Promise<LockingSubject> {
  const store = openTestStore(rules);
  return {
    ...store,
    ...rules,
    port: store.queue,
    tellsDuplicates: true,
    forgets: true,
    clockSkewMs: 0,
    tellsCounts: true,
    drain: () => drain(store.queue),
  };
}

describe("the event queue in SQLite, for senders", () => {
  describeEventQueue(open);
});

describe("the event queue in SQLite, for consumers", () => {
  describeLockingQueue(open);
});

describe("the event queue in SQLite, asked how much it holds", () => {
  it("says since when the message that waits longest could be received; one that is locked or put off does not wait", async () => {
    const store = openTestStore(rules);
    expect(await store.queue.depth()).toEqual({ active: 0, scheduled: 0, deadLettered: 0, oldestAt: null });
    const start = store.now();
    await store.queue.schedule(makeMessage(), start + 1000);
    await store.queue.send([makeMessage()]);
    expect(await store.queue.depth()).toEqual({ active: 1, scheduled: 1, deadLettered: 0, oldestAt: start });
    const [message] = await store.queue.receive(1, 60_000);
    expect((await store.queue.depth())?.oldestAt).toBeNull();
    await store.passTime(5000);
    expect((await store.queue.depth())?.oldestAt).toBe(start + 1000);
    await store.queue.complete(message?.lockToken ?? "");
    await store.close();
  });
});

describe("the event queue in SQLite, after a restart", () => {
  const folder = useDataFolder();
  const start = () => openTestStore({ ...rules, dataDirectory: folder() });

  it("hands out at once what a dead process had locked, and keeps counting", async () => {
    const before = start();
    await before.queue.send([makeMessage()]);
    await before.queue.receive(1, 3_600_000);
    await before.close();
    const after = start();
    expect(await after.queue.receive(1, 1000)).toMatchObject([{ deliveryCount: 2 }]);
    await after.close();
  });

  it("still hides what was scheduled, and says when its time has come", async () => {
    const before = start();
    await before.queue.schedule(makeMessage(), before.now() + 20);
    await before.close();
    const after = start();
    expect(await after.queue.receive(1, 1000)).toEqual([]);
    await new Promise<void>((resolve) => void after.queue.onMessage(resolve));
    await after.passTime(20);
    expect(await after.queue.receive(1, 1000)).toHaveLength(1);
    await after.close();
  });

  it("still knows the messages of the window, those that were completed too", async () => {
    const [waiting, done] = [makeMessage(), makeMessage()];
    const before = start();
    await before.queue.send([done]);
    await drain(before.queue);
    await before.queue.send([waiting]);
    await before.close();
    const after = start();
    expect(await after.queue.send([waiting, done])).toEqual([true, true]);
    await after.passTime(rules.duplicateWindowMs + 1);
    expect(await after.queue.send([waiting, done])).toEqual([false, false]);
    await after.close();
  });

  it("still takes again what it was told to forget, and knows it from then on", async () => {
    const [once, twice] = [makeMessage(), makeMessage()];
    const before = start();
    await before.queue.send([once, twice]);
    await drain(before.queue);
    for (const { messageId } of [once, twice]) await before.queue.forget(messageId);
    await before.queue.send([twice]);
    await before.close();
    const after = start();
    expect(await after.queue.send([once, twice])).toEqual([false, true]);
    await after.close();
  });
});
