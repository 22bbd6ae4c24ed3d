import { arrayOf, annotationsOf, decode, encode, fromGuid, LONG, TIMESTAMP, toList, toNumber } from "./amqp";
import { notBuilt } from "./broker-error";
import type { BrokerQueue, Entry } from "./broker-queue";

/** The body of a request to `$management`, as rhea reads it. */
type RequestBody = Readonly<Record<string, unknown>>;

const PREFIX = "com.microsoft:";

/**
 * Carries out an operation of a queue's `$management` address (Service Bus "AMQP request/response operations") and
 * answers the body of the reply; `undefined` means that there is nothing (status 204).
 * @throws {BrokerError}
 */
export function manage(queue: BrokerQueue, operation: string, body: RequestBody): object | undefined {
  switch (operation.replace(PREFIX, "")) {
    case "renew-lock":
      return {
        expirations: arrayOf(
          TIMESTAMP,
          lockTokens(body).map((token) => queue.renew(token)),
        ),
      };
    case "schedule-message":
      return { "sequence-numbers": arrayOf(LONG, scheduleAll(queue, body)) };
    case "cancel-scheduled-message":
      for (const sequenceNumber of toList(body["sequence-numbers"])) queue.cancel(toNumber(sequenceNumber));
      return {};
    case "peek-message":
      return peek(queue, body);
    case "update-disposition":
      for (const token of lockTokens(body)) updateDisposition(queue, token, body);
      return {};
    default:
      throw notBuilt(operation);
  }
}

function lockTokens(body: RequestBody): readonly string[] {
  return toList(body["lock-tokens"]).map(fromGuid);
}

function scheduleAll(queue: BrokerQueue, body: RequestBody): number[] {
  return toList(body["messages"]).map((entry) => {
    const message = decode(Reflect.get(Object(entry), "message"));
    return queue.enqueue(message, scheduledTimeOf(message));
  });
}

/** When a message wants to become visible, in milliseconds since 1970. */
export function scheduledTimeOf(message: Entry["message"]): number | undefined {
  const time: unknown = message.message_annotations?.["x-opt-scheduled-enqueue-time"];
  return time === undefined ? undefined : Number(time);
}

function peek(queue: BrokerQueue, body: RequestBody): object | undefined {
  const entries = queue.peek(toNumber(body["from-sequence-number"]), toNumber(body["message-count"]));
  if (entries.length === 0) return undefined;
  return { messages: entries.map((entry) => ({ message: encode(toPeeked(entry)) })) };
}

function toPeeked(entry: Entry): Entry["message"] {
  const { message, failedDeliveries } = entry;
  const annotations = { ...message.message_annotations, ...annotationsOf(entry) };
  return { ...message, delivery_count: failedDeliveries, message_annotations: annotations };
}

/** Settles a message whose link is gone. */
function updateDisposition(queue: BrokerQueue, lockToken: string, body: RequestBody): void {
  const properties = Object(body["properties-to-modify"]);
  switch (body["disposition-status"]) {
    case "completed": {
      queue.complete(lockToken);
      return;
    }
    case "abandoned": {
      queue.abandon(lockToken, properties);
      return;
    }
    case "suspended": {
      const certificate = {
        reason: body["deadletter-reason"],
        description: body["deadletter-description"],
        properties,
      };
      queue.deadLetter(lockToken, certificate);
      return;
    }
    default:
      throw notBuilt(`disposition ${String(body["disposition-status"])}`);
  }
}
