import { randomBytes, randomUUID } from "node:crypto";
import type { Message } from "rhea";
import type { BrokerClock } from "./broker-clock";
import { lockLost, unknownMessage } from "./broker-error";

/** The rules of a queue; Service Bus takes them when the queue is made. */
export interface BrokerQueueRules {
  readonly lockMs: number;
  readonly maxDeliveryCount: number;
  /** 0: no duplicate detection. */
  readonly duplicateWindowMs: number;
  /** What becomes of a message whose time to live is over: a dead letter, or nothing. */
  readonly deadLetterExpired: boolean;
  /** Above 1 messages go to them in turn, and each has sequence numbers of its own below its topmost 16 bits. */
  readonly partitions: number;
}

/** A message in the queue. */
export interface Entry {
  readonly sequenceNumber: number;
  readonly message: Message;
  readonly enqueuedAt: number;
  /** Deliveries that did not end with `complete`. */
  readonly failedDeliveries: number;
  /** Hidden until then. */
  readonly scheduledFor?: number;
  /** Put aside by a consumer, who alone knows its number. */
  readonly isDeferred?: boolean;
}

/** An entry that one consumer has to itself. */
export interface LockedEntry extends Entry {
  /** 16 bytes in hexadecimal. */
  readonly lockToken: string;
  readonly lockedUntil: number;
}

/** Why a message became a dead letter; Service Bus writes the first two into its application properties. */
interface DeathCertificate {
  readonly reason: unknown;
  readonly description?: unknown;
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
}

type State = Entry & { readonly lock?: Pick<LockedEntry, "lockToken" | "lockedUntil">; readonly cancel?: () => void };

/** The bits of a sequence number above these name the partition. */
const NUMBER_BITS = 48;

const nothing = (): void => undefined;

/**
 * A queue as Service Bus keeps it: peek-lock with expiry, delivery count, dead letters, scheduled messages, time to live
 * and duplicate detection. Knows messages, and nothing of connections and links.
 */
export class BrokerQueue {
  readonly name: string;
  readonly rules: BrokerQueueRules;
  /** The sub-queue; it has none itself. */
  readonly deadLetters: BrokerQueue | undefined;
  readonly #clock: BrokerClock;
  /** In the order of sequence numbers. */
  readonly #active = new Map<number, State>();
  readonly #scheduled = new Map<number, State>();
  readonly #locks = new Map<string, number>();
  readonly #remembered = new Map<string, number>();
  readonly #consumers = new Set<() => void>();
  #lastSequenceNumber = 0;

  constructor(name: string, rules: BrokerQueueRules, clock: BrokerClock, isDeadLetterQueue = false) {
    this.name = name;
    this.rules = rules;
    this.#clock = clock;
    if (!isDeadLetterQueue) this.deadLetters = new BrokerQueue(`${name}/$DeadLetterQueue`, rules, clock, true);
  }

