import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { WebhookError } from "../../core/errors";
import { at, textAt } from "../../core/json";
import type { Clock, DeadLetter, LockedMessage, LockingQueue, QueueDepth, QueueMessage } from "../../core/ports";
import { FORGOTTEN, prepareQueueStatements, type QueueStatements } from "./event-queue-statements";
import type { GroupCommit } from "./group-commit";
import { RememberedIds } from "./remembered-ids";
import { sweepInGroups } from "./sweep";
import { orUnavailable, readOrUnavailable } from "./unavailable";

/** Figures of a queue; on Azure they belong to the queue itself. */
export interface QueueRules {
  readonly duplicateWindowMs: number;
  readonly maxDeliveryCount: number;
}

const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_MESSAGE_ID = 128;
/** The reason that Service Bus gives for it. */
const OUT_OF_DELIVERIES = "MaxDeliveryCountExceeded";
/** `setTimeout` takes no more than 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2_000_000_000;
const MAX_REASON = 500;

/**
 * A queue as Service Bus keeps it (peek-lock, delivery count, scheduled messages, dead letters, duplicate window) in one
 * table. Sending is one append a message. Message ids are remembered in memory for the duplicate window, and read back
 * from the table at start: done messages stay there, without their body, until the window is over.
 */
export class SqliteEventQueue implements LockingQueue {
  readonly maxMessageBytes = MAX_MESSAGE_BYTES;
  readonly #commits: GroupCommit;
  readonly #now: Clock;
  readonly #rules: QueueRules;
  readonly #statements: QueueStatements;
  readonly #listeners = new Set<() => void>();
  readonly #remembered: RememberedIds;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #stopped = false;

  constructor(database: DatabaseSync, commits: GroupCommit, now: Clock, rules: QueueRules) {
    this.#commits = commits;
    this.#now = now;
    this.#rules = rules;
    this.#statements = prepareQueueStatements(database);
    this.#statements.unlockAll.run(now());
    this.#remembered = new RememberedIds(rules.duplicateWindowMs);
    const recent = this.#statements.recent.all(now() - rules.duplicateWindowMs, RememberedIds.capacity);
    for (const row of recent.reverse()) this.#recall(row);
    this.#wakeAtNextDue();
  }

