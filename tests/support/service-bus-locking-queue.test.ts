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