  /** Takes a message in, or drops it as a duplicate. Answers its sequence number, 0 for a duplicate. */
  enqueue(message: Message, scheduledFor?: number): number {
    const now = this.#clock.now();
    // The client's own renewal of locks wants an id, so the service gives one to a message that has none.
    const messageId = String(message.message_id ?? randomUUID());
    if (this.#isDuplicate(messageId, now)) return 0;
    const identified = { ...message, message_id: messageId };
    if (scheduledFor !== undefined && scheduledFor > now) return this.#schedule(identified, scheduledFor);
    return this.#add({ message: identified, failedDeliveries: 0 });
  }

  /** Removes a scheduled message. @throws {BrokerError} message-not-found */
  cancel(sequenceNumber: number): void {
    const entry = this.#scheduled.get(sequenceNumber);
    if (entry === undefined) throw unknownMessage();
    entry.cancel?.();
    this.#scheduled.delete(sequenceNumber);
  }

  /** Locks the oldest message that is free, if there is one. */
  lockNext(): LockedEntry | undefined {
    for (const entry of this.#active.values()) {
      if (entry.lock === undefined && entry.isDeferred !== true)
        return this.#lock(entry, randomBytes(16).toString("hex"));
    }
    return undefined;
  }

  /** Locks it for as long again; answers until when. @throws {BrokerError} message-lock-lost */
  renew(lockToken: string): number {
    return this.#lock(this.#locked(lockToken), lockToken).lockedUntil;
  }

  /** Ends a lock and removes the message. @throws {BrokerError} message-lock-lost */
  complete(lockToken: string): void {
    this.#remove(this.#locked(lockToken));
  }

  /** Ends a lock, and the message can be received again, but for its last delivery. @throws {BrokerError} message-lock-lost */
  abandon(lockToken: string, properties?: Readonly<Record<string, unknown>>): void {
    this.#release(this.#locked(lockToken), properties);
  }

  /** Ends a lock, and no consumer gets the message any more. @throws {BrokerError} message-lock-lost */
  defer(lockToken: string): void {
    const { lock, cancel, ...entry } = this.#locked(lockToken);
    cancel?.();
    this.#locks.delete(lockToken);
    this.#active.set(entry.sequenceNumber, { ...entry, isDeferred: true });
  }

  /** Ends a lock and makes the message a dead letter. @throws {BrokerError} message-lock-lost */
  deadLetter(lockToken: string, certificate: DeathCertificate): void {
    this.#bury(this.#locked(lockToken), certificate);
  }

  /** Messages from a sequence number on, the locked, the deferred and the scheduled ones as well. */
  peek(fromSequenceNumber: number, max: number): readonly Entry[] {
    return [...this.#active.values(), ...this.#scheduled.values()]
      .filter(({ sequenceNumber }) => sequenceNumber >= fromSequenceNumber)
      .sort((a, b) => a.sequenceNumber - b.sequenceNumber)
      .slice(0, max);
  }

  /** Calls back whenever a message can be received. Returns a function that stops it. */
  onActive(consumer: () => void): () => void {
    this.#consumers.add(consumer);
    return () => void this.#consumers.delete(consumer);
  }

  /** Forgets all messages and ids, as a namespace that was made anew. */
  clear(): void {
    for (const { cancel = nothing } of [...this.#active.values(), ...this.#scheduled.values()]) cancel();
    for (const kept of [this.#active, this.#scheduled, this.#locks, this.#remembered]) kept.clear();
    this.deadLetters?.clear();
  }

  #isDuplicate(messageId: string, now: number): boolean {
    const { duplicateWindowMs } = this.rules;
    if (duplicateWindowMs === 0 || this.deadLetters === undefined) return false;
    const seenAt = this.#remembered.get(messageId);
    if (seenAt !== undefined && seenAt > now - duplicateWindowMs) return true;
    this.#remembered.set(messageId, now);
    return false;
  }

  #schedule(message: Message, scheduledFor: number): number {
    const sequenceNumber = this.#nextSequenceNumber();
    const cancel = this.#clock.wakeAt(scheduledFor, () => {
      this.#scheduled.delete(sequenceNumber);
      this.#add({ message, failedDeliveries: 0 });
    });
    const entry = { sequenceNumber, message, enqueuedAt: this.#clock.now(), failedDeliveries: 0, scheduledFor, cancel };
    this.#scheduled.set(sequenceNumber, entry);
    return sequenceNumber;
  }

  #nextSequenceNumber(): number {
    const number = ++this.#lastSequenceNumber;
    const { partitions } = this.rules;
    return partitions === 1 ? number : (1 + (number % partitions)) * 2 ** NUMBER_BITS + number;
  }

  /** A scheduled message gets a new sequence number when its time has come, as at Service Bus. */
  #add(arrival: Pick<Entry, "message" | "failedDeliveries">): number {
    const sequenceNumber = this.#nextSequenceNumber();
    const entry = { ...arrival, sequenceNumber, enqueuedAt: this.#clock.now() };
    this.#put(entry);
    return sequenceNumber;
  }

  /** Free from now on, until it is locked or expires. */
  #put(entry: Entry): void {
    const { sequenceNumber, message, enqueuedAt } = entry;
    const expire = (): void => this.#expire(sequenceNumber);
    const cancel = message.ttl === undefined ? nothing : this.#clock.wakeAt(enqueuedAt + message.ttl, expire);
    this.#active.set(sequenceNumber, { ...entry, cancel });
    for (const consumer of this.#consumers) consumer();
  }

  #expire(sequenceNumber: number): void {
    const entry = this.#active.get(sequenceNumber);
    if (entry === undefined) return;
    if (this.rules.deadLetterExpired) this.#bury(entry, { reason: "TTLExpiredException" });
    else this.#remove(entry);
  }

  #lock(entry: State, lockToken: string): LockedEntry {
    entry.cancel?.();
    const lock = { lockToken, lockedUntil: this.#clock.now() + this.rules.lockMs };
    const cancel = this.#clock.wakeAt(lock.lockedUntil, () => this.abandon(lockToken));
    this.#active.set(entry.sequenceNumber, { ...entry, lock, cancel });
    this.#locks.set(lockToken, entry.sequenceNumber);
    return { ...entry, ...lock };
  }

  #locked(lockToken: string): State {
    const entry = this.#active.get(this.#locks.get(lockToken) ?? 0);
    if (entry === undefined) throw lockLost();
    return entry;
  }

  #release(entry: State, properties?: Readonly<Record<string, unknown>>): void {
    const { lock, cancel, message, ...rest } = entry;
    cancel?.();
    if (lock !== undefined) this.#locks.delete(lock.lockToken);
    const changed = { ...message, application_properties: { ...message.application_properties, ...properties } };
    const released = { ...rest, message: changed, failedDeliveries: entry.failedDeliveries + 1 };
    const isLast = this.deadLetters !== undefined && released.failedDeliveries >= this.rules.maxDeliveryCount;
    if (isLast) this.#bury(released, { reason: "MaxDeliveryCountExceeded" });
    else this.#put(released);
  }

  #bury(entry: State, { reason, description, properties }: DeathCertificate): void {
    this.#remove(entry);
    if (this.deadLetters === undefined) return;
    const { ttl, ...message } = entry.message;
    const certificate = { DeadLetterReason: reason, DeadLetterErrorDescription: description };
    this.deadLetters.#add({
      failedDeliveries: entry.failedDeliveries,
      message: {
        ...message,
        application_properties: { ...message.application_properties, ...properties, ...certificate },
        message_annotations: { ...message.message_annotations, "x-opt-deadletter-source": this.name },
      },
    });
  }

  #remove({ sequenceNumber, lock, cancel }: State): void {
    cancel?.();
    if (lock !== undefined) this.#locks.delete(lock.lockToken);
    this.#active.delete(sequenceNumber);
  }
}
