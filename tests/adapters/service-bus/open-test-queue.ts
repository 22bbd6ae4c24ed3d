import { setTimeout as delay } from "node:timers/promises";
import { openServiceBusQueue, type ServiceBusQueueOptions } from "../../../shared/adapters/service-bus/event-queue";
import type { EventQueue, QueueMessage } from "../../../shared/core/ports";
import type { QueueSubject } from "../../contracts/event-queue";
import { ManualClock } from "../../support/service-bus/broker-clock";
import type { BrokerQueueRules } from "../../support/service-bus/broker-queue";
import { ServiceBusBroker } from "../../support/service-bus-broker";
import { ServiceBusLockingQueue } from "../../support/service-bus-locking-queue";

/** The rules of the queue under test: those of the product's queue, with fewer deliveries. */
export const rules = { duplicateWindowMs: 600_000, maxDeliveryCount: 3, lockMs: 30_000 };

/** A queue on a stand-in broker whose clock stands still. */
export async function openOnBroker(): Promise<QueueSubject> {
  const clock = new ManualClock();
  const broker = await ServiceBusBroker.start({ queues: { events: rules }, clock });
  const options = { connectionString: broker.connectionString, queueName: "events" };
  const [port, consumer] = [openServiceBusQueue(options), new ServiceBusLockingQueue(options)];
  return {
    port,
    duplicateWindowMs: rules.duplicateWindowMs,
    tellsDuplicates: false,
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
  const [port, consumer] = [openServiceBusQueue(options), new ServiceBusLockingQueue({ ...options, waitMs: 3000 })];
  await drain(consumer);
  return {
    port,
    duplicateWindowMs: 20_000,
    tellsDuplicates: false,
    drain: () => drain(consumer),
    now: Date.now,
    passTime: (ms) => delay(ms),
    breakDown: () => port.close(),
    close: async () => void (await Promise.all([port.close(), consumer.close()])),
  };
}

/** Receives and completes what is visible, in order. */
export async function drain(queue: ServiceBusLockingQueue): Promise<QueueMessage[]> {
  const drained: QueueMessage[] = [];
  for (;;) {
    const messages = await queue.receive(500);
    if (messages.length === 0) return drained;
    await Promise.all(messages.map(({ lockToken }) => queue.complete(lockToken)));
    drained.push(...messages.map(({ messageId, body }) => ({ messageId, body: JSON.parse(body) })));
  }
}
