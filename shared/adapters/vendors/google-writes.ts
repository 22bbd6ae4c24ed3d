import { asArray, asObject, type JsonObject, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { RecordReference, RecordWrite } from "../../core/record-reader";
import { rejected, unknownAnswer, unsupported } from "./failures";
import { googleRecords } from "./google-records";
import { serviceUrl } from "./google-service";
import type { VendorApi, VendorRequest, VendorSession, Written } from "./vendor-api";

/** What a write works with. */
interface Writing {
  readonly api: VendorApi;
  readonly session: VendorSession;
  readonly reference: RecordReference;
  /** Where records of the type are made. */
  readonly collection: string;
  /** Where the record is; `undefined` where it has no id yet. */
  readonly place: string | undefined;
}

/** The metadata of a file that can be given to a new one, or to one from the trash; Google refuses any other ("Files"). */
const givenToFiles = [
  "name",
  "description",
  "starred",
  "properties",
  "appProperties",
  "modifiedTime",
  "folderColorRgb",
];
const givenToNewFiles = [...givenToFiles, "mimeType", "parents", "createdTime"];

const refusals: readonly number[] = [400, 404, 409, 410, 412];

/** Files of Drive and events of Calendar are written; what is written of a file are its metadata, never its content. */
export async function writeRecord(
  api: VendorApi,
  session: VendorSession,
  { action, reference, fields }: RecordWrite,
): Promise<Written> {
  const collection = collectionOf(reference);
  const row = googleRecords.get(reference.entityType);
  if (!row || collection === undefined) throw unsupported();
  const www = serviceUrl(session, row.service);
  const path = row.pathOf(reference);
  const place = path === undefined ? undefined : www + path;
  const writing: Writing = { api, session, reference, collection: www + collection, place };
  const isFile = reference.entityType === "file";
  if (action === "create") return isFile ? createFile(writing, fields) : createEvent(writing, fields);
  if (place === undefined) throw unsupported();
  if (action === "update") return isFile ? patchFile(writing, place, fields) : patch(writing, place, fields);
  return isFile ? trashFile(writing, place) : deleteEvent(writing, place);
}

function collectionOf({ entityType, idScope = "" }: RecordReference): string | undefined {
  if (entityType === "file") return "/drive/v3/files";
  const isEvent = entityType === "calendar_event" && !["", ".", ".."].includes(idScope);
  return isEvent ? `/calendar/v3/calendars/${encodeURIComponent(idScope)}/events` : undefined;
}

const driveQuery = { supportsAllDrives: "true", fields: "id,modifiedTime" } as const;

/** "The parents field is not directly writable in update requests": where a file is moved from and to is in the query. */
function patchFile(writing: Writing, url: string, { parents, ...fields }: JsonObject): Promise<Written> {
  const [before, after] = [asArray(writing.reference.hint?.["parents"]), asArray(parents)];
  const isMoved = parents !== undefined;
  const query = {
    ...driveQuery,
    addParents: isMoved ? joined(after.filter((id) => !before.includes(id))) : undefined,
    removeParents: isMoved ? joined(before.filter((id) => !after.includes(id))) : undefined,
  };
  return patch(writing, url, fields, query);
}

function joined(ids: readonly unknown[]): string | undefined {
  return ids.length === 0 ? undefined : ids.join(",");
}

/** A file that is deleted here goes to the trash, from where its owner can take it back. That changes no time of its own. */
async function trashFile(writing: Writing, place: string): Promise<Written> {
  const { entityId } = await patch(writing, place, { trashed: true }, driveQuery);
  return { entityId };
}

/**
 * A file that is known comes back from the trash as the same file; a new one is empty, of the same kind and where its like
 * stood.
 */
async function createFile(writing: Writing, fields: JsonObject): Promise<Written> {
  const { api, session, reference, collection, place } = writing;
  if (place !== undefined) {
    const json = { ...pick(fields, givenToFiles), trashed: false };
    const reply = await session.call({ method: "PATCH", url: place, query: driveQuery, json });
    if (reply.status !== 404) return written(api, reference, reply);
  }
  const json = { ...pick(reference.hint, ["mimeType", "parents"]), ...pick(fields, givenToNewFiles) };
  return post(writing, { url: collection, query: driveQuery, json });
}

/** An event that was cancelled is not brought back: a new one takes its place, at the same time unless another is given. */
function createEvent(writing: Writing, fields: JsonObject): Promise<Written> {
  const json = { ...pick(writing.reference.hint, ["start", "end", "recurrence"]), ...fields };
  return post(writing, { url: writing.collection, json });
}

function pick(record: JsonObject = {}, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name]]));
}

async function deleteEvent({ api, session, reference }: Writing, url: string): Promise<Written> {
  const reply = await session.call({ method: "DELETE", url });
  // 410: it was deleted before.
  if (reply.status === 410 || reply.status === 204 || reply.status === 200) return { entityId: reference.entityId };
  throw refusals.includes(reply.status) ? rejected(api, reply) : unknownAnswer(api, reply);
}

async function patch(
  { api, session, reference }: Writing,
  url: string,
  json: JsonObject,
  query: VendorRequest["query"] = {},
): Promise<Written> {
  return written(api, reference, await session.call({ method: "PATCH", url, query, json }));
}

async function post({ api, session, reference }: Writing, request: VendorRequest): Promise<Written> {
  return written(api, reference, await session.call({ ...request, method: "POST" }));
}

function written(api: VendorApi, { entityType }: RecordReference, reply: OutboundReply): Written {
  if (refusals.includes(reply.status)) throw rejected(api, reply);
  const record = asObject(reply.json) ?? {};
  const entityId = textAt(record, "id");
  if (reply.status !== 200 || entityId === undefined) throw unknownAnswer(api, reply);
  const version = googleRecords.get(entityType)?.version(record);
  return { entityId, ...(version === undefined ? {} : { version }) };
}
