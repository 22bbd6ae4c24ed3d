import { WebhookError } from "../../core/errors";
import { asArray, asObject, at, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { ListQuery, ReadOutcome, RecordPage, RecordReference, RecordWrite } from "../../core/record-reader";
import { type EventVersion, timeVersion } from "../../core/version";
import { fromCursor, toCursor } from "./cursor";
import { rejected, unknownAnswer, unsupported } from "./failures";
import { judgeByStatus, limited } from "./judge";
import { isAtDeletions, listDeletions } from "./salesforce-deletions";
import type { Judgement, VendorApi, VendorSession, Written } from "./vendor-api";
import type { VendorSettings } from "../../core/vendor-settings";

/**
 * Salesforce's REST API, developer.salesforce.com "REST API Developer Guide", at the instance of the connection.
 * Errors are a list of `{message, errorCode}`. A deleted record is 404 `ENTITY_IS_DELETED`; a bare `NOT_FOUND` also
 * means "verify that there are no sharing issues" ("Status Codes and Error Responses"), and so it deletes nothing.
 */
const entityName = /^[A-Za-z]\w{0,79}$/;
/** 15 or 18 characters; shorter ones are left to Salesforce to refuse. Wildcards and event ids are none. */
const recordId = /^[A-Za-z0-9]{1,18}$/;
const PLATFORM_EVENT = /__e$/i;
/** Most that a query by `FIELDS(ALL)` may return ("FIELDS()"). */
const PAGE_SIZE = 200;

/** The daily limit is a rolling one, so some of it is back after a while; too many calls at a time end sooner. */
const DAILY_LIMIT_WAIT_MS = 15 * 60_000;
const CONCURRENCY_WAIT_MS = 30_000;

/** Salesforce by the instances of its connections. */
export function createSalesforceApi({ salesforceApiVersion }: VendorSettings): VendorApi {
  const dataPath = `/services/data/v${salesforceApiVersion}`;
  const api: VendorApi = {
    integrationId: "salesforce",
    headers: {},
    baseUrlOf: ({ baseUrl }) => baseUrl,
    tokenEndpointOf: (baseUrl) => ({ url: `${baseUrl}/services/oauth2/token`, style: "form" }),
    judge,
    errorCodeOf,
    read: (session, reference) => read(api, session, `${session.baseUrl}${dataPath}`, reference),
    list: (session, query) => list(api, session, `${session.baseUrl}${dataPath}`, query),
    listable: { types: [], includes: isRecord },
    write: (session, change) => write(api, session, `${session.baseUrl}${dataPath}`, change),
  };
  return api;
}

function errorCodeOf({ json }: OutboundReply): string | undefined {
  return textAt(asArray(json)[0], "errorCode") ?? textAt(json, "error");
}

function judge(reply: OutboundReply, now: number): Judgement {
  if (errorCodeOf(reply) !== "REQUEST_LIMIT_EXCEEDED") return judgeByStatus(reply, now);
  return limited(now + (isDayUsedUp(reply) ? DAILY_LIMIT_WAIT_MS : CONCURRENCY_WAIT_MS), now);
}

/** `Sforce-Limit-Info: api-usage=18/5000` ("Limit Info Header"); without it the longer wait is the safe one. */
function isDayUsedUp({ headers }: OutboundReply): boolean {
  const [, used, most] = /api-usage=(\d+)\/(\d+)/.exec(headers.get("sforce-limit-info") ?? "") ?? [];
  return used === undefined || Number(used) >= Number(most);
}

async function read(
  api: VendorApi,
  session: VendorSession,
  dataUrl: string,
  { entityType, entityId }: RecordReference,
): Promise<ReadOutcome> {
  if (!isRecord(entityType) || !recordId.test(entityId)) return { kind: "unsupported" };
  const reply = await session.call({ url: `${dataUrl}/sobjects/${entityType}/${entityId}` });
  if (reply.status === 404) {
    return errorCodeOf(reply) === "ENTITY_IS_DELETED" ? { kind: "deleted" } : { kind: "unsupported" };
  }
  const record = asObject(reply.json);
  if (reply.status !== 200 || record === undefined) throw unknownAnswer(api, reply);
  return { kind: "found", record: fieldsOf(record), ...versioned(record) };
}

function isRecord(entityType: string): boolean {
  return entityName.test(entityType) && !PLATFORM_EVENT.test(entityType);
}

/** `attributes` is where the record was read, not what it is. */
function fieldsOf({ attributes: _, ...fields }: JsonObject): JsonObject {
  return fields;
}

function versioned(record: JsonObject): { readonly version?: EventVersion } {
  const version = timeVersion(textAt(record, "SystemModstamp") ?? textAt(record, "LastModifiedDate"));
  return version === undefined ? {} : { version };
}

/** In the order of change and then of ids, so that the next page begins where this one ended. Deleted ones included. */
async function list(api: VendorApi, session: VendorSession, dataUrl: string, query: ListQuery): Promise<RecordPage> {
  const { entityType, since, cursor } = query;
  if (!isRecord(entityType)) throw unsupported();
  if (isAtDeletions(query)) return listDeletions({ api, session }, dataUrl, query);
  const soql = `SELECT FIELDS(ALL) FROM ${entityType} WHERE ${condition(since, cursor)} ORDER BY SystemModstamp, Id LIMIT ${PAGE_SIZE}`;
  const reply = await session.call({ url: `${dataUrl}/queryAll`, query: { q: soql } });
  if (reply.status !== 200) throw reply.status === 400 ? rejected(api, reply) : unknownAnswer(api, reply);
  const rows = objectsIn(at(reply.json, "records"));
  return { records: rows.flatMap((row) => toListed(entityType, row)), ...nextPage(rows) };
}

/** Only times and ids that are nothing else come into a query. */
function condition(since: string, cursor: string | undefined): string {
  const position = fromCursor(cursor);
  const stated = Date.parse(textAt(position, "time") ?? since);
  if (!Number.isFinite(stated)) throw new WebhookError("invalid_cursor");
  const time = new Date(stated).toISOString();
  const id = textAt(position, "id") ?? "";
  if (!recordId.test(id)) return `SystemModstamp >= ${time}`;
  return `(SystemModstamp > ${time} OR (SystemModstamp = ${time} AND Id > '${id}'))`;
}

function nextPage(rows: readonly JsonObject[]): { readonly cursor?: string } {
  const last = rows.at(-1);
  const [time, id] = [textAt(last, "SystemModstamp"), textAt(last, "Id")];
  if (rows.length < PAGE_SIZE || time === undefined || id === undefined) return {};
  return { cursor: toCursor({ time, id }) };
}

function toListed(entityType: string, row: JsonObject): RecordPage["records"] {
  const entityId = textAt(row, "Id");
  if (entityId === undefined) return [];
  const deleted = row["IsDeleted"] === true ? { deleted: true } : {};
  return [{ reference: { entityType, entityId }, record: fieldsOf(row), ...versioned(row), ...deleted }];
}

async function write(api: VendorApi, session: VendorSession, dataUrl: string, change: RecordWrite): Promise<Written> {
  const { action, reference, fields } = change;
  const { entityType, entityId } = reference;
  if (!isRecord(entityType)) throw unsupported();
  const collection = `${dataUrl}/sobjects/${entityType}`;
  if (action === "create") return created(api, await session.call({ method: "POST", url: collection, json: fields }));
  if (!recordId.test(entityId)) throw unsupported();
  const url = `${collection}/${entityId}`;
  const reply =
    action === "update"
      ? await session.call({ method: "PATCH", url, json: fields })
      : await session.call({ method: "DELETE", url });
  const isGone = action === "delete" && errorCodeOf(reply) === "ENTITY_IS_DELETED";
  if (reply.status >= 300 && !isGone) throw refusedWrite(api, reply);
  return { entityId };
}

function created(api: VendorApi, reply: OutboundReply): Written {
  const entityId = textAt(reply.json, "id");
  if (reply.status !== 201 || entityId === undefined) throw refusedWrite(api, reply);
  return { entityId };
}

/** 400 for fields, 404 for a record that is not there, 409 and 412 for conflicts. */
function refusedWrite(api: VendorApi, reply: OutboundReply): Error {
  return [400, 404, 409, 412].includes(reply.status) ? rejected(api, reply) : unknownAnswer(api, reply);
}
