import type { Clock } from "../core/ports";
import { type EventGroup, SyncFailure, type SyncTask, type SyncTaskService } from "../core/sync-task";
import type { TraceContext, Tracer } from "../core/tracing";
import type { WebhookEvent } from "../core/webhook-event";
import { namesNoRecord } from "./task-documents";

/** How long events wait for others of their record. */
export interface Coalescing {
  /** Milliseconds from the receipt of the first one; 0 leaves every event a task of its own. */
  readonly windowMs: number;
  readonly now: Clock;
  /** Resolves after so many milliseconds; after 0, when all that is at hand in this turn has come. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** Events that are going to be one task. */
interface Group {
  readonly events: [WebhookEvent, ...WebhookEvent[]];
  /** The task is part of the first event's trace, and links to those of the others. */
  readonly joined: TraceContext[];
  attempt: number;
}

/** A group that may still be joined, and the task that it becomes. */
interface Open {
  readonly group: Group;
  readonly task: Promise<SyncTask>;
}

/** A document of a task stays small, whoever sends what. */
const MOST_EVENTS = 100;

/**
 * Puts events of one record that come within the window into one task, so that a burst is read once and written once. The
 * window begins with the receipt of the first event, so what has waited in the queue for that long waits no longer. An
 * event joins only before its task begins, because a read may be older than an event that comes during it; and every
 * caller is answered only by the task that holds its event, or by its failure.
 */
export function coalesceEvents(service: SyncTaskService, coalescing: Coalescing): SyncTaskService {
  if (coalescing.windowMs === 0) return service;
  const parts = { service, coalescing, open: new Map<string, Open>() };
  return {
    enqueueSyncTask: (request) =>
      "work" in request || request.events.length > 1 || namesNoRecord(request.events[0])
        ? service.enqueueSyncTask(request)
        : enqueue(parts, request.events[0], request.attempt),
  };
}

interface Parts {
  readonly service: SyncTaskService;
  readonly coalescing: Coalescing;
  readonly open: Map<string, Open>;
}

async function enqueue(parts: Parts, event: WebhookEvent, attempt: number): Promise<SyncTask> {
  const { group, task } = join(parts, event, attempt);
  try {
    return await task;
  } catch (error) {
    // What cannot be mended in one event must not be the end of the others.
    const mayBeAnothers = group.events.length > 1 && error instanceof SyncFailure && error.permanent;
    if (mayBeAnothers) return parts.service.enqueueSyncTask({ events: [event], attempt });
    throw error;
  }
}

/** The open group of the event's record, with the event in it; a new one where there is none. */
function join(parts: Parts, event: WebhookEvent, attempt: number): Open {
  const key = keyOf(event);
  const known = parts.open.get(key);
  if (known && known.group.events.length < MOST_EVENTS) {
    const { group } = known;
    if (!group.events.some(({ eventId }) => eventId === event.eventId)) group.events.push(event);
    const span = parts.coalescing.tracer?.active();
    if (span) group.joined.push(span.context);
    group.attempt = Math.max(group.attempt, attempt);
    return known;
  }
  const group: Group = { events: [event], joined: [], attempt };
  const opened = { group, task: run(parts, group, key) };
  parts.open.set(key, opened);
  return opened;
}

async function run({ service, coalescing, open }: Parts, group: Group, key: string): Promise<SyncTask> {
  const { windowMs, now, wait } = coalescing;
  const untilOver = Date.parse(group.events[0].receivedAt) + windowMs - now();
  // The clock that stamped the receipt may be another machine's.
  await wait(Math.min(windowMs, Math.max(0, untilOver)));
  if (open.get(key)?.group === group) open.delete(key);
  const events: EventGroup = group.events.sort((a, b) => a.receivedOrder - b.receivedOrder);
  const { attempt, joined } = group;
  return service.enqueueSyncTask({ events, attempt, ...(joined.length > 0 && { joined }) });
}

/** Events of one record that came by one webhook. */
function keyOf({ registrationId, entityType, idScope, entityId }: WebhookEvent): string {
  return JSON.stringify([registrationId, entityType, idScope, entityId]);
}
