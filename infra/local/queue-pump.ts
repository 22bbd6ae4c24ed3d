import type { LockedMessage, LockingQueue, Log } from "../../shared/core/ports";
import { createContext } from "./context";
import type { RegisteredFunction, Registrations } from "./core-api";
import { invoke } from "./invoke";

/** What a pump drains, into which function. */
export interface QueuePumpOptions {
  readonly registrations: Registrations;
  readonly definition: RegisteredFunction;
  readonly queue: LockingQueue;
  /** Messages in hand at once, `extensions.serviceBus.maxConcurrentCalls` of host.json. */
  readonly maxConcurrentCalls: number;
  readonly log: Log;
}

const LOCK_MS = 60_000;
const RENEW_EVERY_MS = 20_000;
const POLL_MS = 1000;
const MAX_PAUSE_MS = 10_000;

/**
 * Drains a queue as the Service Bus trigger does: peek-lock, one message a call, completed on return, abandoned at once
 * on a throw; locks are renewed while a handler runs.
 */
export class QueuePump {
  readonly #options: QueuePumpOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  readonly #poll: NodeJS.Timeout;
  #filling = false;
  #stopped = false;
  #pauseMs = 0;
  #pausedUntil = 0;

  constructor(options: QueuePumpOptions) {
    this.#options = options;
    const fill = (): void => void this.#fill();
    this.#stopListening = options.queue.onMessage(fill);
    // Other events wake the pump as well; polling is for locks that ran out.
    this.#poll = setInterval(fill, POLL_MS);
    setImmediate(fill);
  }

  /** Takes no more messages and resolves once those in hand are done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    clearInterval(this.#poll);
    await Promise.allSettled([...this.#running]);
  }

  async #fill(): Promise<void> {
    if (this.#filling || this.#stopped || performance.now() < this.#pausedUntil) return;
    this.#filling = true;
    try {
      for (;;) {
        const free = this.#options.maxConcurrentCalls - this.#running.size;
        if (this.#mayStop() || free <= 0) return;
        const messages = await this.#options.queue.receive(free, LOCK_MS);
        this.#pauseMs = 0;
        for (const message of messages) this.#start(message);
        if (messages.length < free) return;
      }
    } catch (error) {
      this.#pause(error);
    } finally {
      this.#filling = false;
    }
  }

  /** Apart from `#fill`, because the flag may change while that waits. */
  #mayStop(): boolean {
    return this.#stopped;
  }

  #start(message: LockedMessage): void {
    const handled = this.#handle(message).finally(() => {
      this.#running.delete(handled);
      // Slots that become free in the same turn are filled by one receive.
      setImmediate(() => void this.#fill());
    });
    this.#running.add(handled);
  }

  async #handle(message: LockedMessage): Promise<void> {
    const { queue, log } = this.#options;
    const renewal = setInterval(() => void queue.renew(message.lockToken, LOCK_MS).catch(() => false), RENEW_EVERY_MS);
    try {
      await this.#invoke(message);
      if (!(await queue.complete(message.lockToken))) log("warn", "queue.lock_lost", { messageId: message.messageId });
    } catch (error) {
      log("error", "queue.abandoned", { messageId: message.messageId, error: String(error) });
      await queue.abandon(message.lockToken, String(error)).catch(() => false);
    } finally {
      clearInterval(renewal);
    }
  }

  #invoke(message: LockedMessage): Promise<unknown> {
    const { registrations, definition, log } = this.#options;
    const context = createContext(definition, log, {
      messageId: message.messageId,
      deliveryCount: message.deliveryCount,
      enqueuedTimeUtc: new Date(message.enqueuedAt).toISOString(),
      sequenceNumber: message.sequenceNumber,
      lockToken: message.lockToken,
    });
    return invoke(registrations, definition, JSON.parse(message.body), context);
  }

  #pause(error: unknown): void {
    this.#pauseMs = Math.min(MAX_PAUSE_MS, Math.max(100, this.#pauseMs * 2));
    this.#pausedUntil = performance.now() + this.#pauseMs;
    this.#options.log("error", "queue.receive_failed", { error: String(error), pauseMs: this.#pauseMs });
  }
}
