import { isWorkMessage } from "../sync/work-message";
import { drainEvent } from "./drain-event";
import { drainWork } from "./drain-work";
import type { Services } from "./services";

/**
 * Handles one message of the event queue: an event of a provider, or work that was asked for otherwise.
 * @throws {WebhookError} `store_unavailable`, `queue_unavailable`
 * @throws {Error} `message_unreadable`, `payload_lost`
 */
export function drainMessage(services: Services, body: unknown): Promise<void> {
  return isWorkMessage(body) ? drainWork(services, body) : drainEvent(services, body);
}
