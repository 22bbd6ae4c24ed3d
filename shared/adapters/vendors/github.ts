import { asArray, asObject, at, type JsonObject, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import { listableTypes, type ReadOutcome, type RecordReference, type RecordWrite } from "../../core/record-reader";
import { retryAfter, UNSTATED_WAIT_MS } from "../../core/retry-after";
import { failure, rejected, unknownAnswer, unsupported } from "./failures";
import { listedTypes, listRecords } from "./github-lists";
import { placeOf, repositoryPath, withoutCredentials } from "./github-paths";
import { githubVersion } from "./github-version";
import { judgeByStatus, limited } from "./judge";
import type { Judgement, VendorApi, VendorRequest, VendorSession, Written } from "./vendor-api";
import type { VendorSettings } from "../../core/vendor-settings";

/**
 * GitHub's REST API, docs.github.com/en/rest. Reads are conditional (`ETag`, and 304 costs nothing of the limit), a 404
 * counts as a deletion only if the repository itself can still be seen, because GitHub answers 404 too for what a token
 * may not see.
 */
const API_VERSION = "2022-11-28";

/** GitHub, github.com or an Enterprise under the connection's own address. */
export function createGitHubApi({ githubApiUrl, githubTokenUrl }: VendorSettings): VendorApi {
  const api: VendorApi = {
    integrationId: "github",
    headers: { accept: "application/vnd.github+json", "x-github-api-version": API_VERSION },
    baseUrlOf: ({ baseUrl }) => baseUrl ?? githubApiUrl,
    tokenEndpointOf: () => ({ url: githubTokenUrl, style: "form" }),
    judge,
    // There is a code for each field that is wrong, and none for an error as a whole.
    errorCodeOf: ({ json }) => textAt(asArray(at(json, "errors"))[0], "code"),
    read: (session, reference, etag) => read(api, session, reference, etag),
    list: (session, query) => listRecords(api, session, query),
    listable: listableTypes(listedTypes),
    write: (session, change) => write(api, session, change),
  };
  return api;
}

/** "Rate limits for the REST API": 403 or 429, with `retry-after`, or with nothing remaining until `x-ratelimit-reset`. */
function judge(reply: OutboundReply, now: number): Judgement {
  const { status, headers, json } = reply;
  if (status !== 403 && status !== 429) return judgeByStatus(reply, now);
  const after = retryAfter(reply, now);
  if (after !== undefined) return limited(after, now);
  const reset = Number(headers.get("x-ratelimit-reset") ?? NaN) * 1000;
  if (headers.get("x-ratelimit-remaining") === "0" && Number.isFinite(reset)) return limited(reset, now);
  // A secondary limit may come without either header; then its sentence is all there is.
  const isLimit = status === 429 || /rate limit|abuse/i.test(textAt(json, "message") ?? "");
  return isLimit ? limited(now + UNSTATED_WAIT_MS, now) : { kind: "forbidden" };
}

async function read(
  api: VendorApi,
  session: VendorSession,
  reference: RecordReference,
  etag: string | undefined,
): Promise<ReadOutcome> {
  const place = placeOf(reference);
  if (!place) return { kind: "unsupported" };
  const query = place.query ?? {};
  const headers = etag === undefined ? {} : { "if-none-match": etag };
  const reply = await follow(session, { url: `${session.baseUrl}${place.path}`, query, headers });
  switch (reply.status) {
    case 200:
      return found(api, reference, reply);
    case 304:
      return { kind: "unchanged" };
    case 410:
      // A repository whose issues are switched off answers so too.
      return /disabled/i.test(textAt(reply.json, "message") ?? "") ? { kind: "unsupported" } : { kind: "deleted" };
    case 404:
      return (await isVisible(session, place.repository)) ? { kind: "deleted" } : { kind: "unsupported" };
    default:
      throw unknownAnswer(api, reply);
  }
}

/** A repository that was renamed or moved answers with its new place; followed once, and only to the same API. */
export async function follow(session: VendorSession, request: VendorRequest): Promise<OutboundReply> {
  const reply = await session.call(request);
  const location = reply.headers.get("location");
  const isMoved = [301, 302, 307, 308].includes(reply.status) && location?.startsWith(`${session.baseUrl}/`) === true;
  return isMoved ? session.call({ ...request, url: location }) : reply;
}

async function isVisible(session: VendorSession, repository: string | undefined): Promise<boolean> {
  if (repository === undefined) return false;
  return (await follow(session, { url: `${session.baseUrl}${repository}` })).status === 200;
}

function found(api: VendorApi, { entityType }: RecordReference, reply: OutboundReply): ReadOutcome {
  const record = asObject(reply.json);
  if (record === undefined) throw unknownAnswer(api, reply);
  const version = githubVersion(entityType, record);
  const etag = reply.headers.get("etag");
  return {
    kind: "found",
    record: withoutCredentials(record),
    ...(version === undefined ? {} : { version }),
    ...(etag === null ? {} : { etag }),
  };
}

/** Issues alone are written. `reference.scope` names the repository, `hint.number` the issue within it. */
async function write(api: VendorApi, session: VendorSession, change: RecordWrite): Promise<Written> {
  const { action, reference, fields } = change;
  const repository = repositoryPath(reference.scope);
  if (reference.entityType !== "issue" || repository === undefined) throw unsupported();
  if (action === "create") {
    return written(
      api,
      await follow(session, { method: "POST", url: `${session.baseUrl}${repository}/issues`, json: fields }),
    );
  }
  const place = placeOf(reference);
  if (!place) throw unsupported();
  const url = `${session.baseUrl}${place.path}`;
  if (action === "update") return written(api, await follow(session, { method: "PATCH", url, json: fields }));
  return deleteIssue(api, session, { url, reference });
}

function written(api: VendorApi, reply: OutboundReply): Written {
  if ([400, 404, 410, 422].includes(reply.status)) throw rejected(api, reply);
  const entityId = textAt(reply.json, "id");
  if (entityId === undefined || reply.status >= 300) throw unknownAnswer(api, reply);
  const version = githubVersion("issue", asObject(reply.json) ?? {});
  return { entityId, ...(version === undefined ? {} : { version }) };
}

/** REST cannot delete an issue, GraphQL can (`deleteIssue`), by the node id. One that is gone already counts as deleted. */
async function deleteIssue(
  api: VendorApi,
  session: VendorSession,
  { url, reference }: { readonly url: string; readonly reference: RecordReference },
): Promise<Written> {
  const { entityId } = reference;
  const issue = await follow(session, { url });
  if (issue.status === 410) return { entityId };
  const issueId = textAt(issue.json, "node_id");
  if (issueId === undefined) throw issue.status === 404 ? rejected(api, issue) : unknownAnswer(api, issue);
  const reply = await session.call({ method: "POST", url: graphqlUrl(session.baseUrl), json: deletion(issueId) });
  const errors = at(reply.json, "errors");
  if (Array.isArray(errors)) throw failure("provider_rejected", { api, reply, permanent: true });
  if (at(reply.json, "data", "deleteIssue") === undefined) throw unknownAnswer(api, reply);
  return { entityId };
}

function deletion(issueId: string): JsonObject {
  return {
    query: "mutation($issueId: ID!) { deleteIssue(input: { issueId: $issueId }) { clientMutationId } }",
    variables: { issueId },
  };
}

/** `https://api.github.com/graphql`, and `https://HOST/api/graphql` beside an Enterprise's `https://HOST/api/v3`. */
function graphqlUrl(baseUrl: string): string {
  return `${baseUrl.replace(/\/v3$/, "")}/graphql`;
}
