import type { EngineMessage } from "../core/external-engine";
import type { SyncWork } from "../core/sync-task";
import { eventNameOf, type WebhookEvent } from "../core/webhook-event";

const common = { specversion: "1.0", datacontenttype: "application/json" } as const;

/**
 * What an external engine is told of an event: all that it says itself. How often we try it is our own affair. A replay
 * has an id of its own, because the engine leaves an id alone that it knows; its repetitions keep that id.
 */
export function messageOfEvent(event: WebhookEvent, taskId: string): EngineMessage {
  const { retryPolicy: _, attempt: __, eventId, replayId, ...data } = event;
  return {
    ...common,
    id: replayId === undefined ? eventId : `${eventId}~${replayId}`,
    source: `/webhooks/${event.registrationId}`,
    type: `castiel.webhook.${eventNameOf(event)}`,
    time: event.occurredAt ?? event.receivedAt,
    synctaskid: taskId,
    ...(replayId === undefined ? {} : { replayof: eventId, replayid: replayId }),
    data,
  };
}

/** What it is told of other work. A list it reads in its own way, so there is one message, not one for each page. */
export function messageOfWork(work: SyncWork): EngineMessage {
  const { taskId, tenantKey: _, page: __, cursor: ___, record, ...data } = work;
  return {
    ...common,
    id: taskId,
    source: `/sync-tasks/${taskId}`,
    type: "castiel.sync.requested",
    time: work.requestedAt,
    synctaskid: taskId,
    data: { ...data, ...record },
  };
}
