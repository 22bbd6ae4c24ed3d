import type {
  PeekMessagesOptions,
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
} from "@azure/service-bus";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../core/ports";
import { closeClient } from "./close-client";
import { failureCodeOf, TIMED_OUT } from "./unavailable";

/** What a queue is browsed with. */
export interface QueueHeadOptions {
  /** Makes a client; that opens no connection yet. */
  readonly connect: () => ServiceBusClient;
  readonly queueName: string;
  /** How long a look may take, in milliseconds; the first one opens the connection. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Where a message stands in the queue, in the SDK's type for 64 bits. */
type SequenceNumber = NonNullable<PeekMessagesOptions["fromSequenceNumber"]>;

/** A client of its own, because the one that sends must not wait for somebody who only looks. */
interface View {
  readonly client: ServiceBusClient;
  readonly receiver: ServiceBusReceiver;
  /** Where the next look begins; at first that is left to the SDK, which begins with the first message. */
  from?: SequenceNumber;
}

/** One message tells all where the head waits. The other pages are for scheduled messages that stand before it. */
const PAGES = [1, 250, 250, 250, 250] as const;
/** The topmost 16 bits of a number name the partition (Service Bus "message sequencing and timestamps"). */
const NUMBER_BITS = 48;

/**
 * Finds since when the message waits that waits longest, and leaves it where it is: Service Bus has no figure for that.
 * Browsing shows scheduled and deferred messages as well, in the order of their numbers, and those that a consumer has
 * locked. A scheduled message gets a new number and a new time when its own has come, so what was passed once is never
 * looked at again; the next look goes on where the last one ended.
 */
export class QueueHead {
  readonly #options: QueueHeadOptions;
  #view: View | undefined;
  #looking: Promise<number | null | undefined> | undefined;
  #isClosed = false;

  constructor(options: QueueHeadOptions) {
    this.#options = options;
  }

  /**
   * Milliseconds since 1970, on the clock of Service Bus; `null` if no message waits; `undefined` if that could not be seen:
   * the queue did not answer in time, or too many scheduled messages stand first. Callers at the same time share
   * one look. Never rejects.
   */
  oldestAt(): Promise<number | null | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Closes the connection, if there is one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#view !== undefined) await closeClient(this.#view.client);
  }

  async #look(): Promise<number | null | undefined> {
    const view = (this.#view ??= this.#open());
    const answered = new AbortController();
    try {
      const late = delay<typeof TIMED_OUT>(this.#options.timeoutMs, TIMED_OUT, { ref: false, signal: answered.signal });
      const found = await Promise.race([browse(view), late]);
      if (found !== TIMED_OUT) return found;
      this.#abandon(view, TIMED_OUT);
    } catch (error) {
      this.#abandon(view, failureCodeOf(error));
    } finally {
      answered.abort();
    }
    return undefined;
  }

  #open(): View {
    const client = this.#options.connect();
    return { client, receiver: client.createReceiver(this.#options.queueName, { skipParsingBodyAsJson: true }) };
  }

  /** The next look opens a connection of its own, and begins with the first message. */
  #abandon(view: View, error: string): void {
    if (this.#isClosed) return;
    this.#options.log("warn", "queue.peek_failed", { error });
    this.#view = undefined;
    void closeClient(view.client);
  }
}

async function browse(view: View): Promise<number | null | undefined> {
  let { from } = view;
  let oldest: number | null = null;
  for (const size of PAGES) {
    const page = await view.receiver.peekMessages(size, from && { fromSequenceNumber: from });
    const last = page.at(-1)?.sequenceNumber;
    if (last === undefined) {
      // Nothing is left where the last look ended. A queue that was made anew counts from the beginning.
      if (from !== undefined && from === view.from) view.from = firstOf(from);
      return oldest;
    }
    const waiting = page.filter(({ state }) => state === "active");
    if (isOfPartition(last)) {
      view.from = firstOf(last);
      oldest = earliest(oldest, waiting);
    } else {
      view.from = waiting[0]?.sequenceNumber ?? last;
      if (waiting.length > 0) return earliest(null, waiting.slice(0, 1));
    }
    from = last.add(1);
  }
  return undefined;
}

/** Each partition counts for itself, so only who has seen all of them knows which message is the oldest. */
function isOfPartition(number: SequenceNumber): boolean {
  return !number.shiftRightUnsigned(NUMBER_BITS).isZero();
}

/** Numbers begin at 1. */
function firstOf(number: SequenceNumber): SequenceNumber {
  return number.sub(number).add(1);
}

function earliest(known: number | null, messages: readonly ServiceBusReceivedMessage[]): number | null {
  const times = messages.flatMap(({ enqueuedTimeUtc }) => enqueuedTimeUtc?.getTime() ?? []);
  return times.reduce<number | null>((first, time) => Math.min(first ?? time, time), known);
}
