import { textAt } from "./json";
import type { EventQueue, QueueMessage } from "./ports";
import type { Attributes, TraceContext, Tracer } from "./tracing";

/** What traces call a queue. */
export interface QueueLabel {
  /** `servicebus`, or `sqlite`. */
  readonly system: string;
  readonly name: string;
}

/** What a span says of an operation on the queue. */
export function queueAttributes({ system, name }: QueueLabel, type: "send" | "process", operation: string): Attributes {
  return {
    "messaging.system": system,
    "messaging.destination.name": name,
    "messaging.operation.type": type,
    "messaging.operation.name": operation,
  };
}

/** What the context adds to a body: a comma, a name, and a `traceparent` of version 00. */
const CONTEXT_BYTES = `,"traceparent":"00-${"0".repeat(32)}-${"0".repeat(16)}-00"`.length;

/**
 * Sending is a span, and its context goes with each message that has none yet (CloudEvents extension "distributed
 * tracing"). A message that is sent again keeps what it was made under.
 */
export function tracedQueue(queue: EventQueue, tracer: Tracer, label: QueueLabel): EventQueue {
  const sending = <T>(
    operation: string,
    messages: readonly QueueMessage[],
    send: (messages: readonly QueueMessage[]) => Promise<T>,
  ): Promise<T> => {
    const attributes = { ...queueAttributes(label, "send", operation), ...messagesOf(messages) };
    return tracer.run(`${operation} ${label.name}`, { kind: "producer", attributes }, ({ context }) =>
      send(messages.map((message) => withContext(message, context))),
    );
  };
  return {
    maxMessageBytes: queue.maxMessageBytes - CONTEXT_BYTES,
    send: (messages, signal) => sending("send", messages, (traced) => queue.send(traced, signal)),
    schedule: (message, at) => sending("schedule", [message], async ([traced = message]) => queue.schedule(traced, at)),
    forget: (messageId) => queue.forget(messageId),
    depth: () => queue.depth(),
    deadLetters: (limit) => queue.deadLetters(limit),
  };
}

function messagesOf(messages: readonly QueueMessage[]): Attributes {
  const [first, ...others] = messages;
  return others.length === 0
    ? { "messaging.message.id": first?.messageId }
    : { "messaging.batch.message_count": messages.length };
}

function withContext(message: QueueMessage, context: TraceContext): QueueMessage {
  if (textAt(message.body, "traceparent") !== undefined) return message;
  return { ...message, body: { ...message.body, ...context } };
}
