import { asArray, asText, at, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { ListQuery, RecordPage, RecordReference } from "../../core/record-reader";
import { fromCursor, toCursor } from "./cursor";
import { unknownAnswer, unsupported } from "./failures";
import { repositoryPath, withoutCredentials } from "./github-paths";
import { githubVersion } from "./github-version";
import type { VendorApi, VendorSession } from "./vendor-api";

/** How the records of one type are listed in each repository. */
interface RepositoryList {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The API has no `since` for them: newest first, until one is older. */
  readonly newestFirst?: true;
  /** Leaves out what is of another type. */
  readonly keeps?: (record: JsonObject) => boolean;
}

const byUpdate = { sort: "updated", direction: "asc" } as const;

const lists: ReadonlyMap<string, RepositoryList> = new Map<string, RepositoryList>([
  // "GitHub's REST API considers every pull request an issue" (List repository issues).
  [
    "issue",
    { path: "issues", query: { ...byUpdate, state: "all" }, keeps: (record) => !Object.hasOwn(record, "pull_request") },
  ],
  ["pull_request", { path: "pulls", query: { sort: "updated", direction: "desc", state: "all" }, newestFirst: true }],
  ["issue_comment", { path: "issues/comments", query: byUpdate }],
  ["pull_request_review_comment", { path: "pulls/comments", query: byUpdate }],
]);

/** What this client lists. */
export const listedTypes: readonly string[] = [...lists.keys(), "repository"];

const PAGE_SIZE = 100;

/** Where a list is: which page of the repositories comes next, which of them wait, which page of the first of them. */
interface Position {
  readonly nextRepositories: number | undefined;
  readonly waiting: readonly string[];
  readonly page: number;
}

/** What changed since a moment in all repositories that the connection sees, repository after repository. */
export async function listRecords(api: VendorApi, session: VendorSession, query: ListQuery): Promise<RecordPage> {
  if (query.entityType === "repository") return listRepositories(api, session, query);
  const list = lists.get(query.entityType);
  if (!list) throw unsupported();
  const position = await atRepository(api, session, readPosition(query.cursor));
  const [fullName, ...others] = position.waiting;
  if (fullName === undefined) return toPage([], position);
  const { records, hasMore } = await readRepository(api, session, { fullName, list, query, page: position.page });
  const next = hasMore ? { ...position, page: position.page + 1 } : { ...position, waiting: others, page: 1 };
  return toPage(records, next);
}

function readPosition(cursor: string | undefined): Position {
  const position = fromCursor(cursor);
  const next = position["nextRepositories"];
  return {
    nextRepositories: cursor === undefined ? 1 : typeof next === "number" ? next : undefined,
    waiting: asArray(position["waiting"]).filter((name) => typeof name === "string"),
    page: Number(position["page"] ?? 1),
  };
}

function toPage(records: RecordPage["records"], { nextRepositories, waiting, page }: Position): RecordPage {
  if (waiting.length === 0 && nextRepositories === undefined) return { records };
  return { records, cursor: toCursor({ waiting, page, ...(nextRepositories !== undefined && { nextRepositories }) }) };
}

/** The same position, with repositories to look into if there are any more. */
async function atRepository(api: VendorApi, session: VendorSession, position: Position): Promise<Position> {
  if (position.waiting.length > 0 || position.nextRepositories === undefined) return position;
  const { records, hasMore } = await repositoriesPage(api, session, position.nextRepositories);
  return {
    nextRepositories: hasMore ? position.nextRepositories + 1 : undefined,
    waiting: records.map((repository) => textAt(repository, "full_name")).filter((name) => name !== undefined),
    page: 1,
  };
}

interface Listed {
  readonly records: readonly JsonObject[];
  readonly hasMore: boolean;
}

/** An App sees the repositories of its installation, a person those of the person. */
async function repositoriesPage(api: VendorApi, session: VendorSession, page: number): Promise<Listed> {
  // Only the second can be sorted.
  const path = isInstallation(session) ? "/installation/repositories" : "/user/repos?sort=full_name";
  const query = { per_page: PAGE_SIZE, page };
  const reply = await session.call({ url: `${session.baseUrl}${path}`, query });
  if (reply.status !== 200) throw unknownAnswer(api, reply);
  const records = objectsIn(at(reply.json, "repositories") ?? reply.json);
  return { records, hasMore: hasNextPage(reply.headers.get("link")) };
}

async function listRepositories(api: VendorApi, session: VendorSession, query: ListQuery): Promise<RecordPage> {
  const page = Number(fromCursor(query.cursor)["page"] ?? 1);
  const { records, hasMore } = await repositoriesPage(api, session, page);
  const changed = records.filter((record) => isSince(record, query.since));
  return {
    records: changed.flatMap((record) => toListed("repository", record, textAt(record, "full_name"))),
    ...(hasMore ? { cursor: toCursor({ page: page + 1 }) } : {}),
  };
}

interface RepositoryQuery {
  readonly fullName: string;
  readonly list: RepositoryList;
  readonly query: ListQuery;
  readonly page: number;
}

async function readRepository(
  api: VendorApi,
  session: VendorSession,
  { fullName, list, query, page }: RepositoryQuery,
): Promise<{ readonly records: RecordPage["records"]; readonly hasMore: boolean }> {
  const repository = repositoryPath(fullName);
  if (repository === undefined) return { records: [], hasMore: false };
  // The API's form is in whole seconds.
  const since = list.newestFirst ? {} : { since: query.since.replace(/\.\d+Z$/, "Z") };
  const reply = await session.call({
    url: `${session.baseUrl}${repository}/${list.path}`,
    query: { ...list.query, ...since, per_page: PAGE_SIZE, page },
  });
  // Renamed, deleted or without issues since the repositories were listed: there is nothing to read in it.
  if (reply.status === 404 || reply.status === 410 || reply.status === 301) return { records: [], hasMore: false };
  if (reply.status !== 200) throw unknownAnswer(api, reply);
  const records = objectsIn(reply.json);
  const fresh = records.filter((record) => isSince(record, query.since));
  const isOver = list.newestFirst === true && fresh.length < records.length;
  const kept = list.keeps ? fresh.filter(list.keeps) : fresh;
  return {
    records: kept.flatMap((record) => toListed(query.entityType, record, fullName)),
    hasMore: !isOver && hasNextPage(reply.headers.get("link")),
  };
}

function toListed(entityType: string, record: JsonObject, scope: string | undefined): RecordPage["records"] {
  const entityId = asText(record["id"]);
  if (entityId === undefined) return [];
  const version = githubVersion(entityType, record);
  const kept = withoutCredentials(record);
  const reference: RecordReference = { entityType, entityId, ...(scope === undefined ? {} : { scope }), hint: kept };
  return [{ reference, record: kept, ...(version === undefined ? {} : { version }) }];
}

function isInstallation({ authKind }: VendorSession): boolean {
  return authKind === "github_app";
}

function isSince(record: JsonObject, since: string): boolean {
  return Date.parse(textAt(record, "updated_at") ?? "") >= Date.parse(since);
}

/** `<https://…?page=2>; rel="next", …` ("Using pagination in the REST API"). */
function hasNextPage(link: string | null): boolean {
  return link !== null && /;\s*rel="next"/.test(link);
}
