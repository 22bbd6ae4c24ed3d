import type { Delivery, Sender } from "rhea";
import { annotationsOf, deliveryLimit, fromDeliveryTag, inTurn, outcome, toDeliveryTag } from "./amqp";
import { toBrokerError } from "./broker-error";
import type { BrokerQueue, LockedEntry } from "./broker-queue";

/** How a consumer settled a delivery: the name of rhea's event. */
export type Settlement = "accepted" | "released" | "modified" | "rejected";

/** Hands the messages of one queue to one receiving client, as far as its credit goes, and settles them. */
export class ConsumerLink {
  readonly #queue: BrokerQueue;
  readonly #sender: Sender;
  readonly #unsubscribe: () => void;
  readonly #settled = new WeakSet<Delivery>();
  #sent = 0;

  constructor(queue: BrokerQueue, sender: Sender) {
    this.#queue = queue;
    this.#sender = sender;
    this.#unsubscribe = queue.onActive(() => this.pump());
  }

  /** Sends what there is. */
  pump(): void {
    while (this.#sent < deliveryLimit(this.#sender)) {
      const entry = this.#queue.lockNext();
      if (entry === undefined) return;
      this.#sent++;
      this.#sender.send(toWire(entry), toDeliveryTag(entry.lockToken));
    }
  }

  /** The client wants its credit back: it gets what there is, and the rest of the credit is used up. */
  drain(): void {
    this.pump();
    this.#sent = deliveryLimit(this.#sender);
    this.#sender.set_drained(true);
  }

  /** Carries out a disposition and answers it. */
  settle(delivery: Delivery, settlement: Settlement): void {
    if (this.#settled.has(delivery)) return;
    this.#settled.add(delivery);
    try {
      this.#carryOut(delivery, settlement);
      // A dead letter ("rejected") as well: the client takes "rejected" for a refusal of its wish.
      answer(delivery, outcome("accepted"));
    } catch (error) {
      const refusal = outcome("rejected", { error: toBrokerError(error).toAmqp() });
      inTurn(() => answer(delivery, refusal));
    }
  }

  /** Locks stay until they run out, as at Service Bus. */
  close(): void {
    this.#unsubscribe();
  }

  #carryOut(delivery: Delivery, settlement: Settlement): void {
    const lockToken = fromDeliveryTag(delivery.tag);
    const state = delivery.remote_state ?? {};
    if (settlement === "accepted") {
      this.#queue.complete(lockToken);
      return;
    }
    if (settlement === "modified" && state["undeliverable_here"] === true) {
      this.#queue.defer(lockToken);
      return;
    }
    if (settlement !== "rejected") {
      this.#queue.abandon(lockToken, state["message_annotations"]);
      return;
    }
    const { DeadLetterReason, DeadLetterErrorDescription, ...properties } = state["error"]?.info ?? {};
    const certificate = { reason: DeadLetterReason, description: DeadLetterErrorDescription, properties };
    this.#queue.deadLetter(lockToken, certificate);
  }
}

/** The client settles only after us, and says nothing more then: rhea must not wait for it, or its buffer fills up. */
function answer(delivery: Delivery, state: unknown): void {
  delivery.update(true, state);
  Object.assign(delivery, { remote_settled: true });
}

function toWire(entry: LockedEntry) {
  const { message, failedDeliveries } = entry;
  const annotations = { ...message.message_annotations, ...annotationsOf(entry) };
  return { ...message, delivery_count: failedDeliveries, message_annotations: annotations };
}
