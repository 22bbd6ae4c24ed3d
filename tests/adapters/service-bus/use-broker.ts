import { setImmediate as nextTurn } from "node:timers/promises";
import { openServiceBusQueue, type ServiceBusQueueOptions } from "../../../shared/adapters/service-bus/event-queue";
import type { QueueMessage } from "../../../shared/core/ports";
import { makeMessage } from "../../contracts/event-queue";
import { type BrokerOptions, ServiceBusBroker } from "../../support/service-bus-broker";

/** A queue as the product gets it. */
type Queue = ReturnType<typeof openServiceBusQueue>;

/** What a test of the adapter works with. */
export interface BrokerFixture {
  broker(): ServiceBusBroker;
  /** An adapter on the broker's queue `events`; closed after the test. */
  open(options?: Partial<Omit<ServiceBusQueueOptions, "connectionString" | "fullyQualifiedNamespace">>): Queue;
  /** Has a queue closed after the test, before the broker stops. */
  track(queue: Queue): Queue;
  /** The ids of the messages in the queue, scheduled ones included, in order. */
  queued(): readonly unknown[];
}

/** Starts a broker with a queue `events` before each test, and stops it after. */
export function useBroker(options: Partial<BrokerOptions> = {}): BrokerFixture {
  let running: ServiceBusBroker | undefined;
  let opened: Queue[] = [];
  const broker = (): ServiceBusBroker => {
    if (running === undefined) throw new Error("only within a test");
    return running;
  };
  beforeEach(async () => {
    running = await ServiceBusBroker.start({ queues: { events: { duplicateWindowMs: 600_000 } }, ...options });
  });
  afterEach(async () => {
    broker().thaw();
    broker().decideSends();
    await Promise.all(opened.map((queue) => queue.close()));
    opened = [];
    await broker().stop();
  });
  const track = (queue: Queue): Queue => {
    opened.push(queue);
    return queue;
  };
  return {
    broker,
    track,
    open: (overrides) => {
      const { connectionString } = broker();
      return track(openServiceBusQueue({ connectionString, queueName: "events", ...overrides }));
    },
    queued: () => allIn(broker()),
  };
}

/** Waits until something is true; the test's own time limit ends it. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn();
}

/** What a failed call rejects with. */
export function unavailable(detail: string): object {
  return { name: "WebhookError", code: "queue_unavailable", detail };
}

/** So many messages with ids of their own. */
export function makeMessages(count: number, body?: object): QueueMessage[] {
  return Array.from({ length: count }, () => makeMessage(body));
}

/** Their ids, in order. */
export function idsOf(messages: readonly QueueMessage[]): string[] {
  return messages.map(({ messageId }) => messageId);
}

function allIn(broker: ServiceBusBroker): readonly unknown[] {
  return broker
    .queue("events")
    .peek(0, Infinity)
    .map(({ message }) => message.message_id);
}
