import type { EventOutcome, EventRecord } from "../core/delivery";
import type { SyncTask } from "../core/sync-task";
import { eventNameOf, type WebhookEvent } from "../core/webhook-event";
import { recordIdOf } from "../repositories/deliveries";
import { type EventMessage, loadEvent, type OpenedMessage, openMessage } from "./event-message";
import { noteSynchronisation } from "./note-synchronisation";
import { planRetry } from "./plan-retry";
import type { Services } from "./services";

/** What is recorded of an event besides what it says itself. */
interface Settlement {
  readonly outcome: EventOutcome;
  readonly attempts: number;
  readonly task?: SyncTask;
  readonly reason?: string;
}

/**
 * Hands one queued event to SyncTaskService and records what became of it. Returns once the message may be completed:
 * synchronised, known already, put off by a scheduled copy, or parked as dead. Throws only where not even that could be
 * recorded; then the queue delivers the message again, which is harmless because every write here is idempotent.
 * @throws {WebhookError} `store_unavailable`, `queue_unavailable`
 */
export async function drainEvent(services: Services, body: unknown): Promise<void> {
  const opened = openMessage(body);
  const { event, message } = opened;
  const known = await services.deliveries.findEvent({
    tenantId: event.tenantId,
    registrationId: event.registrationId,
    recordId: recordIdOf(event.eventId),
  });
  if (known?.outcome === "synchronised") services.log("debug", "event.known", { eventId: event.eventId });
  else if (await attempt(services, opened)) return;
  if (message.dataref !== undefined) await services.payloads.delete(message.dataref);
}

/** Answers true if the event is to be tried again, and so still needs its payload. */
async function attempt(services: Services, opened: OpenedMessage): Promise<boolean> {
  const attempts = failedAttemptsOf(opened) + 1;
  let { event } = opened;
  try {
    event = await loadEvent(services, opened);
    const task = await services.sync.enqueueSyncTask({ event, attempt: attempts });
    await settle(services, event, { outcome: "synchronised", attempts, task });
    return false;
  } catch (error) {
    return handleFailure(services, { ...opened, event }, error);
  }
}

async function handleFailure(services: Services, opened: OpenedMessage, error: unknown): Promise<boolean> {
  const { event, message } = opened;
  const failedAttempts = failedAttemptsOf(opened);
  const { copies = 0 } = message;
  const tried = { policy: event.retryPolicy, since: event.receivedAt, failedAttempts, copies };
  const plan = planRetry(services, tried, error);
  const { attempts, reason, counts } = plan;
  services.log("warn", "event.failed", { eventId: event.eventId, reason, attempts, outage: !counts });
  if (plan.at === undefined) {
    await settle(services, event, { outcome: "dead", attempts, reason });
    return false;
  }
  // The copy goes out before anything is recorded: a crash in between repeats an attempt and loses nothing.
  const copy: EventMessage = { ...message, failedattempts: attempts, copies: plan.copies };
  // Duplicate detection would swallow a copy under the old id (DESIGN 8).
  const messageId = `${event.eventId}~${services.newId()}`;
  await services.queue.schedule({ messageId, body: copy }, plan.at);
  if (counts) await settle(services, event, { outcome: "retrying", attempts, reason });
  return true;
}

function failedAttemptsOf({ message }: OpenedMessage): number {
  return message.failedattempts ?? 0;
}

async function settle(services: Services, event: WebhookEvent, settlement: Settlement): Promise<void> {
  const record = toRecord(services, event, settlement);
  await services.deliveries.save(record).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    // The event is too large to be kept for a replay; that it died must be on record all the same.
    const { event: _, ...small } = record;
    return services.deliveries.save(small);
  });
  await noteSynchronisation(services, event, settlement);
}

function toRecord(services: Services, event: WebhookEvent, settlement: Settlement): EventRecord {
  const now = services.now();
  const { outcome, attempts, task, reason } = settlement;
  const remembered = services.providers.get(event.integrationId)?.rememberSeconds ?? 0;
  return {
    id: recordIdOf(event.eventId),
    pk: event.registrationId,
    tenantId: event.tenantId,
    schemaVersion: 1,
    ttl: Math.max(services.rules.retentionSeconds, remembered),
    registrationId: event.registrationId,
    integrationId: event.integrationId,
    connectionId: event.connectionId,
    deliveryId: event.deliveryId,
    receivedAt: event.receivedAt,
    verdict: "accepted",
    eventName: eventNameOf(event),
    nativeType: event.nativeType,
    entityType: event.entityType,
    entityId: event.entityId,
    outcome,
    attempts,
    settledAt: new Date(now).toISOString(),
    latencyMs: now - Date.parse(event.receivedAt),
    ...(task && { syncTaskId: task.id }),
    ...(task?.result && { change: task.result.change }),
    ...(reason !== undefined && { reason }),
    ...(event.attempt && { attempt: event.attempt }),
    ...(outcome === "dead" && { event }),
  };
}
