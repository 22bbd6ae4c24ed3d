import type { ChangesOutcome, ChangesQuery, RecordChange } from "../../core/collection-changes";
import { at, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { RecordReference } from "../../core/record-reader";
import { timeVersion } from "../../core/version";
import { fromCursor } from "./cursor";
import { furtherPage, lastPage, outcomeOf } from "./google-page";
import { serviceUrl } from "./google-service";
import type { OpenedConnection } from "./vendor-sessions";

/**
 * The events of a calendar ("Synchronize resources efficiently", developers.google.com/workspace/calendar): a list of all
 * of them ends with a token, and a list by that token has what changed since. A token cannot be had otherwise, nor together
 * with most filters: so a beginning reads all events, and leaves out those that did not change. 410: begin anew.
 */
const PAGE_SIZE = 250;

export async function calendarChanges(
  { api, session }: OpenedConnection,
  query: ChangesQuery,
): Promise<ChangesOutcome> {
  const { collection, since } = query;
  const known = fromCursor(query.position);
  const position = query.position === undefined ? { since } : known;
  const calendar = encodeURIComponent(collection.entityId);
  const reply = await session.call({
    url: `${serviceUrl(session, "www")}/calendar/v3/calendars/${calendar}/events`,
    query: {
      maxResults: PAGE_SIZE,
      showDeleted: "true",
      syncToken: textAt(position, "token"),
      pageToken: textAt(position, "page"),
    },
  });
  return outcomeOf(api, query, reply, (body) => {
    const events = objectsIn(body["items"]).filter((event) => isSince(event, textAt(position, "since")));
    const changes = events.flatMap((event) => toChange(event, collection));
    const [page, token] = [textAt(body, "nextPageToken"), textAt(body, "nextSyncToken")];
    if (page !== undefined) return furtherPage(changes, { ...position, page });
    return token === undefined ? undefined : lastPage(changes, { token });
  });
}

/** An event that states no time may have changed at any. */
function isSince(event: JsonObject, since: string | undefined): boolean {
  const updated = textAt(event, "updated");
  return since === undefined || updated === undefined || Date.parse(updated) >= Date.parse(since);
}

function toChange(event: JsonObject, { entityId: idScope }: RecordReference): readonly RecordChange[] {
  const entityId = textAt(event, "id");
  if (entityId === undefined) return [];
  const reference = { entityType: "calendar_event", entityId, idScope };
  const time = timeVersion(textAt(event, "updated"));
  const version = time === undefined ? {} : { version: time };
  // Of a deleted event nothing but its id is certain to be there.
  if (at(event, "status") === "cancelled") return [{ kind: "deleted", reference, ...version }];
  return [{ kind: "found", reference, record: event, ...version }];
}
