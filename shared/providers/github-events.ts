import type { EventType, ProviderEvent } from "../core/webhook-event";

/**
 * What each value of `X-GitHub-Event` says, as docs.github.com/en/webhooks/webhook-events-and-payloads lists them.
 * `push` and `gollum` are told elsewhere: they are no single object.
 */
export interface GitHubEvent {
  readonly entityType: string;
  /** Path of the entity in the body, where its times and its data are; the body itself where empty. */
  readonly object: string;
  /** Paths in the body whose values make the id, joined with `:`. */
  readonly id: string;
  /** The values of `action` that create, delete or restore; every other value is `otherwise`. */
  readonly created: readonly string[];
  readonly deleted: readonly string[];
  readonly restored: readonly string[];
  /** For all other actions, and for events without one. */
  readonly otherwise: EventType;
  /** The object of the body within which the id is unique, where it is not unique on all of GitHub. */
  readonly within?: "repository" | "organization" | "team";
  readonly completeness: ProviderEvent["completeness"];
  /** Fields of the object that hold the time of the change, best first. */
  readonly times: readonly string[];
  /** Fields of the object that do not go into `data`. */
  readonly without: readonly string[];
}

/** Most events carry the whole entity in a field named like it, with an `id`. */
function entity(entityType: string, differences: Partial<GitHubEvent> = {}): GitHubEvent {
  const object = differences.object ?? entityType;
  return {
    entityType,
    object,
    id: `${object}.id`,
    created: ["created"],
    deleted: ["deleted"],
    restored: [],
    otherwise: "updated",
    completeness: "full",
    times: ["updated_at", "created_at"],
    without: [],
    ...differences,
  };
}

/** What says only that something happened: the body's own fields go along, the rest has to be read. */
function hint(entityType: string, id: string, differences: Partial<GitHubEvent> = {}): GitHubEvent {
  return entity(entityType, { object: "", id, completeness: "hint", ...differences });
}

/** Runs and jobs change without a time of change: their latest milestone counts (DESIGN 11, Versions). */
const milestones = ["completed_at", "started_at", "updated_at", "created_at"];
const runStarts = ["created", "requested", "queued"];

/** An alert's number is its id in the REST API, and is counted within the repository. */
const numberedAlert = { object: "alert", id: "alert.number", within: "repository" } as const;
/** Stars have no id: they are told by who starred what. */
const starId = "repository.id:sender.id";

