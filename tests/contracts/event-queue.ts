import { randomUUID } from "node:crypto";
import type { EventQueue, QueueMessage } from "../../shared/core/ports";
import { expectAllToReject, openForEach, type Subject } from "./subject";

/** A queue under test, empty at first, with a consumer that takes out what is visible. */
export interface QueueSubject<Port extends EventQueue = EventQueue> extends Subject<Port> {
  /** How long a message id is remembered, in milliseconds. */
  readonly duplicateWindowMs: number;
  /** False where a duplicate is dropped without the sender being told. */
  readonly tellsDuplicates: boolean;
  /** False where an id is remembered until its window is over, whatever the queue is told. */
  readonly forgets: boolean;
  /** How far the queue's clock may be from that of the test, in milliseconds. */
  readonly clockSkewMs: number;
  /** False where the numbers of messages are not for senders. */
  readonly tellsCounts: boolean;
  /** Receives and completes all messages that are visible, in order. */
  drain(): Promise<readonly QueueMessage[]>;
}

/** A message with an id of its own and a small body. */
export function makeMessage(body: object = { hello: "world" }): QueueMessage {
  return { messageId: randomUUID(), body };
}

/** What every EventQueue must do for its senders. */
export function describeEventQueue(open: () => Promise<QueueSubject>): void {
  const subject = openForEach(open);
  let queue: EventQueue;
  beforeEach(() => {
    queue = subject().port;
  });

  describe("send", () => {
    it("hands messages on with their ids and bodies, in the order in which they were sent", async () => {
      const messages = [
        makeMessage({ n: 1 }),
        makeMessage({ text: 'é \u2028 😀 "quoted"' }),
        makeMessage({ deep: [{}] }),
      ];
      expect(await queue.send(messages.slice(0, 2))).toEqual([false, false]);
      expect(await queue.send(messages.slice(2))).toEqual([false]);
      expect(await subject().drain()).toEqual(messages);
    });

    it("takes no message as well", async () => {
      expect(await queue.send([])).toEqual([]);
    });

    it("loses none of many sends at the same time and doubles none", async () => {
      const messages = Array.from({ length: 200 }, (_, n) => makeMessage({ n }));
      await Promise.all(messages.map((message) => queue.send([message])));
      const drained = await subject().drain();
      expect(drained.map(({ messageId }) => messageId).toSorted()).toEqual(
        messages.map(({ messageId }) => messageId).toSorted(),
      );
    });

    it("queues nothing if it was given up before it began", async () => {
      await expect(queue.send([makeMessage()], AbortSignal.abort())).rejects.toMatchObject({
        code: "queue_unavailable",
      });
      expect(await subject().drain()).toEqual([]);
    });
  });

  describe("limits", () => {
    it("takes a body of nearly the size that it names, and none that is larger", async () => {
      // Service Bus counts some properties of its own as well.
      const largest = makeMessage({ text: "x".repeat(queue.maxMessageBytes - 2048) });
      await queue.send([largest]);
      expect(await subject().drain()).toEqual([largest]);
      const tooLarge = makeMessage({ text: "é".repeat(queue.maxMessageBytes / 2) });
      await expect(queue.send([tooLarge])).rejects.toThrow(RangeError);
      await expect(queue.schedule(tooLarge, subject().now())).rejects.toThrow(RangeError);
    });

    it("takes an id of 128 characters, and none that is longer", async () => {
      const longest = { messageId: "x".repeat(128), body: {} };
      await queue.send([longest]);
      expect(await subject().drain()).toEqual([longest]);
      await expect(queue.send([{ messageId: "x".repeat(129), body: {} }])).rejects.toThrow(RangeError);
    });

    it("queues none of several messages if one of them is refused", async () => {
      const tooLarge = makeMessage({ text: "x".repeat(queue.maxMessageBytes) });
      await expect(queue.send([makeMessage(), tooLarge])).rejects.toThrow(RangeError);
      expect(await subject().drain()).toEqual([]);
    });
  });

  describe("duplicates", () => {
    it("drops a message whose id is known, and says so if it can tell", async () => {
      const [known, fresh] = [makeMessage(), makeMessage()];
      await queue.send([known]);
      expect(await queue.send([known, fresh])).toEqual([subject().tellsDuplicates, false]);
      expect(await subject().drain()).toEqual([known, fresh]);
    });

    it("drops the second of two messages with one id in one send", async () => {
      const message = makeMessage();
      await queue.send([message, message]);
      expect(await subject().drain()).toEqual([message]);
    });

    it("keeps one of many sends of one message at the same time", async () => {
      const message = makeMessage();
      const answers = await Promise.all(Array.from({ length: 50 }, () => queue.send([message])));
      expect(await subject().drain()).toEqual([message]);
      expect(answers.flat().filter((known) => !known)).toHaveLength(subject().tellsDuplicates ? 1 : 50);
    });

    it("remembers the id of a message that was completed, until the window is over", async () => {
      const message = makeMessage();
      await queue.send([message]);
      await subject().drain();
      await queue.send([message]);
      expect(await subject().drain()).toEqual([]);
      await subject().passTime(subject().duplicateWindowMs + 1000);
      expect(await queue.send([message])).toEqual([false]);
      expect(await subject().drain()).toEqual([message]);
    });

    it("takes a message again whose id it was told to forget, once, if it can forget", async () => {
      const message = makeMessage();
      await queue.send([message]);
      await subject().drain();
      await queue.forget(message.messageId);
      await queue.send([message, message]);
      expect(await subject().drain()).toEqual(subject().forgets ? [message] : []);
    });

    it("may be told to forget what it never knew", async () => {
      const message = makeMessage();
      await queue.forget(message.messageId);
      await queue.send([message]);
      expect(await subject().drain()).toEqual([message]);
    });
  });

  describe("schedule", () => {
    it("hides a message until its time has come", async () => {
      const [later, now] = [makeMessage(), makeMessage()];
      await queue.schedule(later, subject().now() + 5000);
      await queue.send([now]);
      expect(await subject().drain()).toEqual([now]);
      await subject().passTime(6000);
      expect(await subject().drain()).toEqual([later]);
    });

    it("hands on a message at once whose time is past", async () => {
      const message = makeMessage();
      await queue.schedule(message, subject().now() - 1000);
      expect(await subject().drain()).toEqual([message]);
    });

    it("counts scheduled messages as duplicates too", async () => {
      const message = makeMessage();
      await queue.schedule(message, subject().now() + 5000);
      await queue.send([message]);
      expect(await subject().drain()).toEqual([]);
      await subject().passTime(6000);
      expect(await subject().drain()).toEqual([message]);
    });
  });

  describe("depth", () => {
    const oldestAt = async () => (await queue.depth())?.oldestAt;

    async function expectOldest(from: number, to: number): Promise<void> {
      const at = await oldestAt();
      expect(at).toBeGreaterThanOrEqual(from - subject().clockSkewMs);
      expect(at).toBeLessThanOrEqual(to + subject().clockSkewMs);
    }

    it("says how many messages wait and how many are scheduled, if it can tell", async () => {
      await queue.send([makeMessage(), makeMessage()]);
      await queue.schedule(makeMessage(), subject().now() + 5000);
      const { oldestAt: _, ...counts } = (await queue.depth()) ?? {};
      expect(counts).toEqual(subject().tellsCounts ? { active: 2, scheduled: 1, deadLettered: 0 } : {});
    });

    it("says since when the message waits that waits longest, and that none does", async () => {
      expect(await oldestAt()).toBeNull();
      const before = subject().now();
      await queue.send([makeMessage()]);
      const after = subject().now();
      await subject().passTime(2000);
      await queue.send([makeMessage()]);
      await expectOldest(before, after);
      await subject().drain();
      expect(await oldestAt()).toBeNull();
    });

    it("counts the waiting of a scheduled message from its own time on", async () => {
      const due = subject().now() + 5000;
      await queue.schedule(makeMessage(), due);
      expect(await oldestAt()).toBeNull();
      await subject().passTime(6000);
      await expectOldest(due, subject().now());
    });
  });

  it("says queue_unavailable when the queue cannot be reached", async () => {
    await subject().breakDown();
    await expectAllToReject(
      [queue.send([makeMessage()]), queue.schedule(makeMessage(), subject().now())],
      "queue_unavailable",
    );
  });
}
