import { RetryMode, ServiceBusClient, type ServiceBusMessage } from "@azure/service-bus";
import { WebhookError } from "../../core/errors";
import type { DeadLetter, EventQueue, Log, QueueDepth, QueueMessage } from "../../core/ports";
import { closeClient } from "./close-client";
import { peekDeadLetters } from "./dead-letters";
import { QueueHead } from "./queue-head";
import { QueueSender } from "./queue-sender";
import { type GatheringRules, SendGatherer } from "./send-gatherer";
import { toUnavailable } from "./unavailable";

/** How the namespace is reached: as an identity with the roles Azure Service Bus Data Sender and, to look at messages, Data Receiver, or by a key. */
export type ServiceBusAccess =
  | {
      /** `<namespace>.servicebus.windows.net` */
      readonly fullyQualifiedNamespace: string;
      readonly credential: ConstructorParameters<typeof ServiceBusClient>[1];
    }
  | { readonly connectionString: string };

/** Where the queue is, and the figures by which it is used. */
export type ServiceBusQueueOptions = ServiceBusAccess & {
  readonly queueName: string;
  readonly log?: Log;
  /** The largest body, in bytes of JSON. The default suits the tier Standard; Premium takes more. */
  readonly maxMessageBytes?: number;
  /** How long each of three attempts at a send may take, in milliseconds. Default 2000. */
  readonly attemptTimeoutMs?: number;
  /** How long opening the connection and the link may take, and a look at the head of the queue, in milliseconds. Default 5000. */
  readonly openTimeoutMs?: number;
  /** By default 3 ms, 100 messages or 256 KB a batch, 4 batches in flight and 32 MB waiting. */
  readonly gathering?: Partial<GatheringRules>;
};

/** What Standard allows for a message together with its properties, and for a batch (Service Bus quotas). */
const STANDARD_BYTES = 256 * 1024;
/** Room for what is not body: the properties, once more for the envelope of a batch, and the annotations of the service. */
const ALLOWANCE_BYTES = 4096;
/** What a batch takes besides its messages: the properties of the first one again, 440 bytes with the longest id. */
const ENVELOPE_BYTES = 512;
/** What a message in a batch takes besides its body and its id: 72 bytes. */
const OVERHEAD_BYTES = 80;
const MAX_MESSAGE_ID = 128;

const defaultRules: GatheringRules = {
  gatherMs: 3,
  maxBatchMessages: 100,
  maxBatchBytes: STANDARD_BYTES - ENVELOPE_BYTES,
  maxBatchesInFlight: 4,
  maxWaitingBytes: 32 * 1024 * 1024,
};
const DEFAULT_ATTEMPT_TIMEOUT_MS = 2000;
const DEFAULT_OPEN_TIMEOUT_MS = 5000;

/** A message that was checked and encoded. */
interface Outgoing {
  readonly message: ServiceBusMessage;
  readonly bytes: number;
}

/**
 * Opens the queue; the connection itself is opened by the first use. Throws if the options make no sense.
 *
 * Sends are gathered into AMQP batches, and each is answered once the broker has accepted its batch. The messages of one
 * send travel in one batch, which the broker takes as a whole. If they are too many for that they go in several batches,
 * one after the other, and the send fails if any of them does: then some may be queued already. That is harmless because
 * the sender repeats them with the same ids, which duplicate detection and the consumer's own record recognise.
 */
export function openServiceBusQueue(options: ServiceBusQueueOptions): EventQueue & { close(): Promise<void> } {
  return new ServiceBusEventQueue(options);
}

