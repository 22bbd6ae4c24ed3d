import { asObject, at, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import {
  listableTypes,
  type ListQuery,
  type ReadOutcome,
  type RecordPage,
  type RecordReference,
  type RecordWrite,
} from "../../core/record-reader";
import { type EventVersion, timeVersion } from "../../core/version";
import { fromCursor, toCursor } from "./cursor";
import { rejected, unknownAnswer, unsupported } from "./failures";
import { judgeByStatus } from "./judge";
import type { Judgement, VendorApi, VendorSession, Written } from "./vendor-api";
import type { VendorSettings } from "../../core/vendor-settings";

/**
 * Notion's API, developers.notion.com/reference. What is in the trash can still be read, and says so (`in_trash`): that
 * is a deletion. 404 `object_not_found` "also" means that the page is not shared with the connection
 * (reference/status-codes), and a page that is no longer shared was not deleted: so a 404 deletes nothing.
 * `last_edited_time` is in whole minutes, and so may be a little older than the event that led here.
 */
const NOTION_VERSION = "2026-03-11";
const uuid = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i;
const PAGE_SIZE = 100;

/** Where records are, by entity type. */
const collections: ReadonlyMap<string, string> = new Map([
  ["page", "pages"],
  ["database", "databases"],
  ["data_source", "data_sources"],
  ["comment", "comments"],
  ["view", "views"],
  ["file_upload", "file_uploads"],
  ["block", "blocks"],
  ["user", "users"],
]);
/** What search finds; for anything else there is no list. */
const searchable: ReadonlySet<string> = new Set(["page", "data_source"]);

/** Notion, with its one address for all workspaces. */
export function createNotionApi({ notionApiUrl }: VendorSettings): VendorApi {
  const api: VendorApi = {
    integrationId: "notion",
    headers: { "notion-version": NOTION_VERSION },
    baseUrlOf: ({ baseUrl }) => baseUrl ?? notionApiUrl,
    tokenEndpointOf: (baseUrl) => ({ url: `${baseUrl}/v1/oauth/token`, style: "json" }),
    judge,
    errorCodeOf: ({ json }) => textAt(json, "code") ?? textAt(json, "error"),
    read: (session, reference) => read(api, session, reference),
    list: (session, query) => list(api, session, query),
    listable: listableTypes([...searchable, "user"]),
    write: (session, change) => write(api, session, change),
  };
  return api;
}

/** 429 and 529 name their time; 409 `conflict_error` is a collision with another write, which a repeat avoids. */
function judge(reply: OutboundReply, now: number): Judgement {
  return reply.status === 409 ? { kind: "unavailable" } : judgeByStatus(reply, now);
}

async function read(api: VendorApi, session: VendorSession, reference: RecordReference): Promise<ReadOutcome> {
  const collection = collections.get(reference.entityType);
  if (collection === undefined || !uuid.test(reference.entityId)) return { kind: "unsupported" };
  const reply = await session.call({ url: `${session.baseUrl}/v1/${collection}/${reference.entityId}` });
  if (reply.status === 404) return { kind: "unsupported" };
  const record = asObject(reply.json);
  if (reply.status !== 200 || record === undefined) throw unknownAnswer(api, reply);
  return isTrashed(record) ? { kind: "deleted" } : { kind: "found", record: kept(record), ...versioned(record) };
}

function isTrashed(record: JsonObject): boolean {
  return record["in_trash"] === true;
}

/** `upload_url` is a right to upload, and `request_id` is the answer's, not the record's. */
function kept({ upload_url: _url, request_id: _id, ...record }: JsonObject): JsonObject {
  return record;
}

function versioned(record: JsonObject): { readonly version?: EventVersion } {
  const version = timeVersion(textAt(record, "last_edited_time") ?? textAt(record, "created_time"));
  return version === undefined ? {} : { version };
}

/** Search cannot filter by time: newest first, until one is older. People have no time at all, and so all are listed. */
async function list(api: VendorApi, session: VendorSession, query: ListQuery): Promise<RecordPage> {
  const { entityType, since, cursor } = query;
  const start_cursor = textAt(fromCursor(cursor), "start");
  if (entityType !== "user" && !searchable.has(entityType)) throw unsupported();
  const reply =
    entityType === "user"
      ? await session.call({ url: `${session.baseUrl}/v1/users`, query: { page_size: PAGE_SIZE, start_cursor } })
      : await session.call({
          method: "POST",
          url: `${session.baseUrl}/v1/search`,
          json: toSearch(entityType, start_cursor),
        });
  if (reply.status !== 200) throw unknownAnswer(api, reply);
  const records = objectsIn(at(reply.json, "results"));
  const fresh = records.filter((record) => entityType === "user" || isSince(record, since));
  const next = textAt(reply.json, "next_cursor");
  const hasMore = next !== undefined && fresh.length === records.length;
  return {
    records: fresh.flatMap((record) => toListed(entityType, record)),
    ...(hasMore ? { cursor: toCursor({ start: next }) } : {}),
  };
}

function toSearch(entityType: string, start_cursor: string | undefined): JsonObject {
  return {
    filter: { property: "object", value: entityType },
    sort: { timestamp: "last_edited_time", direction: "descending" },
    page_size: PAGE_SIZE,
    ...(start_cursor === undefined ? {} : { start_cursor }),
  };
}

/** A minute is added, because the time is that of the minute's beginning. */
function isSince(record: JsonObject, since: string): boolean {
  return Date.parse(textAt(record, "last_edited_time") ?? "") + 60_000 > Date.parse(since);
}

function toListed(entityType: string, record: JsonObject): RecordPage["records"] {
  const entityId = textAt(record, "id");
  if (entityId === undefined) return [];
  const deleted = isTrashed(record) ? { deleted: true } : {};
  return [{ reference: { entityType, entityId }, record: kept(record), ...versioned(record), ...deleted }];
}

/** Pages alone are written. "The API does not support permanently deleting pages": they go to the trash. */
async function write(api: VendorApi, session: VendorSession, change: RecordWrite): Promise<Written> {
  const { action, reference, fields } = change;
  const pages = `${session.baseUrl}/v1/pages`;
  if (reference.entityType !== "page") throw unsupported();
  if (action === "create") return create(api, session, { pages, reference, fields });
  if (!uuid.test(reference.entityId)) throw unsupported();
  const json = action === "update" ? fields : { in_trash: true };
  return written(api, await session.call({ method: "PATCH", url: `${pages}/${reference.entityId}`, json }));
}

interface Creation extends Pick<RecordWrite, "reference" | "fields"> {
  readonly pages: string;
}

/** A page that is known comes back from the trash as the same page; a new one stands where its like stood (`parent`). */
async function create(
  api: VendorApi,
  session: VendorSession,
  { pages, reference, fields }: Creation,
): Promise<Written> {
  const { entityId, hint } = reference;
  if (uuid.test(entityId)) {
    const json = { in_trash: false, ...fields };
    const reply = await session.call({ method: "PATCH", url: `${pages}/${entityId}`, json });
    if (reply.status !== 404) return written(api, reply);
  }
  const parent = asObject(hint?.["parent"]);
  const json = parent ? { parent, ...fields } : fields;
  return written(api, await session.call({ method: "POST", url: pages, json }));
}

function written(api: VendorApi, reply: OutboundReply): Written {
  if (reply.status === 400 || reply.status === 404) throw rejected(api, reply);
  const entityId = textAt(reply.json, "id");
  if (reply.status !== 200 || entityId === undefined) throw unknownAnswer(api, reply);
  return { entityId, ...versioned(asObject(reply.json) ?? {}) };
}
