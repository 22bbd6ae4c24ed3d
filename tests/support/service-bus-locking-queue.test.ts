import { setTimeout as delay } from "node:timers/promises";
import { QueuePump } from "../../infra/local/queue-pump";
import type { LockedMessage } from "../../shared/core/ports";
import { makeMessage } from "../contracts/event-queue";
import { describeLockingQueue, type LockingSubject } from "../contracts/locking-queue";
import { ManualClock } from "./service-bus/broker-clock";
import { ServiceBusBroker } from "./service-bus-broker";
import { ServiceBusLockingQueue } from "./service-bus-locking-queue";

/**
 * Without duplicate detection, because the contract sends a dead letter's id again: the embedded queue forgets such an id,
 * Service Bus remembers it for the rest of its window.
 */
const rules = { duplicateWindowMs: 0, maxDeliveryCount: 3, lockMs: 30_000 };

async function open(): Promise<LockingSubject> {
  const clock = new ManualClock();
  const broker = await ServiceBusBroker.start({ queues: { events: rules }, clock });
  const port = new ServiceBusLockingQueue({ connectionString: broker.connectionString, queueName: "events" });
  return {
    ...rules,
    port,
    tellsDuplicates: false,
    forgets: false,
    clockSkewMs: 0,
    tellsCounts: true,
    drain: () => Promise.reject(new Error("a consumer drains by itself")),
    now: () => clock.now(),
    passTime: async (ms) => clock.passTime(ms),
    breakDown: () => broker.stop(),
    close: async () => {
      await port.close();
      await broker.stop();
    },
  };
}

describe("ServiceBusLockingQueue", () => {
  describeLockingQueue(open);
});

describe("ServiceBusLockingQueue, drained by the local host's pump", () => {
  let broker: ServiceBusBroker;
  let queue: ServiceBusLockingQueue;
  let pump: QueuePump | undefined;
  beforeEach(async () => {
    broker = await ServiceBusBroker.start({ queues: { events: rules } });
    queue = new ServiceBusLockingQueue({ connectionString: broker.connectionString, queueName: "events" });
  });
  afterEach(async () => {
    await pump?.stop();
    await queue.close();
    await broker.stop();
  });

  it("hands each message to the handler, and again if that threw, and loses none", async () => {
    const handled: string[] = [];
    const handle = async ({ messageId, deliveryCount }: LockedMessage): Promise<void> => {
      handled.push(`${messageId} ${deliveryCount}`);
      if (deliveryCount === 1) throw new Error("not yet");
    };
    const times = { lockMs: 60_000, maxLockRenewalMs: 60_000, pollMs: 60_000 };
    const options = { functionName: "drain", queue, handle, maxConcurrentCalls: 4, ...times };
    pump = new QueuePump({ ...options, log: () => undefined });
    pump.start();
    const messages = Array.from({ length: 50 }, (_, n) => makeMessage({ n }));
    await queue.send(messages);
    while (broker.queue("events").peek(0, 1).length > 0) await delay(20);
    const expected = messages.flatMap(({ messageId }) => [`${messageId} 1`, `${messageId} 2`]);
    expect(handled.toSorted()).toEqual(expected.toSorted());
  });
});
