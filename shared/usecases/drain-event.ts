import type { EventOutcome, EventRecord } from "../core/delivery";
import { isOutage } from "../core/errors";
import { tenantKeyIn } from "../core/registration-id";
import { isProviderOut, type SyncTask } from "../core/sync-task";
import { eventNameOf, type WebhookEvent } from "../core/webhook-event";
import { recordIdOf } from "../repositories/deliveries";
import { taskIdOfEvent } from "../sync/task-documents";
import { type EventMessage, loadEvent, type OpenedMessage, openMessage } from "./event-message";
import { giveUpTask } from "./give-up-task";
import { noteSynchronisation } from "./note-synchronisation";
import { planRetry, type RetryPlan } from "./plan-retry";
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
 * synchronised, known already, put off by a scheduled copy, or parked as dead. An outage of the store puts the event off
 * as well: thrown errors would use up the queue's deliveries within seconds. What is left to throw for, the queue delivers
 * again, which is harmless because every write here is idempotent.
 * @throws {WebhookError} `queue_unavailable`
 */
export async function drainEvent(services: Services, body: unknown): Promise<void> {
  const opened = openMessage(body);
  const { dataref } = opened.message;
  if (!(await attempt(services, opened)) || dataref === undefined) return;
  // What cannot be deleted now disappears by itself.
  await services.payloads.delete(dataref).catch((error: unknown) => {
    services.log("warn", "payload.not_deleted", { eventId: opened.event.eventId, error: String(error) });
  });
}

/** Answers true once the event has had its effect, and so needs its payload no more. */
async function attempt(services: Services, opened: OpenedMessage): Promise<boolean> {
  const attempts = failedAttemptsOf(opened) + 1;
  try {
    if (await isSynchronised(services, opened.event)) return true;
    const event = await loadEvent(services, opened);
    const task = await services.sync.enqueueSyncTask({ events: [event], attempt: attempts });
    await settle(services, opened, { outcome: "synchronised", attempts, task });
    return true;
  } catch (error) {
    await handleFailure(services, opened, error);
    return false;
  }
}

async function isSynchronised(services: Services, event: WebhookEvent): Promise<boolean> {
  const { tenantId, registrationId, eventId } = event;
  const known = await services.deliveries.findEvent({ tenantId, registrationId, recordId: recordIdOf(eventId) });
  if (known?.outcome !== "synchronised") return false;
  services.log("debug", "event.known", { eventId });
  return true;
}

async function handleFailure(services: Services, opened: OpenedMessage, error: unknown): Promise<void> {
  const plan = planRetry(services, triedOf(opened), error);
  const { attempts, reason, counts } = plan;
  services.log("warn", "event.failed", { eventId: opened.event.eventId, reason, attempts, outage: !counts });
  if (plan.at === undefined) return park(services, opened, { outcome: "dead", attempts, reason });
  // The copy goes out before anything is recorded: a crash in between repeats an attempt and loses nothing.
  await putOff(services, opened, plan.at, plan);
  // An outage of ours is not the event's affair, and the store may be what is out; waiting for a limit is no news.
  if (!counts && !isProviderOut(error)) return;
  // A throw would bring the original back beside its copy, and so one more copy for each delivery.
  await settle(services, opened, { outcome: "retrying", attempts, reason }).catch((unrecorded: unknown) => {
    services.log("warn", "event.not_recorded", { eventId: opened.event.eventId, error: String(unrecorded) });
  });
}

/** Where not even its death can be recorded, the event waits until it can. */
async function park(services: Services, opened: OpenedMessage, settlement: Settlement): Promise<void> {
  try {
    await settle(services, opened, settlement);
  } catch (error) {
    const later = planRetry(services, triedOf(opened), error);
    if (!isOutage(error) || later.at === undefined) throw error;
    return putOff(services, opened, later.at, later);
  }
  await giveUpTaskOf(services, opened.event, settlement.reason).catch((error: unknown) => {
    services.log("warn", "task.not_given_up", { eventId: opened.event.eventId, error: String(error) });
  });
  await letRepeat(services, opened);
}

/** An event that shares another's task has none to be found, and that task is given up with its own event. */
async function giveUpTaskOf(services: Services, event: WebhookEvent, reason = "unknown"): Promise<void> {
  const { tenantId, registrationId } = event;
  const tenantKey = tenantKeyIn(registrationId);
  if (tenantKey === undefined) return;
  await giveUpTask(services, { tenantId, tenantKey, taskId: taskIdOfEvent(event), reason });
}

/** What the provider delivers again is tried again, where the queue can be told so; elsewhere, once its window is over. */
async function letRepeat({ queue, log }: Services, { event: { eventId } }: OpenedMessage): Promise<void> {
  await queue.forget(eventId).catch((error: unknown) => {
    log("warn", "event.not_forgotten", { eventId, error: String(error) });
  });
}

async function putOff(
  services: Services,
  { event, message }: OpenedMessage,
  at: number,
  { attempts, copies }: Pick<RetryPlan, "attempts" | "copies">,
): Promise<void> {
  const copy: EventMessage = { ...message, failedattempts: attempts, copies };
  // Duplicate detection would swallow a copy under the old id (DESIGN 8).
  const messageId = `${event.eventId}~${services.newId()}`;
  await services.queue.schedule({ messageId, body: copy }, at);
}

function triedOf(opened: OpenedMessage): Parameters<typeof planRetry>[1] {
  const { event, message } = opened;
  const { retryPolicy: policy, receivedAt: since } = event;
  return { policy, since, failedAttempts: failedAttemptsOf(opened), copies: message.copies ?? 0 };
}

function failedAttemptsOf({ message }: OpenedMessage): number {
  return message.failedattempts ?? 0;
}

async function settle(services: Services, opened: OpenedMessage, settlement: Settlement): Promise<void> {
  await services.deliveries.save(toRecord(services, opened, settlement));
  await noteSynchronisation(services, opened.event, settlement);
}

function toRecord(services: Services, opened: OpenedMessage, settlement: Settlement): EventRecord {
  const { event, message } = opened;
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
    ...(event.scope === undefined ? {} : { scope: event.scope }),
    outcome,
    attempts,
    settledAt: new Date(now).toISOString(),
    latencyMs: now - Date.parse(event.receivedAt),
    ...(task && { syncTaskId: task.id }),
    ...(task?.result && { change: task.result.change }),
    ...(reason !== undefined && { reason }),
    ...(event.attempt && { attempt: event.attempt }),
    ...(message.request && { request: message.request }),
    ...keptEvent(services, opened, outcome),
  };
}

/**
 * What a replay goes by: the event as its message held it. Fields that did not fit the message are in their payload, which
 * is kept for an event that is dead and goes with one that had its effect.
 */
function keptEvent(
  { rules }: Services,
  { event, message: { dataref } }: OpenedMessage,
  outcome: EventOutcome,
): Pick<EventRecord, "event" | "dataref"> {
  if (outcome === "dead") return { event, ...(dataref !== undefined && { dataref }) };
  return rules.keepsEvents && dataref === undefined ? { event } : {};
}
