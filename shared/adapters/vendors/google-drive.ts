import type { ChangesOutcome, ChangesQuery, RecordChange } from "../../core/collection-changes";
import { asObject, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { RecordPage } from "../../core/record-reader";
import { SyncFailure } from "../../core/sync-task";
import { timeVersion } from "../../core/version";
import { fromCursor } from "./cursor";
import { furtherPage, lastPage, outcomeOf } from "./google-page";
import { serviceUrl } from "./google-service";
import type { OpenedConnection } from "./vendor-sessions";

/**
 * The files of a user or of a shared drive ("Retrieve changes", developers.google.com/workspace/drive): changes by page
 * tokens, the last of which is where the next changes will be. A beginning has the token of now, and the files that
 * changed since a moment. What was removed is not asked for, because that may mean that the account sees it no more; a
 * file that its owner deletes goes through the trash, which is a change.
 */
const PAGE_SIZE = 100;
const allDrives = { supportsAllDrives: "true", includeItemsFromAllDrives: "true" } as const;

export async function driveChanges(opened: OpenedConnection, query: ChangesQuery): Promise<ChangesOutcome> {
  if (query.position === undefined) return begin(opened, query);
  const position = fromCursor(query.position);
  return textAt(position, "since") === undefined ? readChanges(opened, query, position) : listFiles(opened, position);
}

async function begin(opened: OpenedConnection, query: ChangesQuery): Promise<ChangesOutcome> {
  const { api, session } = opened;
  const reply = await session.call({
    url: `${changesUrl(opened)}/startPageToken`,
    query: { supportsAllDrives: "true", driveId: driveOf(query) },
  });
  return outcomeOf(api, query, reply, (body) => {
    const token = textAt(body, "startPageToken");
    return token === undefined ? undefined : listFiles(opened, { token, since: query.since });
  });
}

async function listFiles({ api, session }: OpenedConnection, position: JsonObject): Promise<ChangesOutcome> {
  const [token, since = "", cursor] = ["token", "since", "cursor"].map((name) => textAt(position, name));
  const query = { entityType: "file", since, ...(cursor === undefined ? {} : { cursor }) };
  const page = await api.list(session, query).catch((error: unknown) => {
    // A page token of a list does not last.
    if (cursor !== undefined && error instanceof SyncFailure && error.reason === "provider_answer_unknown")
      return undefined;
    throw error;
  });
  if (page === undefined) return { kind: "expired" };
  const changes = page.records.map(listedChange);
  return page.cursor === undefined
    ? lastPage(changes, { token })
    : furtherPage(changes, { ...position, cursor: page.cursor });
}

async function readChanges(
  opened: OpenedConnection,
  query: ChangesQuery,
  position: JsonObject,
): Promise<ChangesOutcome> {
  const { api, session } = opened;
  const reply = await session.call({
    url: changesUrl(opened),
    query: {
      ...allDrives,
      pageToken: textAt(position, "token"),
      pageSize: PAGE_SIZE,
      includeRemoved: "false",
      driveId: driveOf(query),
      fields: "nextPageToken,newStartPageToken,changes(file(*))",
    },
  });
  return outcomeOf(api, query, reply, (body) => {
    const changes = objectsIn(body["changes"]).flatMap(({ file }) => fileChange(asObject(file)));
    const [next, later] = [textAt(body, "nextPageToken"), textAt(body, "newStartPageToken")];
    if (next !== undefined) return furtherPage(changes, { token: next });
    return later === undefined ? undefined : lastPage(changes, { token: later });
  });
}

function listedChange({ reference, record, version, deleted }: RecordPage["records"][number]): RecordChange {
  if (deleted === true) return { kind: "deleted", reference };
  return { kind: "found", reference, record, ...(version === undefined ? {} : { version }) };
}

/** Without a file it is the drive itself that changed. The trash changes no time of a file. */
function fileChange(file: JsonObject | undefined): readonly RecordChange[] {
  const entityId = textAt(file, "id");
  if (file === undefined || entityId === undefined) return [];
  const reference = { entityType: "file", entityId };
  if (file["trashed"] === true) return [{ kind: "deleted", reference }];
  const version = timeVersion(textAt(file, "modifiedTime"));
  return [{ kind: "found", reference, record: file, ...(version === undefined ? {} : { version }) }];
}

/** A channel for a shared drive names it in the address that it watches. */
function driveOf({ collection }: ChangesQuery): string | undefined {
  return URL.parse(textAt(collection.hint, "resourceUri") ?? "")?.searchParams.get("driveId") ?? undefined;
}

function changesUrl({ session }: OpenedConnection): string {
  return `${serviceUrl(session, "www")}/drive/v3/changes`;
}
