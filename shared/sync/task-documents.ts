import { hash } from "node:crypto";
import { newestFirst } from "../core/newest-first";
import { tenantKeyIn } from "../core/registration-id";
import { type EventGroup, latestOf, SyncFailure, type SyncTask, type SyncWork } from "../core/sync-task";
import type { WebhookEvent } from "../core/webhook-event";
import { recordIdOf } from "../repositories/deliveries";

/** A task as it begins. */
export type NewTask = Omit<SyncTask, "status">;

/** What all tasks have from their surroundings. */
interface TaskContext {
  readonly tenantKey: string;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly retentionSeconds: number;
}

/** A salesforce overflow reports changes that were committed at its own time; clocks and clusters may be off by this. */
const OVERFLOW_MARGIN_MS = 3_600_000;
const EVERYTHING = "*";

/** An id that sorts before those of work that came in earlier (`since`, ISO 8601). */
export function taskIdOf(since: string, name: string): string {
  return `task-${newestFirst(since)}-${name}`;
}

/** The tenant key in an event's registration id. @throws {SyncFailure} `registration_id_malformed` */
export function demandTenantKey({ registrationId }: Pick<WebhookEvent, "registrationId">): string {
  const tenantKey = tenantKeyIn(registrationId);
  if (tenantKey === undefined) throw new SyncFailure("registration_id_malformed", { permanent: true });
  return tenantKey;
}

/** The id of the task that begins with an event. */
export function taskIdOfEvent({ receivedAt, eventId }: Pick<WebhookEvent, "receivedAt" | "eventId">): string {
  return taskIdOf(receivedAt, recordIdOf(eventId));
}

/** The task of events; its id is the first one's, so that every attempt at the same events is at the same document. */
export function taskOfEvents(events: EventGroup, { tenantKey, attempt, now, retentionSeconds }: TaskContext): NewTask {
  const [first] = events;
  const event = latestOf(events);
  return {
    id: taskIdOfEvent(first),
    pk: tenantKey,
    tenantId: event.tenantId,
    schemaVersion: 1,
    ttl: retentionSeconds,
    registrationId: event.registrationId,
    integrationId: event.integrationId,
    connectionId: event.connectionId,
    trigger: "webhook",
    entityType: event.entityType,
    entityId: recordable(event.entityId),
    eventType: event.eventType,
    eventIds: events.map(({ eventId }) => eventId),
    attempts: attempt,
    startedAt: new Date(now).toISOString(),
  };
}

/** The task of some work. */
export function taskOfWork(
  work: SyncWork,
  { attempt, now, retentionSeconds }: Omit<TaskContext, "tenantKey">,
): NewTask {
  return {
    id: work.taskId,
    pk: work.tenantKey,
    tenantId: work.tenantId,
    schemaVersion: 1,
    ttl: retentionSeconds,
    ...(work.registrationId === undefined ? {} : { registrationId: work.registrationId }),
    integrationId: work.integrationId,
    connectionId: work.connectionId,
    trigger: work.trigger,
    entityType: work.entityType,
    entityId: work.record ? recordable(work.record.entityId) : EVERYTHING,
    eventIds: [],
    attempts: attempt,
    startedAt: new Date(now).toISOString(),
  };
}

/** Whose the task is. */
export function tenantOf({ tenantId, pk }: NewTask): { readonly tenantId: string; readonly tenantKey: string } {
  return { tenantId, tenantKey: pk };
}

/** True for an event that names no single record: `*` after an overflow, `001*` after a lossy conversion. */
export function namesNoRecord({ gap, entityId }: Pick<WebhookEvent, "gap" | "entityId">): boolean {
  return gap === true && entityId.endsWith(EVERYTHING);
}

/** The work that such an event asks for: all records that changed since shortly before, or, for a prefix, all there are. */
export function workOfGap(event: WebhookEvent, tenantKey: string, now: number): SyncWork {
  const isOverflow = event.entityId === EVERYTHING;
  const since = isOverflow ? Date.parse(event.occurredAt ?? event.receivedAt) - OVERFLOW_MARGIN_MS : 0;
  return {
    taskId: taskIdOf(event.receivedAt, `${recordIdOf(event.eventId)}-all`),
    tenantId: event.tenantId,
    tenantKey,
    integrationId: event.integrationId,
    connectionId: event.connectionId,
    registrationId: event.registrationId,
    trigger: "gap",
    entityType: event.entityType,
    since: new Date(since).toISOString(),
    requestedAt: new Date(now).toISOString(),
  };
}

/** Some providers name a record by somebody's e-mail address: a task keeps a fingerprint of it. */
function recordable(entityId: string): string {
  return entityId.includes("@") ? `sha256:${hash("sha256", entityId, "hex").slice(0, 32)}` : entityId;
}