/** By the value of `X-GitHub-Event`. */
export const githubEvents: ReadonlyMap<string, GitHubEvent> = new Map([
  // Issues, pull requests and talk
  ["issues", entity("issue", { created: ["opened"] })],
  ["issue_comment", entity("issue_comment", { object: "comment" })],
  ["pull_request", entity("pull_request", { created: ["opened"] })],
  [
    "pull_request_review",
    entity("pull_request_review", {
      object: "review",
      created: ["submitted"],
      times: ["updated_at", "submitted_at", "created_at"],
    }),
  ],
  ["pull_request_review_comment", entity("pull_request_review_comment", { object: "comment" })],
  ["pull_request_review_thread", entity("pull_request_review_thread", { object: "thread", id: "thread.node_id" })],
  ["commit_comment", entity("commit_comment", { object: "comment" })],
  ["discussion", entity("discussion")],
  ["discussion_comment", entity("discussion_comment", { object: "comment" })],
  ["label", entity("label")],
  ["milestone", entity("milestone")],
  ["projects_v2_item", entity("projects_v2_item", { restored: ["restored"] })],

  // Repositories and what is in them
  ["repository", entity("repository")],
  ["public", entity("repository")],
  ["fork", entity("repository", { object: "forkee", otherwise: "created" })],
  ["release", entity("release")],
  ["package", entity("package", { created: ["published"] })],
  ["registry_package", entity("package", { object: "registry_package", created: ["published"] })],
  ["branch_protection_rule", entity("branch_protection_rule", { object: "rule" })],
  ["deploy_key", entity("deploy_key", { object: "key" })],
  ["page_build", entity("page_build", { object: "build", id: "id", otherwise: "created" })],
  ["star", hint("star", starId, { times: ["starred_at"] })],
  ["watch", hint("star", starId, { created: ["started"] })],
  ["meta", hint("hook", "hook_id", { without: ["hook"] })],

  // Checks, runs and deployments
  ["check_run", entity("check_run", { created: runStarts, times: milestones })],
  ["check_suite", entity("check_suite", { created: runStarts })],
  ["workflow_run", entity("workflow_run", { created: runStarts, times: milestones })],
  ["workflow_job", entity("workflow_job", { created: runStarts, times: milestones })],
  // The action of a repository_dispatch is free text of its sender, so no word of it means anything to us.
  [
    "workflow_dispatch",
    hint("workflow_dispatch", "repository.id", { created: [], deleted: [], otherwise: "occurred" }),
  ],
  [
    "repository_dispatch",
    hint("repository_dispatch", "repository.id", { created: [], deleted: [], otherwise: "occurred" }),
  ],
  ["deployment", entity("deployment")],
  ["deployment_status", entity("deployment_status")],
  // The commit is a record of its own, with its authors' e-mail addresses; `sha` names it.
  ["status", entity("status", { object: "", id: "id", otherwise: "created", without: ["commit"] })],
  [
    "merge_group",
    entity("merge_group", {
      id: "merge_group.head_sha",
      created: ["checks_requested"],
      deleted: ["destroyed"],
      within: "repository",
    }),
  ],

  // People and organisations
  ["member", entity("member", { created: ["added"], deleted: ["removed"], within: "repository" })],
  [
    "membership",
    entity("membership", { object: "", id: "member.id", created: ["added"], deleted: ["removed"], within: "team" }),
  ],
  ["organization", entity("organization", { created: [], completeness: "hint" })],
  [
    "org_block",
    entity("org_block", {
      object: "blocked_user",
      created: ["blocked"],
      deleted: ["unblocked"],
      within: "organization",
    }),
  ],
  ["team", entity("team")],
  ["team_add", entity("team")],

  // Apps and money
  ["installation", entity("installation")],
  ["installation_repositories", hint("installation", "installation.id")],
  [
    "github_app_authorization",
    entity("github_app_authorization", { object: "sender", deleted: ["revoked"], completeness: "hint" }),
  ],
  [
    "marketplace_purchase",
    entity("marketplace_purchase", {
      id: "marketplace_purchase.account.id",
      created: ["purchased"],
      deleted: ["cancelled"],
    }),
  ],
  ["sponsorship", entity("sponsorship", { id: "sponsorship.node_id", deleted: ["cancelled"] })],

  // Security
  ["dependabot_alert", entity("dependabot_alert", numberedAlert)],
  ["code_scanning_alert", entity("code_scanning_alert", numberedAlert)],
  ["secret_scanning_alert", entity("secret_scanning_alert", { ...numberedAlert, without: ["secret"] })],
  [
    "repository_vulnerability_alert",
    entity("repository_vulnerability_alert", { object: "alert", created: ["create"] }),
  ],
  [
    "security_advisory",
    entity("security_advisory", { id: "security_advisory.ghsa_id", created: ["published"], deleted: ["withdrawn"] }),
  ],
]);

/** Fields that may hold a credential, kept out where nothing is known of the others. */
const credentials = ["secret", "token"];
const words = {
  created: ["created", "opened", "added", "published", "submitted", "requested"],
  deleted: ["deleted", "removed", "revoked", "withdrawn", "destroyed"],
  restored: ["restored"],
};

/**
 * For events that GitHub adds later, the best first: the object named like the event, else the word that something
 * `occurred` in the repository, because an action must not create or delete what nobody can name.
 */
export function unlistedEvent(name: string): readonly GitHubEvent[] {
  const entityType = singular(name);
  const guess: Partial<GitHubEvent> = { ...words, completeness: "hint", without: credentials };
  const nothing = { created: [], deleted: [], restored: [], otherwise: "occurred" } as const;
  return [
    entity(entityType, guess),
    entity(entityType, { ...guess, object: name }),
    hint(entityType, "repository.id", { ...nothing, times: [], without: credentials }),
  ];
}

function singular(name: string): string {
  return name.replace(/ies$/, "y").replace(/([^sui])s$/, "$1");
}
