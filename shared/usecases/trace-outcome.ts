import type { EventOutcome } from "../core/delivery";
import type { SyncTask } from "../core/sync-task";
import type { WebhookEvent } from "../core/webhook-event";
import type { Services } from "./services";

/** What became of an attempt. */
interface TracedOutcome {
  readonly outcome: EventOutcome;
  /** That failed and count, with the present one. */
  readonly attempts: number;
  readonly reason?: string;
  readonly task?: SyncTask;
}

/** Tells the span of an event's message what became of it. Several events may share a task, which is part of the first one's trace. */
export function traceOutcome({ tracer }: Services, event: WebhookEvent, outcome: TracedOutcome): void {
  const span = tracer?.active();
  if (span === undefined) return;
  span.set({
    "castiel.registration.id": event.registrationId,
    "castiel.entity.type": event.entityType,
    "castiel.event.outcome": outcome.outcome,
    "castiel.event.attempts": outcome.attempts,
    "castiel.sync_task.id": outcome.task?.id,
  });
  if (outcome.reason !== undefined) span.fail(outcome.reason);
}
