import { type JsonObject, textAt } from "../../core/json";
import type { RecordReference } from "../../core/record-reader";

/** Where a record of GitHub is in its REST API. */
export interface GitHubPlace {
  /** Below the API's address. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The path of a repository that can be seen only by those who could see the record; absent where there is none such. */
  readonly repository?: string;
}

const number = /^\d{1,20}$/;
const ref = /^refs\/((?:heads|tags)\/.+)$/;

/** The place within the repository by the record's id, by its number, by a name; `undefined` where the id is no such thing. */
type InRepository = (reference: RecordReference) => string | undefined;

const byId =
  (path: string): InRepository =>
  ({ entityId }) =>
    number.test(entityId) ? `${path}/${entityId}` : undefined;

/** The number is not the id: only the event tells it, or the id itself for alerts. */
const byNumber =
  (path: string): InRepository =>
  ({ hint, entityId }) => {
    const found = textAt(hint, "number") ?? (path.endsWith("/alerts") ? entityId : "");
    return number.test(found) ? `${path}/${found}` : undefined;
  };

const byRef: InRepository = ({ entityId }) => {
  const name = ref.exec(entityId)?.[1];
  const segments = name?.split("/").map(segment);
  return segments === undefined || segments.includes(undefined) ? undefined : `git/ref/${segments.join("/")}`;
};

const byName: InRepository = ({ hint }) => {
  const name = segment(textAt(hint, "name") ?? "");
  return name === undefined ? undefined : `labels/${name}`;
};

/** A review is below its pull request, which the event names by its address. */
const review: InRepository = ({ hint, entityId }) => {
  const pull = /\/pulls\/(\d{1,20})$/.exec(textAt(hint, "pull_request_url") ?? "")?.[1];
  return pull !== undefined && number.test(entityId) ? `pulls/${pull}/reviews/${entityId}` : undefined;
};

const deploymentStatus: InRepository = ({ hint, entityId }) => {
  const deployment = /\/deployments\/(\d{1,20})$/.exec(textAt(hint, "deployment_url") ?? "")?.[1];
  return deployment !== undefined && number.test(entityId)
    ? `deployments/${deployment}/statuses/${entityId}`
    : undefined;
};

/** By entity type, as docs.github.com/en/rest lists them. What is not here has no REST address, or none by these ids. */
const inRepository: ReadonlyMap<string, InRepository> = new Map([
  ["issue", byNumber("issues")],
  ["pull_request", byNumber("pulls")],
  ["milestone", byNumber("milestones")],
  ["issue_comment", byId("issues/comments")],
  ["pull_request_review", review],
  ["pull_request_review_comment", byId("pulls/comments")],
  ["commit_comment", byId("comments")],
  ["label", byName],
  ["branch", byRef],
  ["tag", byRef],
  ["release", byId("releases")],
  ["deploy_key", byId("keys")],
  ["check_run", byId("check-runs")],
  ["check_suite", byId("check-suites")],
  ["workflow_run", byId("actions/runs")],
  ["workflow_job", byId("actions/jobs")],
  ["deployment", byId("deployments")],
  ["deployment_status", deploymentStatus],
  ["dependabot_alert", byNumber("dependabot/alerts")],
  ["code_scanning_alert", byNumber("code-scanning/alerts")],
  ["secret_scanning_alert", byNumber("secret-scanning/alerts")],
]);

/** Where a record is read; `undefined` where it cannot be. */
export function placeOf(reference: RecordReference): GitHubPlace | undefined {
  const { entityType, entityId, scope } = reference;
  // Renaming a repository changes its name, not its id.
  if (entityType === "repository") return number.test(entityId) ? { path: `/repositories/${entityId}` } : undefined;
  const repository = repositoryPath(scope);
  const rest = inRepository.get(entityType)?.(reference);
  if (repository === undefined || rest === undefined) return undefined;
  const path = `${repository}/${rest}`;
  // Alerts are 404 too where scanning was switched off. A secret that was found is none of our business.
  if (entityType.endsWith("_alert")) return { path, query: { hide_secret: "true" } };
  return { path, repository };
}

/** `/repos/{owner}/{repo}` for a full name; `undefined` for what is none. */
export function repositoryPath(fullName: string | undefined): string | undefined {
  const parts = (fullName ?? "").split("/").map(segment);
  return parts.length === 2 && !parts.includes(undefined) ? `/repos/${parts.join("/")}` : undefined;
}

/** `/orgs/{org}` for an organisation's login; `undefined` for what is none. */
export function organizationPath(login: string): string | undefined {
  const name = segment(login);
  return name === undefined ? undefined : `/orgs/${name}`;
}

/** A segment of a path; `undefined` for an empty one and for those that would lead elsewhere. */
function segment(text: string): string | undefined {
  return text === "" || text === "." || text === ".." ? undefined : encodeURIComponent(text);
}

/** Fields that hold a credential. */
const credentials = ["temp_clone_token", "secret"];

/** A record as it may be kept. */
export function withoutCredentials(record: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !credentials.includes(name)));
}
