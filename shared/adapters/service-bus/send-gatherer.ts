import { WebhookError } from "../../core/errors";

/** The figures by which sends are gathered. */
export interface GatheringRules {
  /** How long the first message of a batch waits for others, in milliseconds. */
  readonly gatherMs: number;
  /** A batch leaves as soon as so many messages wait, */
  readonly maxBatchMessages: number;
  /** or so many bytes. The messages of one caller stay together even if they are more than that. */
  readonly maxBatchBytes: number;
  /** So many batches are under way at a time: enough to keep the link busy while the first is not answered yet. */
  readonly maxBatchesInFlight: number;
  /** Beyond this the queue does not keep up, and callers are refused at once instead of filling the memory. */
  readonly maxWaitingBytes: number;
}

/** What the gathered messages are sent with. */
export interface Transmission<Item> {
  /** Resolves when a batch can leave. Until then callers still gather, and can still give up. */
  ready(): Promise<void>;
  /** Resolves when all of them are durable. A `RangeError` must mean that none of them was sent. */
  transmit(items: readonly Item[]): Promise<void>;
}

/** One call of `send`. */
interface Caller<Item> {
  readonly items: readonly Item[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers what callers send at the same time into batches. Each caller is answered by the outcome of its own batch. */
export class SendGatherer<Item extends { readonly bytes: number }> {
  readonly #rules: GatheringRules;
  readonly #transmission: Transmission<Item>;
  /** In the order in which they came. */
  readonly #waiting = new Set<Caller<Item>>();
  #waitingMessages = 0;
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Those who wait have waited for long enough. */
  #isDue = false;
  #isPreparing = false;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(rules: GatheringRules, transmission: Transmission<Item>) {
    this.#rules = rules;
    this.#transmission = transmission;
  }

  /**
   * Resolves when these items are durable. A caller that gives up while it waits is left out of the batch. Once the batch
   * has left nobody can call it back: a caller that gives up then is told so at once, and its items may arrive all the same.
   * @throws {WebhookError} `queue_unavailable` if the caller gave up, or too much waits already
   */
  send(items: readonly Item[], signal?: AbortSignal): Promise<void> {
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    if (signal?.aborted) return Promise.reject(gaveUp(signal));
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#rules.maxWaitingBytes) {
      return Promise.reject(new WebhookError("queue_unavailable", { detail: "too much is waiting" }));
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const caller = { items, bytes, resolve: () => resolve(undefined), reject };
    this.#enter(caller);
    return signal === undefined ? promise : this.#orGiveUp(caller, promise, signal);
  }

  /** Sends what waits, and resolves when nothing is under way any more. */
  async flush(): Promise<void> {
    this.#becomeDue();
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  async #orGiveUp(caller: Caller<Item>, promise: Promise<void>, signal: AbortSignal): Promise<void> {
    const giveUp = (): void => {
      this.#leave(caller);
      caller.reject(gaveUp(signal));
    };
    signal.addEventListener("abort", giveUp);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  #enter(caller: Caller<Item>): void {
    this.#waiting.add(caller);
    this.#waitingMessages += caller.items.length;
    this.#waitingBytes += caller.bytes;
    if (this.#isDue || this.#isFull()) this.#launch();
    // Somebody waits for this timer, and only while somebody does it keeps the process alive.
    else this.#timer ??= setTimeout(() => this.#becomeDue(), this.#rules.gatherMs);
  }

  #leave(caller: Caller<Item>): void {
    if (!this.#waiting.delete(caller)) return;
    this.#waitingMessages -= caller.items.length;
    this.#waitingBytes -= caller.bytes;
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
  }

  #becomeDue(): void {
    this.#timer = undefined;
    this.#isDue = this.#waiting.size > 0;
    this.#launch();
  }

  #isFull(): boolean {
    const { maxBatchMessages, maxBatchBytes } = this.#rules;
    return this.#waitingMessages >= maxBatchMessages || this.#waitingBytes >= maxBatchBytes;
  }

  /** Starts the next batch if it is time for one, and there is room for it. */
  #launch(): void {
    const isTime = this.#waiting.size > 0 && (this.#isDue || this.#isFull());
    if (!isTime || this.#isPreparing || this.#inFlight.size >= this.#rules.maxBatchesInFlight) return;
    this.#isPreparing = true;
    const batch = this.#send().finally(() => {
      this.#inFlight.delete(batch);
      this.#launch();
    });
    this.#inFlight.add(batch);
  }

  /** Sends one batch. Who is in it is decided only when it can leave. Never rejects. */
  async #send(): Promise<void> {
    try {
      await this.#transmission.ready();
    } catch (error) {
      // No batch can leave, so it makes no difference who would have been in it.
      this.#isPreparing = false;
      for (const caller of this.#take(Infinity, Infinity)) caller.reject(error);
      return;
    }
    this.#isPreparing = false;
    const callers = this.#take(this.#rules.maxBatchMessages, this.#rules.maxBatchBytes);
    this.#launch();
    if (callers.length > 0) await this.#transmit(callers);
  }

  /** Takes out the first callers who fit into one batch, and the first of all in any case. */
  #take(maxMessages: number, maxBytes: number): readonly Caller<Item>[] {
    const taken: Caller<Item>[] = [];
    let [messages, bytes] = [0, 0];
    for (const caller of this.#waiting) {
      messages += caller.items.length;
      bytes += caller.bytes;
      if (taken.length > 0 && (messages > maxMessages || bytes > maxBytes)) break;
      taken.push(caller);
    }
    for (const caller of taken) this.#leave(caller);
    return taken;
  }

  async #transmit(callers: readonly Caller<Item>[]): Promise<void> {
    try {
      await this.#transmission.transmit(callers.flatMap(({ items }) => items));
      for (const caller of callers) caller.resolve();
    } catch (error) {
      // One of them is too large for this namespace, and none was sent: the others go without it.
      if (error instanceof RangeError && callers.length > 1) {
        await Promise.all(callers.map((caller) => this.#transmit([caller])));
        return;
      }
      for (const caller of callers) caller.reject(error);
    }
  }
}

function gaveUp(signal: AbortSignal): WebhookError {
  return new WebhookError("queue_unavailable", { detail: "aborted", cause: signal.reason });
}
