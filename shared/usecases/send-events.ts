import { hash } from "node:crypto";
import { WebhookError } from "../core/errors";
import type { EventMessage } from "./event-message";
import type { Services } from "./services";

/** Longer than a message lives in the queue and its dead letters, in seconds. */
export const PAYLOAD_TTL_SECONDS = 45 * 86_400;
/** Room for what stands around the record's fields in a message: ids and names of the greatest length, escaped. */
const ENVELOPE_BYTES = 32 * 1024;
/** JSON text is at most this much longer than the bytes it was made of: a control character becomes `\u0000`. */
const MAX_ESCAPING = 6;

/**
 * Puts the events of one delivery, whose body had `bodyBytes` bytes, on the queue: all or none. Answers for each event
 * whether the queue knew it already.
 * @throws {WebhookError} `queue_unavailable` if it refuses or takes longer than the rules allow
 */
export async function sendEvents(
  services: Services,
  events: readonly EventMessage[],
  bodyBytes: number,
): Promise<readonly boolean[]> {
  const bodies = await toQueueBodies(services, events, bodyBytes);
  const messages = bodies.map((body) => ({ messageId: body.id, body }));
  return withinBudget((signal) => services.queue.send(messages, signal), services.rules.queueTimeoutMs);
}

/** The messages as the queue takes them: what does not fit is in payloads. @throws {WebhookError} `store_unavailable` */
export async function toQueueBodies(
  services: Services,
  events: readonly EventMessage[],
  bodyBytes: number,
): Promise<readonly EventMessage[]> {
  const fits = bodyBytes * MAX_ESCAPING + ENVELOPE_BYTES <= services.queue.maxMessageBytes;
  return fits ? events : Promise.all(events.map((event) => claimCheck(services, event)));
}

/** The message itself if it fits the queue, else one that points to the payload that holds its record's fields. */
async function claimCheck(services: Services, message: EventMessage): Promise<EventMessage> {
  const bytes = Buffer.from(JSON.stringify(message.data.data));
  if (bytes.length + ENVELOPE_BYTES <= services.queue.maxMessageBytes) return message;
  const dataref = hash("sha256", message.id, "hex");
  await services.payloads.put(dataref, bytes, PAYLOAD_TTL_SECONDS);
  return { ...message, data: { ...message.data, data: {} }, dataref };
}

/** What takes longer is told to give up, and its answer is not waited for. */
function withinBudget<T>(work: (signal: AbortSignal) => Promise<T>, budgetMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const budget = new AbortController();
    const timer = setTimeout(() => {
      reject(new WebhookError("queue_unavailable", { detail: "timeout" }));
      budget.abort();
    }, budgetMs);
    work(budget.signal)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}
