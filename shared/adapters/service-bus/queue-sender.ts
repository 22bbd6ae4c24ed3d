import type { ServiceBusClient, ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender } from "@azure/service-bus";
import { setTimeout as delay } from "node:timers/promises";
import { WebhookError } from "../../core/errors";
import type { Log } from "../../core/ports";
import { closeClient } from "./close-client";
import { failureCodeOf, TIMED_OUT } from "./unavailable";

/** What a sender is made of. */
export interface QueueSenderOptions {
  /** Makes a client; that opens no connection yet. */
  readonly connect: () => ServiceBusClient;
  readonly queueName: string;
  /** How long opening the connection and the link may take, in milliseconds. */
  readonly openTimeoutMs: number;
  readonly log: Log;
}

interface Link {
  readonly client: ServiceBusClient;
  readonly sender: ServiceBusSender;
}

/**
 * One client and one sender for the whole process. They are opened by the first use, and after the end of a connection by
 * the next use (the SDK sees to that). A client that got no answer is replaced by a new one, because the SDK would keep to
 * it: for a minute, if the connection ended while it was being opened, or until it notices that the network is gone.
 */
export class QueueSender {
  readonly #options: QueueSenderOptions;
  #link: Link;
  #opening: Promise<Link> | undefined;

  constructor(options: QueueSenderOptions) {
    this.#options = options;
    this.#link = this.#connect();
  }

  /** Resolves when the link is open, at once if it is. */
  async ready(): Promise<void> {
    await this.#ready();
  }

  /**
   * Sends the messages in one batch, or in as many as it takes, one after the other.
   * @throws {RangeError} if one of them is too large for any batch; then nothing was sent
   */
  async transmit(messages: readonly ServiceBusMessage[]): Promise<void> {
    await this.#use(async (sender) => {
      const batches = await pack(sender, messages);
      for (const batch of batches) await sender.sendMessages(batch);
    });
  }

  /** Sends a message by itself. */
  async transmitOne(message: ServiceBusMessage): Promise<void> {
    await this.#use((sender) => sender.sendMessages(message));
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return closeClient(this.#link.client);
  }

  #connect(): Link {
    const client = this.#options.connect();
    return { client, sender: client.createSender(this.#options.queueName) };
  }

  /** Callers at the same time share one attempt. */
  #ready(): Promise<Link> {
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** Asking for a batch is what opens a link without sending anything. */
  async #open(): Promise<Link> {
    const link = this.#link;
    const answered = new AbortController();
    try {
      const late = delay(this.#options.openTimeoutMs, undefined, { ref: false, signal: answered.signal });
      const batch = await Promise.race([link.sender.createMessageBatch(), late]);
      if (batch !== undefined) return link;
    } finally {
      answered.abort();
    }
    this.#replace(link, "open");
    throw new WebhookError("queue_unavailable", { detail: "the link was not opened in time" });
  }

  async #use(action: (sender: ServiceBusSender) => Promise<void>): Promise<void> {
    const link = await this.#ready();
    try {
      await action(link.sender);
    } catch (error) {
      if (failureCodeOf(error) === TIMED_OUT) this.#replace(link, "send");
      throw error;
    }
  }

  #replace(link: Link, during: string): void {
    // Several batches of one link find out, one after the other.
    if (link !== this.#link) return;
    this.#options.log("warn", "queue.link_replaced", { during });
    this.#link = this.#connect();
    void closeClient(link.client);
  }
}

/** @throws {RangeError} if a message is too large for any batch */
async function pack(
  sender: ServiceBusSender,
  messages: readonly ServiceBusMessage[],
): Promise<readonly ServiceBusMessageBatch[]> {
  let batch = await sender.createMessageBatch();
  const batches = [batch];
  for (const message of messages) {
    if (batch.tryAddMessage(message)) continue;
    batch = await sender.createMessageBatch();
    batches.push(batch);
    if (!batch.tryAddMessage(message)) throw new RangeError("a message is larger than the queue takes");
  }
  return batches;
}
