import type { LockedMessage, LockingQueue } from "../../shared/core/ports";
import { makeMessage, type QueueSubject } from "./event-queue";
import { expectAllToReject, openForEach } from "./subject";

/** A locking queue under test. */
export interface LockingSubject extends QueueSubject<LockingQueue> {
  /** Deliveries after which a message becomes a dead letter. */
  readonly maxDeliveryCount: number;
}

const LOCK_MS = 30_000;

/** What a LockingQueue must do for its consumers: what Service Bus does for its trigger. */
export function describeLockingQueue(open: () => Promise<LockingSubject>): void {
  const subject = openForEach(open);
  let queue: LockingQueue;
  beforeEach(() => {
    queue = subject().port;
  });
  const receiveOne = async (): Promise<LockedMessage> => {
    const [message] = await queue.receive(1, LOCK_MS);
    if (message === undefined) throw new Error("there was nothing to receive");
    return message;
  };
  const idsOf = (messages: readonly { messageId: string }[]): string[] => messages.map(({ messageId }) => messageId);

  describe("receive", () => {
    it("hands out a message with its lock, its count and its place in the queue", async () => {
      const message = makeMessage({ n: 1 });
      const enqueuedAt = subject().now();
      await queue.send([message]);
      await subject().passTime(1000);
      expect(await queue.receive(10, LOCK_MS)).toEqual([
        {
          messageId: message.messageId,
          body: '{"n":1}',
          lockToken: expect.any(String),
          deliveryCount: 1,
          enqueuedAt,
          sequenceNumber: expect.any(Number),
        },
      ]);
    });

    it("hands out the oldest first, at most as many as asked for", async () => {
      const messages = [makeMessage(), makeMessage(), makeMessage()];
      for (const message of messages) await queue.send([message]);
      const received = [...(await queue.receive(2, LOCK_MS)), ...(await queue.receive(2, LOCK_MS))];
      expect(idsOf(received)).toEqual(idsOf(messages));
      const numbers = received.map(({ sequenceNumber }) => sequenceNumber);
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    });

    it("never hands out one message to two receivers", async () => {
      const messages = Array.from({ length: 30 }, () => makeMessage());
      await queue.send(messages);
      const batches = await Promise.all(Array.from({ length: 10 }, () => queue.receive(5, LOCK_MS)));
      expect(idsOf(batches.flat()).toSorted()).toEqual(idsOf(messages).toSorted());
    });

    it("hands out a message again when its lock has run out, and counts", async () => {
      await queue.send([makeMessage()]);
      await receiveOne();
      await subject().passTime(LOCK_MS - 1000);
      expect(await queue.receive(1, LOCK_MS)).toEqual([]);
      await subject().passTime(2000);
      expect(await receiveOne()).toMatchObject({ deliveryCount: 2 });
    });
  });

  describe("a lock", () => {
    it("ends with complete, once", async () => {
      await queue.send([makeMessage()]);
      const { lockToken } = await receiveOne();
      expect(await queue.complete(lockToken)).toBe(true);
      expect(await queue.complete(lockToken)).toBe(false);
      await subject().passTime(LOCK_MS + 1000);
      expect(await queue.receive(1, LOCK_MS)).toEqual([]);
    });

    it("ends with abandon, which makes the message visible at once", async () => {
      await queue.send([makeMessage()]);
      const { lockToken } = await receiveOne();
      expect(await queue.abandon(lockToken)).toBe(true);
      expect(await queue.abandon(lockToken)).toBe(false);
      expect(await receiveOne()).toMatchObject({ deliveryCount: 2 });
    });

    it("is lost when its time is over, whether or not somebody else has the message now", async () => {
      await queue.send([makeMessage()]);
      const { lockToken } = await receiveOne();
      await subject().passTime(LOCK_MS + 1000);
      const answers = () =>
        Promise.all([queue.complete(lockToken), queue.abandon(lockToken), queue.renew(lockToken, LOCK_MS)]);
      expect(await answers()).toEqual([false, false, false]);
      const next = await receiveOne();
      expect(await answers()).toEqual([false, false, false]);
      expect(await queue.complete(next.lockToken)).toBe(true);
    });

    it("can be renewed", async () => {
      await queue.send([makeMessage()]);
      const { lockToken } = await receiveOne();
      await subject().passTime(LOCK_MS - 1000);
      expect(await queue.renew(lockToken, LOCK_MS)).toBe(true);
      await subject().passTime(LOCK_MS - 1000);
      expect(await queue.receive(1, LOCK_MS)).toEqual([]);
      expect(await queue.complete(lockToken)).toBe(true);
    });

    it.each(["", "nonsense", "1-0123456789abcdef01234567"])("does not exist under the token %j", async (token) => {
      await queue.send([makeMessage()]);
      await receiveOne();
      expect(await queue.complete(token)).toBe(false);
      expect(await queue.abandon(token)).toBe(false);
      expect(await queue.renew(token, LOCK_MS)).toBe(false);
    });
  });

  describe("dead letters", () => {
    /** Uses up the deliveries of the oldest message. */
    const exhaust = async (reason?: string): Promise<void> => {
      for (let n = 0; n < subject().maxDeliveryCount; n++) await queue.abandon((await receiveOne()).lockToken, reason);
    };

    it("hold a message that was abandoned at its last delivery, with the reason", async () => {
      const message = makeMessage({ n: 1 });
      await queue.send([message]);
      await exhaust("fetch_failed");
      expect(await queue.receive(1, LOCK_MS)).toEqual([]);
      expect(await queue.deadLetters(10)).toEqual([
        {
          messageId: message.messageId,
          body: '{"n":1}',
          reason: "fetch_failed",
          deliveryCount: subject().maxDeliveryCount,
          deadLetteredAt: subject().now(),
        },
      ]);
    });

    it("hold a message whose lock ran out at its last delivery, and let it be sent again", async () => {
      const message = makeMessage();
      await queue.send([message]);
      for (let n = 0; n < subject().maxDeliveryCount; n++) {
        await receiveOne();
        await subject().passTime(LOCK_MS + 1000);
      }
      expect(await queue.receive(1, LOCK_MS)).toEqual([]);
      expect(await queue.deadLetters(10)).toMatchObject([{ reason: "MaxDeliveryCountExceeded" }]);
      expect(await queue.send([message])).toEqual([false]);
    });

    it("are told newest first, at most as many as asked for", async () => {
      const messages = [makeMessage(), makeMessage(), makeMessage()];
      for (const message of messages) {
        await queue.send([message]);
        await exhaust();
        await subject().passTime(1000);
      }
      expect(idsOf(await queue.deadLetters(2))).toEqual(idsOf(messages).toReversed().slice(0, 2));
    });

    it("do not make a duplicate of the same message sent again", async () => {
      const message = makeMessage();
      await queue.send([message]);
      await exhaust();
      expect(await queue.send([message])).toEqual([false]);
      expect(await receiveOne()).toMatchObject({ messageId: message.messageId, deliveryCount: 1 });
    });

    it("are counted apart; a locked message still counts as active", async () => {
      await queue.send([makeMessage()]);
      await exhaust();
      await queue.send([makeMessage(), makeMessage()]);
      await queue.schedule(makeMessage(), subject().now() + 60_000);
      await receiveOne();
      expect(await queue.depth()).toMatchObject({ active: 2, scheduled: 1, deadLettered: 1 });
    });
  });

  describe("onMessage", () => {
    /** Resolves when the queue next says that there may be a message. */
    const nextCall = (): Promise<void> =>
      new Promise((resolve) => {
        const stop = queue.onMessage(() => {
          stop();
          resolve();
        });
      });

    it("is called when a message was sent, which can be received then", async () => {
      const called = nextCall();
      await Promise.all([queue.send([makeMessage()]), called]);
      expect(await queue.receive(1, LOCK_MS)).toHaveLength(1);
    });

    it("is called when a message was abandoned", async () => {
      await queue.send([makeMessage()]);
      const { lockToken } = await receiveOne();
      const called = nextCall();
      await queue.abandon(lockToken);
      await expect(called).resolves.toBeUndefined();
    });

    it("is called when the time of a scheduled message has come", async () => {
      const called = nextCall();
      await queue.schedule(makeMessage(), subject().now() + 20);
      await expect(called).resolves.toBeUndefined();
    });

    it("is called when a lock has run out", async () => {
      await queue.send([makeMessage()]);
      await queue.receive(1, 20);
      await expect(nextCall()).resolves.toBeUndefined();
    });

    it("is not called any more once it was stopped", async () => {
      let calls = 0;
      const stop = queue.onMessage(() => calls++);
      await queue.send([makeMessage()]);
      stop();
      await queue.send([makeMessage()]);
      expect(calls).toBe(1);
    });
  });

  it("says queue_unavailable, in every method, when the queue cannot be reached", async () => {
    await queue.send([makeMessage()]);
    const { lockToken } = await receiveOne();
    await subject().breakDown();
    const attempts = [
      queue.receive(1, LOCK_MS),
      queue.complete(lockToken),
      queue.abandon(lockToken),
      queue.renew(lockToken, LOCK_MS),
      queue.deadLetters(1),
      queue.depth(),
    ];
    await expectAllToReject(attempts, "queue_unavailable");
  });
}
