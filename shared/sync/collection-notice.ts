import type { CollectionChanges } from "../core/collection-changes";
import { connectionOf, type RecordJob, referenceOf } from "./fetch-record";
import type { CollectionNotice } from "./sync-changes";

/**
 * The notice in a job about a collection: that something changed within it, and not what. `at` (ISO 8601) is when it was
 * asked for, where no event says so. `undefined` where the job is about no such thing.
 */
export function noticeOf(changes: CollectionChanges, job: RecordJob, at?: string): CollectionNotice | undefined {
  const { event, earlier = [] } = job;
  const isNotice = job.kind !== "edit" && event.completeness === "hint" && event.eventType !== "deleted";
  if (!isNotice || !changes.covers(event.integrationId, event.entityType)) return undefined;
  const times = [...earlier, event].flatMap(({ occurredAt, receivedAt }) => [occurredAt ?? receivedAt, receivedAt]);
  const earliest = Math.min(...times.map((time) => Date.parse(time)));
  return {
    connection: connectionOf(job),
    collection: referenceOf(event, undefined),
    at: at ?? new Date(earliest).toISOString(),
    eventId: event.eventId,
  };
}
