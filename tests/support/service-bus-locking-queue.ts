import {
  isServiceBusError,
  RetryMode,
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from "@azure/service-bus";
import { setImmediate as nextTurn } from "node:timers/promises";
import { closeClient } from "../../shared/adapters/service-bus/close-client";
import { openServiceBusQueue } from "../../shared/adapters/service-bus/event-queue";
import { toUnavailable } from "../../shared/adapters/service-bus/unavailable";
import type {
  DeadLetter,
  EventQueue,
  LockedMessage,
  LockingQueue,
  QueueDepth,
  QueueMessage,
} from "../../shared/core/ports";

/** Where the queue is. Its lock duration and its number of deliveries are its own. */
export interface LockingQueueOptions {
  readonly connectionString: string;
  readonly queueName: string;
  /** How long `receive` waits for a message, in milliseconds; over a network it needs more than the default of 10. */
  readonly waitMs?: number;
}

/** A message that we hold, and the last thing that was done with it: the client can do but one at a time. */
interface Held {
  readonly message: ServiceBusReceivedMessage;
  busy: Promise<unknown>;
}

/** The application property in which an abandoned message carries the reason along. */
const ABANDON_REASON = "abandonReason";
const PEEK_PAGE = 250;
/** How often `onMessage` says that there may be something; Service Bus tells nobody who does not receive. */
const TICK_MS = 50;

/**
 * A Service Bus queue as a {@link LockingQueue}, so that the local host's pump can drain it: it stands in for the
 * platform's trigger in tests that run the app in Azure mode. Locks last as long as the queue says, whatever is asked for.
 */
export class ServiceBusLockingQueue implements LockingQueue {
  readonly maxMessageBytes: number;
  readonly #options: LockingQueueOptions;
  readonly #sender: EventQueue & { close(): Promise<void> };
  readonly #client: ServiceBusClient;
  readonly #receiver: ServiceBusReceiver;
  readonly #held = new Map<string, Held>();
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #receiving: Promise<unknown> = Promise.resolve();
  /** The listeners were called, and nobody has received since. */
  #announced = false;

  constructor(options: LockingQueueOptions) {
    this.#options = options;
    this.#sender = openServiceBusQueue(options);
    this.maxMessageBytes = this.#sender.maxMessageBytes;
    this.#client = connect(options);
    this.#receiver = this.#client.createReceiver(options.queueName, {
      maxAutoLockRenewalDurationInMs: 0, // the pump renews, or a test wants to see the lock run out
      skipParsingBodyAsJson: true,
    });
    this.#timer = setInterval(() => this.#announce(), TICK_MS);
    this.#timer.unref();
  }

  async send(messages: readonly QueueMessage[], signal?: AbortSignal): Promise<readonly boolean[]> {
    const known = await this.#sender.send(messages, signal);
    this.#announce();
    return known;
  }

  schedule(message: QueueMessage, at: number): Promise<void> {
    return this.#sender.schedule(message, at);
  }

  forget(messageId: string): Promise<void> {
    return this.#sender.forget(messageId);
  }

  /** The client receives for one caller at a time. */
  receive(max: number): Promise<readonly LockedMessage[]> {
    const received = this.#receiving.then(() => this.#receive(max));
    this.#receiving = received.catch(() => undefined);
    return received;
  }

  complete(lockToken: string): Promise<boolean> {
    return this.#settle(lockToken, (message) => this.#receiver.completeMessage(message));
  }

  /**
   * Service Bus gives no reason of ours to a message that becomes a dead letter so; the message itself carries it. In a
   * turn of its own, because the client tells but one outcome for two neighbours that are settled in one turn: the second
   * of "complete this, abandon that" would be lost (rhea 3.0.5, `lib/session.js`, `write_dispositions`).
   */
  async abandon(lockToken: string, reason?: string): Promise<boolean> {
    const properties = reason === undefined ? {} : { [ABANDON_REASON]: reason };
    const done = await this.#settle(lockToken, async (message) => {
      await nextTurn();
      await this.#receiver.abandonMessage(message, properties);
    });
    if (done) this.#announce();
    return done;
  }

  renew(lockToken: string): Promise<boolean> {
    return this.#use(lockToken, (message) => unlessLost(this.#receiver.renewMessageLock(message)));
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const dead = await this.#peekAll("deadLetter");
    return dead.reverse().slice(0, limit).map(toDeadLetter);
  }

  /** Counted by looking at every message: for tests, not for a queue that may be long. */
  async depth(): Promise<QueueDepth> {
    const [waiting, dead] = [await this.#peekAll(), await this.#peekAll("deadLetter")];
    const scheduled = waiting.filter(({ state }) => state === "scheduled").length;
    const told = await this.#sender.depth();
    return { ...told, active: waiting.length - scheduled, scheduled, deadLettered: dead.length };
  }

  onMessage(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#listeners.clear();
    await this.#sender.close();
    await closeClient(this.#client);
  }

  async #receive(max: number): Promise<readonly LockedMessage[]> {
    this.#announced = false;
    const { waitMs = 10 } = this.#options;
    const messages = await orUnavailable(this.#receiver.receiveMessages(max, { maxWaitTimeInMs: waitMs }));
    return messages.map((message) => {
      const locked = toLockedMessage(message);
      this.#held.set(locked.lockToken, { message, busy: Promise.resolve() });
      return locked;
    });
  }

  #settle(lockToken: string, settle: (message: ServiceBusReceivedMessage) => Promise<void>): Promise<boolean> {
    return this.#use(lockToken, async (message) => {
      const settled = await unlessLost(settle(message));
      this.#held.delete(lockToken);
      return settled;
    });
  }

  async #use(lockToken: string, action: (message: ServiceBusReceivedMessage) => Promise<boolean>): Promise<boolean> {
    const held = this.#held.get(lockToken);
    if (held === undefined) return false;
    const done = held.busy.then(() => (this.#held.has(lockToken) ? action(held.message) : false));
    held.busy = done.catch(() => undefined);
    return done;
  }

  /** By a client of its own, because one that has looked before goes on where it stopped. */
  async #peekAll(subQueueType?: "deadLetter"): Promise<ServiceBusReceivedMessage[]> {
    const client = connect(this.#options);
    try {
      const options = { skipParsingBodyAsJson: true, ...(subQueueType ? { subQueueType } : {}) };
      const receiver = client.createReceiver(this.#options.queueName, options);
      const found: ServiceBusReceivedMessage[] = [];
      for (;;) {
        const page = await orUnavailable(receiver.peekMessages(PEEK_PAGE));
        if (page.length === 0) return found;
        found.push(...page);
      }
    } finally {
      await closeClient(client);
    }
  }

  /** Once, until somebody looks. */
  #announce(): void {
    if (this.#announced || this.#listeners.size === 0) return;
    this.#announced = true;
    for (const listener of this.#listeners) listener();
  }
}

function connect({ connectionString }: LockingQueueOptions): ServiceBusClient {
  const retryOptions = { mode: RetryMode.Exponential, maxRetries: 1, retryDelayInMs: 100, timeoutInMs: 2000 };
  return new ServiceBusClient(connectionString, { retryOptions });
}

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toUnavailable(error);
  }
}

async function unlessLost(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (isServiceBusError(error) && error.code === "MessageLockLost") return false;
    throw toUnavailable(error);
  }
}

function bodyOf({ body }: ServiceBusReceivedMessage): string {
  return Buffer.from(body).toString("utf8");
}

/** AMQP counts the deliveries that failed, the trigger the one under way as well. */
function toLockedMessage(message: ServiceBusReceivedMessage): LockedMessage {
  return {
    messageId: String(message.messageId),
    body: bodyOf(message),
    lockToken: message.lockToken ?? "",
    deliveryCount: (message.deliveryCount ?? 0) + 1,
    enqueuedAt: Number(message.enqueuedTimeUtc),
    sequenceNumber: Number(message.sequenceNumber),
  };
}

function toDeadLetter(message: ServiceBusReceivedMessage): DeadLetter {
  const reason = message.applicationProperties?.[ABANDON_REASON] ?? message.deadLetterReason;
  return {
    messageId: String(message.messageId),
    body: bodyOf(message),
    reason: String(reason),
    deliveryCount: message.deliveryCount ?? 0,
    deadLetteredAt: Number(message.enqueuedTimeUtc),
  };
}