class ServiceBusEventQueue implements EventQueue {
  readonly maxMessageBytes: number;
  readonly #options: ServiceBusQueueOptions;
  readonly #sender: QueueSender;
  readonly #head: QueueHead;
  readonly #gatherer: SendGatherer<Outgoing>;
  readonly #scheduling = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: ServiceBusQueueOptions) {
    this.#options = options;
    const { queueName, log = () => undefined, openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS } = options;
    this.maxMessageBytes = options.maxMessageBytes ?? STANDARD_BYTES - ALLOWANCE_BYTES;
    this.#sender = new QueueSender({ connect: () => connect(options), queueName, openTimeoutMs, log });
    this.#head = new QueueHead({ connect: () => connect(options), queueName, timeoutMs: openTimeoutMs, log });
    this.#gatherer = new SendGatherer(
      { ...defaultRules, ...options.gathering },
      {
        ready: () => this.#sender.ready(),
        transmit: (items) => this.#sender.transmit(items.map(({ message }) => message)),
      },
    );
  }

  async send(messages: readonly QueueMessage[], signal?: AbortSignal): Promise<readonly boolean[]> {
    const outgoing = messages.map((message) => this.#encode(message));
    if (outgoing.length > 0) await this.#orUnavailable(() => this.#gatherer.send(outgoing, signal));
    // A duplicate is accepted and dropped without a word (Service Bus duplicate detection).
    return messages.map(() => false);
  }

  /**
   * By itself and not in a batch, because a batch takes the properties of its first message for its own. It goes the way
   * of any message and not by `scheduleMessages`, which opens two links more and answers a number for a cancellation that
   * nobody wants. A time that is past means at once (Service Bus "message sequencing and timestamps").
   */
  async schedule(message: QueueMessage, at: number): Promise<void> {
    const outgoing = { ...this.#encode(message).message, scheduledEnqueueTimeUtc: new Date(at) };
    await this.#orUnavailable(() => {
      const sent = this.#sender.transmitOne(outgoing).finally(() => this.#scheduling.delete(sent));
      this.#scheduling.add(sent);
      return sent;
    });
  }

  /** Service Bus remembers an id until its window is over, and nothing can tell it otherwise. */
  forget(): Promise<void> {
    return Promise.resolve();
  }

  /** Without counts: they are told only to an identity with the right to manage the queue, which a sender should not have. */
  async depth(): Promise<QueueDepth | undefined> {
    const oldestAt = await this.#head.oldestAt();
    return oldestAt === undefined ? undefined : { oldestAt };
  }

  /** By a client of its own: the one that sends must not wait for somebody who only looks. */
  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const client = connect(this.#options);
    try {
      return await peekDeadLetters(client, this.#options.queueName, limit);
    } catch (error) {
      throw toUnavailable(error);
    } finally {
      await closeClient(client);
    }
  }

  /** Takes nothing more, waits for what is under way and closes the connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([this.#gatherer.flush(), ...this.#scheduling]);
    await Promise.all([this.#sender.close(), this.#head.close()]);
  }

  /** @throws {RangeError} */
  #encode({ messageId, body }: QueueMessage): Outgoing {
    const bytes = Buffer.from(JSON.stringify(body));
    if (bytes.length > this.maxMessageBytes) throw new RangeError("a message is larger than the queue takes");
    if (messageId.length > MAX_MESSAGE_ID) throw new RangeError("a message id is longer than 128 characters");
    return {
      message: { messageId, body: bytes, contentType: "application/json" },
      bytes: bytes.length + Buffer.byteLength(messageId) + OVERHEAD_BYTES,
    };
  }

  async #orUnavailable(work: () => Promise<void>): Promise<void> {
    try {
      if (this.#isClosed) throw new WebhookError("queue_unavailable", { detail: "closed" });
      await work();
    } catch (error) {
      throw toUnavailable(error);
    }
  }
}

/** Short retries, because somebody waits for the answer. */
function connect(options: ServiceBusQueueOptions): ServiceBusClient {
  const retryOptions = {
    mode: RetryMode.Exponential,
    maxRetries: 2,
    retryDelayInMs: 250,
    maxRetryDelayInMs: 1000,
    timeoutInMs: options.attemptTimeoutMs ?? DEFAULT_ATTEMPT_TIMEOUT_MS,
  };
  return "connectionString" in options
    ? new ServiceBusClient(options.connectionString, { retryOptions })
    : new ServiceBusClient(options.fullyQualifiedNamespace, options.credential, { retryOptions });
}
