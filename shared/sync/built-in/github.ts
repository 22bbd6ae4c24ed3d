import type { FieldRule, Mapping } from "../../core/mapping";

const bookkeeping: Readonly<Record<string, FieldRule>> = {
  url: { from: "html_url", type: "text" },
  createdOn: { from: "created_at", type: "datetime" },
  modifiedOn: { from: "updated_at", type: "datetime" },
};

/** Issues and pull requests have these in common (docs.github.com/en/rest/issues, /pulls). */
const discussion: Readonly<Record<string, FieldRule>> = {
  number: { from: "number", type: "integer" },
  title: { from: "title", type: "text" },
  text: { from: "body", type: "text" },
  state: { from: "state", type: "text" },
  author: { from: "user.login", type: "text" },
  assignees: { from: "assignees", functions: [{ name: "each", path: "login" }] },
  labels: { from: "labels", functions: [{ name: "each", path: "name" }] },
  milestone: { from: "milestone.title", type: "text" },
  comments: { from: "comments", type: "integer" },
  closedOn: { from: "closed_at", type: "datetime" },
  ...bookkeeping,
};

/** GitHub's objects, by our entity type. */
export const githubMappings: Readonly<Record<string, Mapping>> = {
  issue: {
    shardTypeId: "issue",
    direction: "inbound",
    fields: { ...discussion, closedBecause: { from: "state_reason", type: "text" } },
  },
  pull_request: {
    shardTypeId: "pull_request",
    direction: "inbound",
    fields: {
      ...discussion,
      isDraft: { from: "draft", type: "boolean" },
      isMerged: { from: "merged", type: "boolean" },
      mergedOn: { from: "merged_at", type: "datetime" },
      branch: { from: "head.ref", type: "text" },
      targetBranch: { from: "base.ref", type: "text" },
      repository: { from: "base.repo.full_name", type: "text" },
    },
  },
  repository: {
    shardTypeId: "repository",
    direction: "inbound",
    fields: {
      name: { from: "name", type: "text" },
      fullName: { from: "full_name", type: "text" },
      description: { from: "description", type: "text" },
      owner: { from: "owner.login", type: "text" },
      isPrivate: { from: "private", type: "boolean" },
      isArchived: { from: "archived", type: "boolean" },
      defaultBranch: { from: "default_branch", type: "text" },
      language: { from: "language", type: "text" },
      topics: { from: "topics", type: "list" },
      stars: { from: "stargazers_count", type: "integer" },
      openIssues: { from: "open_issues_count", type: "integer" },
      ...bookkeeping,
    },
  },
  branch: {
    shardTypeId: "branch",
    direction: "inbound",
    // Events name the full ref, the REST API the branch alone (docs.github.com/en/rest/branches).
    fields: {
      ref: { from: ["ref", "name"], type: "text" },
      headCommit: { from: ["after", "commit.sha", "object.sha"], type: "text" },
      lastMessage: { from: ["head_commit.message", "commit.commit.message"], type: "text" },
      repository: { from: "repository.full_name", type: "text" },
      isProtected: { from: "protected", type: "boolean" },
    },
  },
};
