import { isWorkMessage } from "../sync/work-message";
import { drainEvent } from "./drain-event";
import { drainHeld } from "./drain-held";
import { drainReplay } from "./drain-replay";
import { drainTraced } from "./drain-traced";
import { drainWork } from "./drain-work";
import { isReplayWorkMessage } from "./replay-work";
import { isResumeMessage } from "./resume-message";
import type { Services } from "./services";

/**
 * Handles one message of the event queue: an event of a provider, or work that was asked for otherwise.
 * @throws {WebhookError} `store_unavailable`, `queue_unavailable`
 * @throws {Error} `message_unreadable`, `payload_lost`
 */
export function drainMessage(services: Services, body: unknown): Promise<void> {
  return drainTraced(services, body, (message) => handle(services, message));
}

function handle(services: Services, body: unknown): Promise<void> {
  if (isWorkMessage(body)) return drainWork(services, body);
  if (isResumeMessage(body)) return drainHeld(services, body);
  return isReplayWorkMessage(body) ? drainReplay(services, body) : drainEvent(services, body);
}
