import { setTimeout as delay } from "node:timers/promises";
import { textAt } from "../../shared/core/json";
import type { LockedMessage, LockingQueue, Log } from "../../shared/core/ports";
import { stackOf } from "./start-error";

/** How a queue is drained. Times in milliseconds. */
export interface QueuePumpOptions {
  readonly functionName: string;
  readonly queue: LockingQueue;
  /** Rejects if the message is to be delivered again. */
  readonly handle: (message: LockedMessage) => Promise<void>;
  readonly maxConcurrentCalls: number;
  readonly lockMs: number;
  /** Past this time the lock of a running message is left to run out. */
  readonly maxLockRenewalMs: number;
  /** The queue is looked at this often even if nobody said that there is a message. */
  readonly pollMs: number;
  readonly log: Log;
}

interface Running {
  readonly startedAt: number;
  readonly done: Promise<void>;
}

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 30_000;
const SETTLE_ATTEMPTS = 5;

/**
 * Drains a queue as the Service Bus trigger does (peek-lock): a handler that returns completes its message, one that
 * throws abandons it at once; at most `maxConcurrentCalls` run at a time.
 */
export class QueuePump {
  readonly #options: QueuePumpOptions;
  readonly #running = new Map<string, Running>();
  #timers: NodeJS.Timeout[] = [];
  #unsubscribe: (() => void) | undefined;
  #filling: Promise<void> | undefined;
  #scheduled = false;
  #stopped = false;
  /** False once the queue has answered fewer messages than were asked for, until somebody says that there may be more. */
  #mayHaveMore = true;

  constructor(options: QueuePumpOptions) {
    this.#options = options;
  }

  /** Begins to drain. */
  start(): void {
    const { queue, pollMs, lockMs } = this.#options;
    const announce = (): void => {
      this.#mayHaveMore = true;
      this.#wake();
    };
    this.#unsubscribe = queue.onMessage(announce);
    this.#timers = [setInterval(announce, pollMs), setInterval(() => void this.#renewLocks(), lockMs / 3)];
    announce();
  }

  /** Receives no more; resolves when the running handlers are done and their messages settled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    await this.#filling;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** In the next turn of the event loop, so that all that finish in this one free their slots for one batch. */
  #wake(): void {
    if (this.#scheduled || this.#filling !== undefined || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#filling = this.#fill().finally(() => {
        this.#filling = undefined;
        if (this.#mayHaveMore && this.#freeSlots() > 0) this.#wake();
      });
    });
  }

  async #fill(): Promise<void> {
    const { queue, lockMs, log, functionName } = this.#options;
    let backOffMs = FIRST_BACK_OFF_MS;
    while (this.#mayHaveMore && !this.#stopped && this.#freeSlots() > 0) {
      const wanted = this.#freeSlots();
      this.#mayHaveMore = false;
      try {
        const messages = await queue.receive(wanted, lockMs);
        if (messages.length >= wanted) this.#mayHaveMore = true;
        for (const message of messages) this.#run(message);
        backOffMs = FIRST_BACK_OFF_MS;
      } catch (error) {
        log("error", "queue.receive_failed", { function: functionName, error: stackOf(error) });
        await delay(backOffMs, undefined, { ref: false });
        backOffMs = Math.min(LONGEST_BACK_OFF_MS, backOffMs * 2);
        this.#mayHaveMore = true;
      }
    }
  }

  #freeSlots(): number {
    return this.#options.maxConcurrentCalls - this.#running.size;
  }

  #run(message: LockedMessage): void {
    const done = this.#process(message).finally(() => {
      this.#running.delete(message.lockToken);
      if (this.#mayHaveMore) this.#wake();
    });
    this.#running.set(message.lockToken, { startedAt: performance.now(), done });
  }

  async #process(message: LockedMessage): Promise<void> {
    const { queue, handle, log, functionName } = this.#options;
    const { messageId, lockToken, deliveryCount } = message;
    try {
      await handle(message);
    } catch (error) {
      log("error", "function.failed", { function: functionName, messageId, deliveryCount, error: stackOf(error) });
      await this.#settle(message, () => queue.abandon(lockToken, reasonOf(error)));
      return;
    }
    await this.#settle(message, () => queue.complete(lockToken));
  }

  /** Never rejects: a message that cannot be settled is delivered again when its lock runs out. */
  async #settle({ messageId }: LockedMessage, settle: () => Promise<boolean>): Promise<void> {
    const { log, functionName } = this.#options;
    for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt++) {
      try {
        if (!(await settle())) log("warn", "queue.lock_lost", { function: functionName, messageId });
        return;
      } catch (error) {
        log("error", "queue.settle_failed", { function: functionName, messageId, error: stackOf(error) });
        await delay(FIRST_BACK_OFF_MS * 2 ** attempt, undefined, { ref: false });
      }
    }
  }

  async #renewLocks(): Promise<void> {
    const { queue, lockMs, maxLockRenewalMs, log, functionName } = this.#options;
    const now = performance.now();
    const due = [...this.#running].filter(([, { startedAt }]) => now - startedAt < maxLockRenewalMs);
    for (const [lockToken] of due) {
      try {
        await queue.renew(lockToken, lockMs);
      } catch (error) {
        log("error", "queue.renew_failed", { function: functionName, error: stackOf(error) });
      }
    }
  }
}

/** What is kept with a dead letter: the error's code or class, never its message, which may hold personal data. */
function reasonOf(error: unknown): string {
  return textAt(error, "code") ?? (error instanceof Error ? error.name : "MaxDeliveryCountExceeded");
}
