import { at, objectsIn, textAt } from "../../core/json";
import type { ListQuery, RecordPage } from "../../core/record-reader";
import { timeVersion } from "../../core/version";
import { fromCursor, toCursor } from "./cursor";
import { unknownAnswer } from "./failures";
import type { OpenedConnection } from "./vendor-sessions";

const PAGE_SIZE = 200;
const MINUTE_MS = 60_000;

/** True where a list is still at the deletions, which come first, and only where it is about a window. */
export function isAtDeletions({ until, cursor }: ListQuery): boolean {
  return until !== undefined && (cursor === undefined || fromCursor(cursor)["deletions"] !== undefined);
}

/**
 * Records that were deleted within a window ("sObject Get Deleted"): also those that are not in the recycle bin any more,
 * which no query finds. The log goes back 15 days at most, and not every type has one.
 */
export async function listDeletions(
  { api, session }: OpenedConnection,
  dataUrl: string,
  query: ListQuery,
): Promise<RecordPage> {
  const { entityType, since, until = since, cursor } = query;
  // Seconds do not count there, and the end must be later than the start.
  const window = { start: toOffsetTime(Date.parse(since)), end: toOffsetTime(Date.parse(until) + 2 * MINUTE_MS) };
  const reply = await session.call({ url: `${dataUrl}/sobjects/${entityType}/deleted/`, query: window });
  const hasLog = reply.status === 200;
  if (!hasLog && reply.status !== 400 && reply.status !== 404) throw unknownAnswer(api, reply);
  const from = Number(fromCursor(cursor)["deletions"] ?? 0);
  const deleted = hasLog ? objectsIn(at(reply.json, "deletedRecords")) : [];
  const isOver = from + PAGE_SIZE >= deleted.length;
  return {
    records: deleted.slice(from, from + PAGE_SIZE).flatMap((record) => {
      const entityId = textAt(record, "id");
      const version = timeVersion(textAt(record, "deletedDate"));
      if (entityId === undefined) return [];
      return [{ reference: { entityType, entityId }, record: {}, deleted: true, ...(version && { version }) }];
    }),
    // Then what was changed, from the beginning of the window.
    cursor: toCursor(isOver ? { time: since } : { deletions: from + PAGE_SIZE }),
  };
}

/** `2026-11-24T12:00:00+00:00`, as the reference writes times. */
function toOffsetTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "+00:00");
}
