import { textAt } from "../core/json";
import type { QueueMessage } from "../core/ports";
import type { SyncWork } from "../core/sync-task";

/** A message of the event queue for work that no event asked for: a CloudEvents 1.0 JSON object. */
export interface WorkMessage {
  readonly specversion: "1.0";
  readonly id: string;
  /** `/sync-tasks/{taskId}` */
  readonly source: string;
  readonly type: "castiel.sync.requested";
  /** Attempts that failed and count; absent before the first. */
  readonly failedattempts?: number;
  /** Copies made so far, which space out the next one. */
  readonly copies?: number;
  readonly data: SyncWork;
}

const SOURCE = "/sync-tasks/";

/**
 * The message of some work. Its id is the same whenever the same work is sent again, so that a page whose task was killed
 * after it asked for the next one does not ask twice.
 */
export function toWorkMessage(work: SyncWork): QueueMessage & { readonly body: WorkMessage } {
  const id = `${work.taskId}~${work.page ?? 0}`;
  return {
    messageId: id,
    body: { specversion: "1.0", id, source: SOURCE + work.taskId, type: "castiel.sync.requested", data: work },
  };
}

/** Only we write to the queue, so the fields that name the work are enough to tell ours from anything else. */
export function isWorkMessage(value: unknown): value is WorkMessage {
  const isOurs = textAt(value, "source")?.startsWith(SOURCE) === true;
  const names = ["taskId", "tenantId", "tenantKey", "integrationId", "connectionId", "entityType"];
  return isOurs && names.every((name) => textAt(value, "data", name) !== undefined);
}
