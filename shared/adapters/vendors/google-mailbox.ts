import type { ChangesOutcome, ChangesQuery, RecordChange } from "../../core/collection-changes";
import { type JsonObject, objectsIn, textAt } from "../../core/json";
import type { RecordReference } from "../../core/record-reader";
import { fromCursor } from "./cursor";
import { furtherPage, lastPage, outcomeOf } from "./google-page";
import { serviceUrl } from "./google-service";
import type { OpenedConnection } from "./vendor-sessions";

/**
 * The messages of a mailbox ("Synchronize clients with Gmail", developers.google.com/workspace/gmail): its history since an
 * id, which it keeps for a week or so and answers 404 to afterwards. A history has no beginning: there the messages that
 * came since a moment are listed, and the history goes on from before that list was made. Labels and deletions of older
 * messages in between are not to be had.
 */
const PAGE_SIZE = 100;

export async function mailboxChanges(opened: OpenedConnection, query: ChangesQuery): Promise<ChangesOutcome> {
  if (query.position === undefined) return begin(opened, query);
  const position = fromCursor(query.position);
  return textAt(position, "after") === undefined
    ? readHistory(opened, query, position)
    : listMessages(opened, query, position);
}

async function begin(opened: OpenedConnection, query: ChangesQuery): Promise<ChangesOutcome> {
  const { api, session } = opened;
  const profile = await session.call({ url: `${mailboxUrl(opened, query)}/profile` });
  return outcomeOf(api, query, profile, (body) => {
    const history = textAt(body, "historyId");
    const after = Math.floor(Date.parse(query.since) / 1000);
    return history === undefined ? undefined : listMessages(opened, query, { history, after });
  });
}

/** Newest first; `after` is in seconds. */
async function listMessages(
  opened: OpenedConnection,
  query: ChangesQuery,
  position: JsonObject,
): Promise<ChangesOutcome> {
  const { api, session } = opened;
  const [history = "", after = ""] = [textAt(position, "history"), textAt(position, "after")];
  const pageToken = textAt(position, "page");
  const reply = await session.call({
    url: `${mailboxUrl(opened, query)}/messages`,
    query: { q: `after:${after}`, maxResults: PAGE_SIZE, pageToken },
  });
  return outcomeOf(api, query, reply, (body) => {
    const changes = objectsIn(body["messages"]).flatMap((message) =>
      named(message, query.collection, `since ${history}`),
    );
    const page = textAt(body, "nextPageToken");
    return page === undefined ? lastPage(changes, { history }) : furtherPage(changes, { ...position, page });
  });
}

async function readHistory(
  opened: OpenedConnection,
  query: ChangesQuery,
  position: JsonObject,
): Promise<ChangesOutcome> {
  const { api, session } = opened;
  const [startHistoryId, pageToken] = [textAt(position, "history"), textAt(position, "page")];
  const reply = await session.call({
    url: `${mailboxUrl(opened, query)}/history`,
    query: { startHistoryId, maxResults: PAGE_SIZE, pageToken },
  });
  return outcomeOf(api, query, reply, (body) => {
    const changes = lastOfEach(objectsIn(body["history"]).flatMap((entry) => changesIn(entry, query.collection)));
    const [page, history] = [textAt(body, "nextPageToken"), textAt(body, "historyId")];
    if (page !== undefined) return furtherPage(changes, { ...position, page });
    return history === undefined ? undefined : lastPage(changes, { history });
  });
}

/** An entry tells each of its messages once for every kind of change. */
function changesIn(entry: JsonObject, mailbox: RecordReference): readonly RecordChange[] {
  const id = textAt(entry, "id") ?? "";
  const messagesOf = (kind: string): readonly JsonObject[] =>
    objectsIn(entry[kind]).flatMap(({ message }) => objectsIn([message]));
  const changed = ["messagesAdded", "labelsAdded", "labelsRemoved"].flatMap(messagesOf);
  const deleted = messagesOf("messagesDeleted").flatMap((message) => {
    const reference = referenceTo(message, mailbox);
    return reference ? [{ kind: "deleted", reference, version: { kind: "sequence", value: id } } as const] : [];
  });
  return [...changed.flatMap((message) => named(message, mailbox, id)), ...deleted];
}

/** A message is read once, however often it changed. */
function lastOfEach(changes: readonly RecordChange[]): readonly RecordChange[] {
  return [...new Map(changes.map((change) => [change.reference.entityId, change])).values()];
}

function named(message: JsonObject, mailbox: RecordReference, changeId: string): readonly RecordChange[] {
  const reference = referenceTo(message, mailbox);
  return reference ? [{ kind: "named", reference, changeId }] : [];
}

function referenceTo(message: JsonObject, { entityId: idScope }: RecordReference): RecordReference | undefined {
  const entityId = textAt(message, "id");
  return entityId === undefined ? undefined : { entityType: "mail_message", entityId, idScope };
}

function mailboxUrl({ session }: OpenedConnection, { collection }: ChangesQuery): string {
  return `${serviceUrl(session, "gmail")}/gmail/v1/users/${encodeURIComponent(collection.entityId)}`;
}
