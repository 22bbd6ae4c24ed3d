import { asObject, at, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import {
  listableTypes,
  type ListQuery,
  type ReadOutcome,
  type RecordPage,
  type RecordReference,
} from "../../core/record-reader";
import { UNSTATED_WAIT_MS } from "../../core/retry-after";
import { fromCursor, toCursor } from "./cursor";
import { unknownAnswer, unsupported } from "./failures";
import { googleRecords } from "./google-records";
import { serviceUrl } from "./google-service";
import { writeRecord } from "./google-writes";
import { judgeByStatus, limited } from "./judge";
import type { Judgement, VendorApi, VendorSession } from "./vendor-api";
import type { VendorSettings } from "../../core/vendor-settings";

/**
 * Google's APIs, developers.google.com/workspace and cloud.google.com/storage: one host a service. Limits are 429, or 403
 * with a reason ("Resolve errors" of each API), and name no time. For most services 404 also means that the account may
 * not see the record, and so it deletes nothing; 410, the trash and a mark in the record do.
 */
const limitReasons: ReadonlySet<string> = new Set([
  "rateLimitExceeded",
  "userRateLimitExceeded",
  "quotaExceeded",
  "RATE_LIMIT_EXCEEDED",
  "RESOURCE_EXHAUSTED",
]);
const DAILY_LIMIT = "dailyLimitExceeded";
const DAILY_LIMIT_WAIT_MS = 3_600_000;
const PAGE_SIZE = 100;

/** Google, by the service that a record belongs to. */
export function createGoogleApi({ googleApiUrl, googleTokenUrl }: VendorSettings): VendorApi {
  const api: VendorApi = {
    integrationId: "google",
    headers: {},
    baseUrlOf: ({ baseUrl }) => baseUrl ?? googleApiUrl,
    tokenEndpointOf: () => ({ url: googleTokenUrl, style: "form" }),
    judge,
    errorCodeOf: (reply) => textAt(reply.json, "error") ?? reasonOf(reply),
    read: (session, reference) => read(api, session, reference),
    list: (session, query) => list(api, session, query),
    listable: listableTypes(["file"]),
    write: (session, change) => writeRecord(api, session, change),
  };
  return api;
}

/** `error.errors[0].reason` in the older services, `error.status` in the newer ones. */
function reasonOf({ json }: OutboundReply): string | undefined {
  const [first] = objectsIn(at(json, "error", "errors"));
  return textAt(first, "reason") ?? textAt(json, "error", "status");
}

/** A minute, because most limits are by the minute. */
function judge(reply: OutboundReply, now: number): Judgement {
  if (reply.status !== 403) return judgeByStatus(reply, now);
  const reason = reasonOf(reply) ?? "";
  if (reason === DAILY_LIMIT) return limited(now + DAILY_LIMIT_WAIT_MS, now);
  return limitReasons.has(reason) ? limited(now + UNSTATED_WAIT_MS, now) : { kind: "forbidden" };
}

async function read(api: VendorApi, session: VendorSession, reference: RecordReference): Promise<ReadOutcome> {
  const row = googleRecords.get(reference.entityType);
  const path = row?.pathOf(reference);
  if (!row || path === undefined) return { kind: "unsupported" };
  const reply = await session.call({ url: serviceUrl(session, row.service) + path, query: row.query ?? {} });
  if (reply.status === 410) return { kind: "deleted" };
  if (reply.status === 404) return { kind: row.absent };
  const record = asObject(reply.json);
  if (reply.status !== 200 || record === undefined) throw unknownAnswer(api, reply);
  if (row.isDeleted?.(record) === true) return { kind: "deleted" };
  const version = row.version(record);
  return { kind: "found", record: row.kept?.(record) ?? record, ...(version === undefined ? {} : { version }) };
}

/** Files of Drive, in the order of change. The others have no list by time of change. */
async function list(api: VendorApi, session: VendorSession, query: ListQuery): Promise<RecordPage> {
  if (query.entityType !== "file") throw unsupported();
  const pageToken = textAt(fromCursor(query.cursor), "next");
  const reply = await session.call({
    url: `${serviceUrl(session, "www")}/drive/v3/files`,
    query: {
      q: `modifiedTime >= '${query.since}'`,
      orderBy: "modifiedTime",
      pageSize: PAGE_SIZE,
      fields: "nextPageToken,files(*)",
      supportsAllDrives: "true",
      includeItemsFromAllDrives: "true",
      pageToken,
    },
  });
  if (reply.status !== 200) throw unknownAnswer(api, reply);
  const next = textAt(reply.json, "nextPageToken");
  return {
    records: objectsIn(at(reply.json, "files")).flatMap(toListed),
    ...(next === undefined ? {} : { cursor: toCursor({ next }) }),
  };
}

function toListed(record: JsonObject): RecordPage["records"] {
  const row = googleRecords.get("file");
  const entityId = textAt(record, "id");
  if (!row || entityId === undefined) return [];
  const version = row.version(record);
  const deleted = row.isDeleted?.(record) === true ? { deleted: true } : {};
  return [{ reference: { entityType: "file", entityId }, record, ...(version && { version }), ...deleted }];
}
