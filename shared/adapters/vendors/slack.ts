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
import { judgeByStatus, limited } from "./judge";
import { listMessages } from "./slack-history";
import { slackLists, slackReads } from "./slack-methods";
import { writeRecord } from "./slack-writes";
import type { Judgement, VendorApi, VendorSession } from "./vendor-api";
import type { VendorSettings } from "../../core/vendor-settings";

/**
 * Slack's Web API, docs.slack.dev/reference/methods. Every method answers 200 with `ok`, errors included; limits are 429
 * with `Retry-After`. There is no method for one message: it is the one between its own time and its own time.
 * `…_not_found` mostly means "or not visible to the token", and so it deletes nothing.
 */
const unauthorised: ReadonlySet<string> = new Set([
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
]);
const forbidden: ReadonlySet<string> = new Set([
  "missing_scope",
  "not_allowed_token_type",
  "no_permission",
  "access_denied",
  "team_access_not_granted",
  "ekm_access_denied",
  "org_login_required",
  "enterprise_is_restricted",
  "accesslimited",
]);
const unavailable: ReadonlySet<string> = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
]);

const listed = listableTypes([...slackLists.keys(), "message"]);

/** Slack, with its one address for all workspaces. */
export function createSlackApi({ slackApiUrl }: VendorSettings): VendorApi {
  const api: VendorApi = {
    integrationId: "slack",
    headers: {},
    baseUrlOf: ({ baseUrl }) => baseUrl ?? slackApiUrl,
    tokenEndpointOf: (baseUrl) => ({ url: `${baseUrl}/oauth.v2.access`, style: "form" }),
    judge,
    errorCodeOf: ({ json }) => textAt(json, "error"),
    read: (session, reference) => read(api, session, reference),
    list: (session, query) => list(api, session, query),
    listable: listed,
    write: (session, change) => writeRecord(api, session, change),
  };
  return api;
}

function judge(reply: OutboundReply, now: number): Judgement {
  const error = at(reply.json, "ok") === false ? (textAt(reply.json, "error") ?? "") : "";
  if (unauthorised.has(error)) return { kind: "unauthorised" };
  if (forbidden.has(error)) return { kind: "forbidden" };
  if (unavailable.has(error)) return { kind: "unavailable" };
  if (error === "ratelimited" && reply.status === 200) return limited(now + UNSTATED_WAIT_MS, now);
  return judgeByStatus(reply, now);
}

async function read(api: VendorApi, session: VendorSession, reference: RecordReference): Promise<ReadOutcome> {
  const row = slackReads.get(reference.entityType);
  const calls = row?.calls(reference) ?? [];
  if (!row || calls.length === 0) return { kind: "unsupported" };
  for (const { method, query } of calls) {
    const reply = await session.call({ url: `${session.baseUrl}/${method}`, query });
    const error = textAt(reply.json, "error") ?? "";
    if (row.invisible.includes(error)) return { kind: "unsupported" };
    if (row.deleted.includes(error)) return { kind: "deleted" };
    const record = row.record(demandOk(api, reply), reference);
    if (record === "deleted") return { kind: "deleted" };
    const version = record && row.version(record);
    if (record) return { kind: "found", record, ...(version === undefined ? {} : { version }) };
  }
  // Everywhere that it could be was looked into, and was to be seen.
  return { kind: "deleted" };
}

function demandOk(api: VendorApi, reply: OutboundReply): JsonObject {
  const body = asObject(reply.json);
  if (body?.["ok"] !== true) throw unknownAnswer(api, reply);
  return body;
}

/**
 * Lists name no team, and events do: the token's own. Ids are unique within it, so a record without it would be another
 * one than that of its events.
 */
async function list(api: VendorApi, session: VendorSession, query: ListQuery): Promise<RecordPage> {
  if (!listed.includes(query.entityType)) throw unsupported();
  const { team, cursor } = readCursor(query.cursor);
  const scope = team ?? (await teamOf(api, session));
  const { cursor: _, ...rest } = query;
  const narrowed = { ...rest, ...(cursor === undefined ? {} : { cursor }) };
  const page = await (query.entityType === "message"
    ? listMessages(session, narrowed, (reply) => demandOk(api, reply))
    : listAll(api, session, narrowed));
  return {
    records: page.records.map((entry) => ({ ...entry, reference: { ...entry.reference, scope, idScope: scope } })),
    ...(page.cursor === undefined ? {} : { cursor: toCursor({ team: scope, cursor: page.cursor }) }),
  };
}

function readCursor(cursor: string | undefined): {
  readonly team?: string | undefined;
  readonly cursor?: string | undefined;
} {
  const position = fromCursor(cursor);
  return { team: textAt(position, "team"), cursor: textAt(position, "cursor") };
}

/** docs.slack.dev/reference/methods/auth.test */
async function teamOf(api: VendorApi, session: VendorSession): Promise<string> {
  const reply = await session.call({ url: `${session.baseUrl}/auth.test` });
  const team = textAt(demandOk(api, reply), "team_id");
  if (team === undefined) throw unknownAnswer(api, reply);
  return team;
}

async function listAll(api: VendorApi, session: VendorSession, query: ListQuery): Promise<RecordPage> {
  const { entityType, since, cursor } = query;
  const row = slackLists.get(entityType);
  const version = slackReads.get(entityType)?.version;
  if (!row || !version) throw unsupported();
  const next = textAt(fromCursor(cursor), "next");
  const reply = await session.call({ url: `${session.baseUrl}/${row.method}`, query: { ...row.query, cursor: next } });
  const body = demandOk(api, reply);
  const changed = objectsIn(body[row.field]).filter((record) => {
    const time = version(record);
    return time === undefined || Number(time.value) >= Date.parse(since);
  });
  const further = textAt(body, "response_metadata", "next_cursor");
  return {
    records: changed.flatMap((record) => {
      const entityId = textAt(record, "id");
      const time = version(record);
      if (entityId === undefined) return [];
      return [{ reference: { entityType, entityId }, record, ...(time === undefined ? {} : { version: time }) }];
    }),
    ...(further === undefined ? {} : { cursor: toCursor({ next: further }) }),
  };
}
