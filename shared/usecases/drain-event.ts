import type { EventRecord } from "../core/delivery";
import { isOutage } from "../core/errors";
import { tenantKeyIn } from "../core/registration-id";
import { SyncDelay } from "../core/sync-task";
import type { WebhookEvent } from "../core/webhook-event";
import { recordIdOf } from "../repositories/deliveries";
import { taskIdOfEvent } from "../sync/task-documents";
import { type EventMessage, loadEvent, type OpenedMessage, openMessage, turnOf } from "./event-message";
import { type Settlement, toEventRecord, withReplayNote } from "./event-record";
import { giveUpTask } from "./give-up-task";
import { noteSynchronisation } from "./note-synchronisation";
import { redactPayload } from "./redact-payload";
import { planRetry, type RetryPlan } from "./plan-retry";
import type { Services } from "./services";
import { traceOutcome } from "./trace-outcome";

/**
 * Hands one queued event to SyncTaskService and records what became of it. Returns once the message may be completed:
 * synchronised, known already, put off by a scheduled copy, or parked as dead. An outage of the store puts the event off
 * as well: thrown errors would use up the queue's deliveries within seconds. What is left to throw for, the queue delivers
 * again, which is harmless because every write here is idempotent.
 * @throws {WebhookError} `queue_unavailable`
 */
export async function drainEvent(services: Services, body: unknown): Promise<void> {
  const opened = openMessage(body);
  if (await attempt(services, opened)) await dropPayload(services, opened);
}

/** What cannot be deleted now disappears by itself. */
async function dropPayload({ payloads, log }: Services, { event, message }: OpenedMessage): Promise<void> {
  if (message.dataref === undefined) return;
  await payloads.delete(message.dataref).catch((error: unknown) => {
    log("warn", "payload.not_deleted", { eventId: event.eventId, error: String(error) });
  });
}

/** Answers true once the event has had its effect, and so needs its payload no more. */
async function attempt(services: Services, opened: OpenedMessage): Promise<boolean> {
  const attempts = failedAttemptsOf(opened) + 1;
  let earlier: EventRecord | undefined;
  try {
    earlier = await recordOf(services, opened.event);
    if (isKnown(opened, earlier)) {
      services.log("debug", "event.known", { eventId: opened.event.eventId });
      return true;
    }
    const event = await loadEvent(services, opened);
    const task = await services.sync.enqueueSyncTask({ events: [event], attempt: attempts });
    await settle(services, opened, { outcome: "synchronised", attempts, task, earlier });
    traceOutcome(services, event, { outcome: "synchronised", attempts, task });
    return true;
  } catch (error) {
    await handleFailure(services, opened, error, earlier);
    return false;
  }
}

/** A replay is no repetition: it has its own effect, once; of an event that was discarded meanwhile, none. */
function isKnown({ message: { replayid } }: OpenedMessage, record: EventRecord | undefined): boolean {
  const replayed = record?.replays?.find(({ replayId }) => replayId === replayid);
  if (replayid !== undefined && record?.outcome === "discarded") return true;
  return (replayid === undefined ? record : replayed)?.outcome === "synchronised";
}

function recordOf({ deliveries }: Services, event: WebhookEvent): Promise<EventRecord | undefined> {
  const { tenantId, registrationId, eventId } = event;
  return deliveries.findEvent({ tenantId, registrationId, recordId: recordIdOf(eventId) });
}

async function handleFailure(
  services: Services,
  opened: OpenedMessage,
  error: unknown,
  earlier: EventRecord | undefined,
): Promise<void> {
  const plan = planRetry(services, triedOf(opened), error);
  const { attempts, reason, counts } = plan;
  services.log("warn", "event.failed", { eventId: opened.event.eventId, reason, attempts, outage: !counts });
  traceOutcome(services, opened.event, { outcome: plan.at === undefined ? "dead" : "retrying", attempts, reason });
  if (plan.at === undefined) return park(services, opened, { outcome: "dead", attempts, reason, earlier });
  // The copy goes out before anything is recorded: a crash in between repeats an attempt and loses nothing.
  await putOff(services, opened, plan.at, plan);
  // An outage of ours is not the event's affair, and the store may be what is out.
  if (isOutage(error)) return;
  // A throw would bring the original back beside its copy, and so one more copy for each delivery.
  const note = error instanceof SyncDelay ? noteWaiting : settle;
  await note(services, opened, { outcome: "retrying", attempts, reason, earlier }).catch((unrecorded: unknown) => {
    services.log("warn", "event.not_recorded", { eventId: opened.event.eventId, error: String(unrecorded) });
  });
}

/** Where not even its death can be recorded, the event waits until it can. */
async function park(services: Services, opened: OpenedMessage, settlement: Settlement): Promise<void> {
  const { earlier, reason } = settlement;
  // Another replay had the event's effect, and its payload went with that.
  if (reason === "payload_lost" && earlier?.outcome === "synchronised") {
    return services.deliveries.save(withReplayNote(services, opened, { ...settlement, earlier }));
  }
  try {
    const redactedPayload = await redactPayload(services, opened);
    await settle(services, opened, { ...settlement, ...(redactedPayload && { redactedPayload }) });
    if (redactedPayload) await dropPayload(services, opened);
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
  return {
    policy: event.retryPolicy,
    since: turnOf(opened),
    failedAttempts: failedAttemptsOf(opened),
    copies: message.copies ?? 0,
  };
}

function failedAttemptsOf({ message }: OpenedMessage): number {
  return message.failedattempts ?? 0;
}

/** Waiting for a limit is no failure, and is told once however often the event comes back to find that it has to wait. */
async function noteWaiting(services: Services, opened: OpenedMessage, settlement: Settlement): Promise<void> {
  const { earlier, reason } = settlement;
  if (earlier?.outcome === "retrying" && earlier.reason === reason) return;
  await services.deliveries.save(toEventRecord(services, opened, settlement), earlier);
}

async function settle(services: Services, opened: OpenedMessage, settlement: Settlement): Promise<void> {
  const record = toEventRecord(services, opened, settlement);
  await services.deliveries.save(record, settlement.earlier);
  await noteSynchronisation(services, opened.event, { ...settlement, latencyMs: record.latencyMs });
}