  async send(messages: readonly QueueMessage[], signal?: AbortSignal): Promise<readonly boolean[]> {
    if (signal?.aborted) throw new WebhookError("queue_unavailable", { detail: "aborted", cause: signal.reason });
    const known = await this.#insert(messages, this.#now());
    if (this.#listeners.size > 0) this.#notify();
    return known;
  }

  async schedule(message: QueueMessage, visibleAt: number): Promise<void> {
    await this.#insert([message], visibleAt);
    this.#wakeAt(visibleAt);
  }

  async forget(messageId: string): Promise<void> {
    await this.#commit(() => this.#statements.forget.run({ id: messageId, now: this.#now() }));
    this.#remembered.forget(messageId);
  }

  async receive(max: number, lockMs: number): Promise<readonly LockedMessage[]> {
    const { received, buried } = await this.#commit(() => this.#lockSome(max, lockMs));
    for (const messageId of buried) this.#remembered.forget(messageId);
    this.#wakeAtNextDue();
    return received;
  }

  complete(lockToken: string): Promise<boolean> {
    return this.#commit(() => {
      const now = this.#now();
      return this.#statements.complete.run(now, seqOf(lockToken), lockToken, now).changes > 0;
    });
  }

  async abandon(lockToken: string, reason?: string): Promise<boolean> {
    const released = await this.#commit(() => this.#release(lockToken, reason));
    if (released === undefined) return false;
    if (released.buried !== undefined) this.#remembered.forget(released.buried);
    this.#notify();
    return true;
  }

  renew(lockToken: string, lockMs: number): Promise<boolean> {
    return this.#commit(() => {
      const now = this.#now();
      return this.#statements.renew.run(now + lockMs, seqOf(lockToken), lockToken, now).changes > 0;
    });
  }

  deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return readOrUnavailable("queue_unavailable", () => this.#statements.dead.all(limit).map(toDeadLetter));
  }

  depth(): Promise<QueueDepth> {
    return readOrUnavailable("queue_unavailable", () => {
      const now = this.#now();
      const row = this.#statements.depth.get(now, now);
      const count = (name: string): number => Number(at(row, name) ?? 0);
      const [scheduled, oldestAt] = [count("scheduled"), count("oldest")];
      return {
        active: count("waiting") - scheduled,
        scheduled,
        deadLettered: count("dead"),
        oldestAt: oldestAt > 0 ? oldestAt : null,
      };
    });
  }

  onMessage(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets some of the done messages whose duplicate window is over. */
  async sweep(): Promise<void> {
    const now = this.#now();
    this.#remembered.sweep(now);
    await sweepInGroups(this.#commits, () => this.#statements.sweep.run(now - this.#rules.duplicateWindowMs));
  }

  /** Stops the timer for scheduled messages. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #recall(row: object): void {
    const messageId = String(at(row, "message_id"));
    if (at(row, "reason") === FORGOTTEN) this.#remembered.forget(messageId);
    else this.#remembered.add(messageId, Number(at(row, "enqueued_at")));
  }

  #insert(messages: readonly QueueMessage[], visibleAt: number): Promise<boolean[]> {
    const rows = messages.map(toRow);
    const now = this.#now();
    const added: string[] = [];
    const insert = (): boolean[] =>
      rows.map(({ messageId, body }) => {
        if (this.#remembered.has(messageId, now)) return true;
        this.#statements.insert.run(messageId, body, visibleAt, now);
        this.#remembered.add(messageId, now);
        added.push(messageId);
        return false;
      });
    // What was not stored must not be taken for a duplicate when it comes again.
    const forget = (): void => {
      for (const messageId of added.splice(0)) this.#remembered.forget(messageId);
    };
    return orUnavailable("queue_unavailable", this.#commits.run(insert, forget));
  }

  #lockSome(max: number, lockMs: number): { received: LockedMessage[]; buried: string[] } {
    const now = this.#now();
    const received: LockedMessage[] = [];
    const buried: string[] = [];
    for (const row of this.#statements.visible.all(now, max)) {
      const seq = Number(row["seq"]);
      const deliveryCount = Number(row["delivery_count"]) + 1;
      if (deliveryCount > this.#rules.maxDeliveryCount) {
        buried.push(this.#bury(seq, OUT_OF_DELIVERIES));
        continue;
      }
      const lockToken = `${seq}-${randomBytes(12).toString("hex")}`;
      this.#statements.lock.run(lockToken, now + lockMs, seq);
      received.push({
        messageId: String(row["message_id"]),
        body: String(row["body"]),
        lockToken,
        deliveryCount,
        enqueuedAt: Number(row["enqueued_at"]),
        sequenceNumber: seq,
      });
    }
    return { received, buried };
  }

  #release(lockToken: string, reason = OUT_OF_DELIVERIES): { buried?: string } | undefined {
    const now = this.#now();
    const row = this.#statements.locked.get(seqOf(lockToken), lockToken, now);
    if (row === undefined) return undefined;
    const seq = Number(row["seq"]);
    if (Number(row["delivery_count"]) >= this.#rules.maxDeliveryCount) return { buried: this.#bury(seq, reason) };
    this.#statements.unlock.run(now, seq);
    return {};
  }

  /**
   * Answers the message id. Once that is committed the id is forgotten, so that the provider's next repetition is not
   * swallowed as a duplicate.
   */
  #bury(seq: number, reason: string): string {
    const buried = this.#statements.bury.get(reason.slice(0, MAX_REASON), this.#now(), seq);
    return String(at(buried, "message_id"));
  }

  #commit<R>(work: () => R): Promise<R> {
    return orUnavailable("queue_unavailable", this.#commits.run(work));
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #wakeAtNextDue(): void {
    if (this.#stopped) return;
    try {
      const due = at(this.#statements.nextDue.get(this.#now()), "due");
      if (typeof due === "number") this.#wakeAt(due);
    } catch {
      // Nobody waits for this read, and the consumer looks by itself now and then: its own read will tell what is wrong.
    }
  }

  #wakeAt(dueAt: number): void {
    if (this.#stopped || dueAt >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = dueAt;
    const wait = Math.min(LONGEST_TIMER_MS, Math.max(0, dueAt - this.#now()));
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#notify();
      this.#wakeAtNextDue();
    }, wait);
    this.#timer.unref();
  }
}

function seqOf(lockToken: string): number {
  return Number.parseInt(lockToken, 10);
}

function toRow(message: QueueMessage): { messageId: string; body: string } {
  const body = JSON.stringify(message.body);
  if (Buffer.byteLength(body) > MAX_MESSAGE_BYTES) throw new RangeError("a message is larger than the queue takes");
  if (message.messageId.length > MAX_MESSAGE_ID) throw new RangeError("a message id is longer than 128 characters");
  return { messageId: message.messageId, body };
}

function toDeadLetter(row: object): DeadLetter {
  return {
    messageId: textAt(row, "message_id") ?? "",
    body: textAt(row, "body") ?? "",
    reason: textAt(row, "reason") ?? "",
    deliveryCount: Number(at(row, "delivery_count")),
    deadLetteredAt: Number(at(row, "settled_at")),
  };
}
