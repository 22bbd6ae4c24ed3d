import { setTimeout as delay } from "node:timers/promises";
import { openServiceBusQueue } from "../../../shared/adapters/service-bus/event-queue";
import type { LockingQueue, QueueMessage } from "../../../shared/core/ports";
import type { QueueSubject } from "../../contracts/event-queue";
import { ManualClock } from "../../support/service-bus/broker-clock";
import { ServiceBusBroker } from "../../support/service-bus-broker";
import { ServiceBusLockingQueue } from "../../support/service-bus-locking-queue";

const DUPLICATE_WINDOW_MS = 600_000;
const SHORTEST_DUPLICATE_WINDOW_MS = 20_000;
/** Long enough for a message to come from a namespace, if there is one. */
const NETWORK_WAIT_MS = 3000;
const LONGEST_SKEW_MS = 1500;
/** Some locks outlast any test; `max` is not what is tested here. */
const [MANY, LOCK_MS] = [500, 30_000];

/** A queue on a stand-in broker whose clock stands still. */
export async function openOnBroker(): Promise<QueueSubject> {
  const clock = new ManualClock();
  const broker = await ServiceBusBroker.start({
    queues: { events: { duplicateWindowMs: DUPLICATE_WINDOW_MS } },
    clock,
  });
  const options = { connectionString: broker.connectionString, queueName: "events" };
  const [port, consumer] = [openServiceBusQueue(options), new ServiceBusLockingQueue(options)];
  return {
    port,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    tellsDuplicates: false,
    forgets: false,
    clockSkewMs: 0,
    tellsCounts: false,
    drain: () => drain(consumer),
    now: () => clock.now(),
    passTime: async (ms) => clock.passTime(ms),
    breakDown: () => broker.stop(),
    close: async () => {
      await Promise.all([port.close(), consumer.close()]);
      await broker.stop();
    },
  };
}

/**
 * A queue of a real namespace or of the official emulator, emptied first. Time is waited for, so its duplicate window should
 * be the shortest there is, 20 seconds. A namespace cannot be switched off: what breaks down is our connection to it.
 */
export async function openOnNamespace(connectionString: string, queueName: string): Promise<QueueSubject> {
  const options = { connectionString, queueName };
  const port = openServiceBusQueue(options);
  const consumer = new ServiceBusLockingQueue({ ...options, waitMs: NETWORK_WAIT_MS });
  await drain(consumer);
  return {
    port,
    duplicateWindowMs: SHORTEST_DUPLICATE_WINDOW_MS,
    tellsDuplicates: false,
    forgets: false,
    clockSkewMs: LONGEST_SKEW_MS,
    tellsCounts: false,
    drain: () => drain(consumer),
    now: Date.now,
    passTime: (ms) => delay(ms),
    breakDown: () => port.close(),
    close: async () => {
      await Promise.all([port.close(), consumer.close()]);
    },
  };
}

/** Receives and completes what is visible, in order. */
async function drain(queue: LockingQueue): Promise<QueueMessage[]> {
  const drained: QueueMessage[] = [];
  for (;;) {
    const messages = await queue.receive(MANY, LOCK_MS);
    if (messages.length === 0) return drained;
    await Promise.all(messages.map(({ lockToken }) => queue.complete(lockToken)));
    drained.push(...messages.map(({ messageId, body }) => ({ messageId, body: JSON.parse(body) })));
  }
}
