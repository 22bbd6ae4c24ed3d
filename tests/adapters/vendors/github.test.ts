import { githubVersion } from "../../../shared/adapters/vendors/github-version";
import type { ConnectionKey, RecordReference, RecordWrite } from "../../../shared/core/record-reader";
import { saveConnection } from "../../../shared/usecases/save-connection";
import { describeRecordReader, failureOf, type ReaderSubject } from "../../contracts/record-reader";
import { connect } from "../../support/connections";
import { noon } from "../../support/make";
import { openTestApp, type TestApp } from "../../support/test-app";
import { GitHubStandIn } from "../../support/vendors/github";

const repo = { id: 77, full_name: "acme/app", updated_at: "2026-11-24T10:00:00Z", temp_clone_token: "hunter2" };
const minutes = (count: number): string =>
  new Date(noon - 3_600_000 + count * 60_000).toISOString().replace(".000", "");
const issue = (number: number, fields: object = {}) => ({
  id: 1000 + number,
  number,
  node_id: `I_${number}`,
  title: `Issue ${number}`,
  created_at: "2026-11-01T00:00:00Z",
  updated_at: minutes(number % 60),
  ...fields,
});
const issueRef = (number: number) => ({
  entityType: "issue",
  entityId: String(1000 + number),
  scope: "acme/app",
  hint: { number },
});

async function openGitHub(): Promise<ReaderSubject & { readonly github: GitHubStandIn }> {
  const github = await GitHubStandIn.start();
  const { server, tokens, records } = github;
  records.set("/repos/acme/app", repo);
  records.set("/repos/acme/empty", { ...repo, id: 78, full_name: "acme/empty" });
  for (let number = 1; number <= 150; number++) records.set(`/repos/acme/app/issues/${number}`, issue(number));
  records.set("/repos/acme/app/issues/7", issue(7, { pull_request: { url: "…" } }));
  records.set("/repos/acme/app/issues/200", undefined);
  const listed = Array.from({ length: 150 }, (_, index) => index + 1).filter((n) => n % 60 >= 5 && n !== 7);
  const reset = String((noon + 1_234_000) / 1000);
  return {
    github,
    integrationId: "github",
    server,
    tokens,
    env: { GITHUB_API_URL: server.url, GITHUB_TOKEN_URL: github.tokenUrl },
    present: {
      reference: issueRef(3),
      field: { title: "Issue 3" },
      version: { kind: "time", value: Date.parse(minutes(3)) },
    },
    deleted: issueRef(200),
    invisible: { ...issueRef(3), scope: "acme/secret" },
    unreadable: [
      { entityType: "discussion", entityId: "1", scope: "acme/app" },
      { entityType: "issue", entityId: "1003", scope: "acme/app" },
      { ...issueRef(3), scope: "acme/.." },
      { ...issueRef(3), scope: "acme/app/issues/4?x=" },
      { entityType: "repository", entityId: "acme/app" },
      { entityType: "release", entityId: "1/../2", scope: "acme/app" },
    ],
    limits: [
      [
        "the primary limit",
        { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset } },
        1_234_000,
      ],
      ["a secondary limit", { status: 429, headers: { "retry-after": "33" } }, 33_000],
      [
        "a secondary limit with requests left",
        { status: 403, headers: { "retry-after": "12", "x-ratelimit-remaining": "4000", "x-ratelimit-reset": reset } },
        12_000,
      ],
      [
        "a secondary limit without headers",
        { status: 403, json: { message: "You have exceeded a secondary rate limit." } },
        60_000,
      ],
      ["429 without headers", { status: 429 }, 60_000],
      ["a limit that is over already", { status: 429, headers: { "retry-after": "0" } }, 1000],
      ["a limit beyond reason", { status: 429, headers: { "retry-after": "999999" } }, 86_400_000],
      ["a date", { status: 429, headers: { "retry-after": new Date(noon + 90_000).toUTCString() } }, 90_000],
    ],
    forbidden: [{ status: 403, json: { message: "Resource not accessible by personal access token", status: "403" } }],
    unavailable: [],
    listed: { entityType: "issue", since: minutes(5), ids: listed.map((number) => String(1000 + number)) },
    writes: {
      create: {
        action: "create",
        reference: { entityType: "issue", entityId: "", scope: "acme/app" },
        fields: { title: "New" },
      },
      update: { action: "update", reference: issueRef(4), fields: { title: "Changed" } },
      delete: { action: "delete", reference: issueRef(4), fields: {} },
      refused: {
        action: "create",
        reference: { entityType: "issue", entityId: "", scope: "acme/app" },
        fields: { body: "x" },
      },
    },
    stop: () => server.stop(),
  };
}

describe("GitHub's records", () => {
  describeRecordReader(openGitHub);
});

describe("GitHub", () => {
  let subject: ReaderSubject & { readonly github: GitHubStandIn };
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await openGitHub();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
    key = await connect(app, "github", { kind: "bearer", token: subject.tokens.accessToken });
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });
  const read = (reference: RecordReference, etag?: string) =>
    app.services.records.read(key, reference, etag === undefined ? {} : { etag });
  const write = (change: RecordWrite) => app.services.records.write(key, change);
  const inRepo = (entityType: string, entityId: string, hint: object = {}) => ({
    entityType,
    entityId,
    scope: "acme/app",
    hint: { ...hint },
  });

  it("sends what its pages ask for with every call", async () => {
    await read(issueRef(3));
    expect(subject.server.requests[0]?.headers).toMatchObject({
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "castiel-webhooks",
    });
  });

  it("answers unchanged for a record that is still the one with an etag", async () => {
    const first = await read(issueRef(3));
    const etag = first.kind === "found" ? first.etag : undefined;
    expect(etag).toMatch(/^W\//);
    expect(await read(issueRef(3), etag)).toEqual({ kind: "unchanged" });
    subject.github.records.set("/repos/acme/app/issues/3", issue(3, { title: "New" }));
    expect(await read(issueRef(3), etag)).toMatchObject({ kind: "found", record: { title: "New" } });
  });

  it("follows a repository that was renamed, and follows nothing to another address", async () => {
    subject.github.renamed.set("acme/old", 77);
    subject.github.records.set("/repositories/77/issues/3", issue(3));
    subject.github.records.set("/repositories/77", repo);
    expect(await read({ ...issueRef(3), scope: "acme/old" })).toMatchObject({ kind: "found" });
    expect(await read({ ...issueRef(4), scope: "acme/old" })).toEqual({ kind: "deleted" });
    const location = `${subject.server.url}/repositories/77/issues/3`;
    subject.server.interrupt({ status: 307, headers: { location }, json: { message: "Temporary Redirect" } });
    const change: RecordWrite = { action: "update", reference: { ...issueRef(3), scope: "acme/old" }, fields: {} };
    expect(await write(change)).toMatchObject({ entityId: "1003" });
    subject.server.interrupt({ status: 301, headers: { location: `${subject.server.url}.evil.example/issues/3` } });
    expect(await failureOf(read(issueRef(3)))).toMatchObject({ reason: "provider_answer_unknown" });
    expect(subject.server.calls.at(-1)).toBe("GET /repos/acme/app/issues/3");
  });

  it("takes a 404 for a deletion only where the repository can still be seen", async () => {
    expect(await read(inRepo("release", "5"))).toEqual({ kind: "deleted" });
    expect(await read({ ...inRepo("release", "5"), scope: "acme/secret" })).toEqual({ kind: "unsupported" });
    expect(await read({ entityType: "repository", entityId: "79" })).toEqual({ kind: "unsupported" });
  });

  it.each([
    ["pull_request", "1", { number: 5 }, "pulls/5"],
    ["milestone", "1", { number: 6 }, "milestones/6"],
    ["issue_comment", "11", {}, "issues/comments/11"],
    ["pull_request_review_comment", "12", {}, "pulls/comments/12"],
    [
      "pull_request_review",
      "13",
      { pull_request_url: "https://api.github.com/repos/o/r/pulls/5" },
      "pulls/5/reviews/13",
    ],
    ["commit_comment", "14", {}, "comments/14"],
    ["label", "15", { name: "good first issue" }, "labels/good%20first%20issue"],
    ["branch", "refs/heads/feature/a b", {}, "git/ref/heads/feature/a%20b"],
    ["tag", "refs/tags/v1.0", {}, "git/ref/tags/v1.0"],
    ["release", "16", {}, "releases/16"],
    ["deploy_key", "17", {}, "keys/17"],
    ["check_run", "18", {}, "check-runs/18"],
    ["check_suite", "19", {}, "check-suites/19"],
    ["workflow_run", "20", {}, "actions/runs/20"],
    ["workflow_job", "21", {}, "actions/jobs/21"],
    ["deployment", "22", {}, "deployments/22"],
    ["deployment_status", "23", { deployment_url: "https://x/deployments/22" }, "deployments/22/statuses/23"],
    ["dependabot_alert", "24", {}, "dependabot/alerts/24"],
    ["code_scanning_alert", "25", {}, "code-scanning/alerts/25"],
    ["secret_scanning_alert", "26", {}, "secret-scanning/alerts/26"],
  ])("reads a %s", async (entityType, entityId, hint, path) => {
    subject.github.records.set(`/repos/acme/app/${path}`, { id: 1, secret: "hunter2", temp_clone_token: "hunter2" });
    const outcome = await read(inRepo(entityType, entityId, hint));
    expect(outcome).toMatchObject({ kind: "found", record: { id: 1 } });
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });

  it.each([
    ["branch", "refs/heads/../../x"],
    ["branch", "refs/pull/1/head"],
    ["pull_request_review", "1"],
    ["deployment_status", "1"],
    ["label", "1"],
  ])("does not read a %s that it cannot name: %s", async (entityType, entityId) => {
    expect(await read(inRepo(entityType, entityId))).toEqual({ kind: "unsupported" });
    expect(subject.server.calls).toEqual([]);
  });

  it("takes neither issues nor scanning that were switched off for deletions", async () => {
    subject.server.interrupt({ status: 410, json: { message: "Issues are disabled for this repo", status: "410" } });
    expect(await read(issueRef(3))).toEqual({ kind: "unsupported" });
    expect(await read(inRepo("secret_scanning_alert", "1"))).toEqual({ kind: "unsupported" });
    expect(await read(inRepo("code_scanning_alert", "1"))).toEqual({ kind: "unsupported" });
  });

  it("asks for no secret that a scan has found", async () => {
    subject.github.records.set("/repos/acme/app/secret-scanning/alerts/1", { number: 1 });
    await read(inRepo("secret_scanning_alert", "1"));
    expect(subject.server.requests[0]?.query).toEqual({ hide_secret: "true" });
  });

  it.each([
    ["check_run", { started_at: "2026-01-01T00:00:00Z", completed_at: "2026-01-02T00:00:00Z" }, "2026-01-02T00:00:00Z"],
    [
      "workflow_run",
      { created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-03T00:00:00Z" },
      "2026-01-03T00:00:00Z",
    ],
    ["pull_request_review", { submitted_at: "2026-01-04T00:00:00Z" }, "2026-01-04T00:00:00Z"],
    ["release", { created_at: "2026-01-05T00:00:00Z" }, "2026-01-05T00:00:00Z"],
    ["branch", {}, undefined],
  ])("versions a %s by the time by which its events are", async (entityType, fields, time) => {
    const value = time === undefined ? undefined : { kind: "time", value: Date.parse(time) };
    expect(githubVersion(entityType, fields)).toEqual(value);
  });

  it("lists pull requests newest first, and stops at the first that is older", async () => {
    const { records } = subject.github;
    for (let n = 1; n <= 130; n++) {
      const updated_at = new Date(noon - n * 60_000).toISOString();
      records.set(`/repos/acme/app/pulls/${n}`, { id: n, number: n, updated_at });
    }
    const since = new Date(noon - 50 * 60_000).toISOString();
    const page = await app.services.records.list(key, { entityType: "pull_request", since });
    expect(page.records.map(({ reference }) => reference.entityId)).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index + 1)),
    );
    // The other repository is next, with nothing in it, and then there is no more.
    const rest = await app.services.records.list(key, {
      entityType: "pull_request",
      since,
      ...(page.cursor !== undefined && { cursor: page.cursor }),
    });
    expect(rest).toEqual({ records: [] });
  });

  it("lists the repositories that changed, and goes on where one has gone meanwhile", async () => {
    const since = "2026-11-24T09:00:00Z";
    const page = await app.services.records.list(key, { entityType: "repository", since });
    expect(page.records.map(({ reference }) => [reference.entityId, reference.scope])).toEqual([
      ["77", "acme/app"],
      ["78", "acme/empty"],
    ]);
    expect(JSON.stringify(page)).not.toContain("hunter2");
    const later = { entityType: "repository", since: "2026-11-24T11:00:00Z" };
    expect(await app.services.records.list(key, later)).toEqual({ records: [] });
    subject.server.interrupt({ json: [repo] }, { status: 404, json: { message: "Not Found" } });
    expect(await app.services.records.list(key, { entityType: "issue", since })).toEqual({ records: [] });
  });

  it("deletes an issue by GraphQL, which it may refuse", async () => {
    const deletion: RecordWrite = { action: "delete", reference: issueRef(4), fields: {} };
    await write(deletion);
    expect(subject.server.calls).toEqual(["GET /repos/acme/app/issues/4", "POST /graphql"]);
    subject.server.interrupt({ json: issue(5) }, { json: { errors: [{ type: "FORBIDDEN" }] } });
    expect(await failureOf(write(deletion))).toEqual({ reason: "provider_rejected", permanent: true });
    subject.server.interrupt({ json: issue(5) }, { json: { data: {} } });
    expect(await failureOf(write(deletion))).toMatchObject({ reason: "provider_answer_unknown" });
    subject.server.interrupt({ status: 404, json: {} });
    expect(await failureOf(write(deletion))).toMatchObject({ reason: "provider_rejected" });
    subject.server.interrupt({ json: {} });
    expect(await failureOf(write(deletion))).toMatchObject({ reason: "provider_answer_unknown" });
  });

  it("answers the version of what it wrote, and writes nothing but issues that can be named", async () => {
    const change: RecordWrite = { action: "update", reference: issueRef(4), fields: { state: "closed" } };
    expect(await write(change)).toEqual({ entityId: "1004", version: { kind: "time", value: noon + 30 * 60_000 } });
    subject.server.interrupt({ status: 418, json: {} });
    expect(await failureOf(write(change))).toMatchObject({ reason: "provider_answer_unknown" });
    for (const reference of [inRepo("issue", "1004"), { ...issueRef(4), scope: "" }, inRepo("release", "1")]) {
      expect(await failureOf(write({ ...change, reference }))).toEqual({ reason: "unsupported", permanent: true });
    }
  });

  it("is an Enterprise where the connection says so, with GraphQL beside REST", async () => {
    const enterprise = { ...key, connectionId: "ghes" };
    const baseUrl = `${subject.server.url}/api/v3`;
    await saveConnection(app.services, enterprise, {
      baseUrl,
      auth: { kind: "bearer", token: subject.tokens.accessToken },
    });
    subject.server.interrupt({ json: issue(4) }, { json: { data: { deleteIssue: {} } } });
    await app.services.records.write(enterprise, { action: "delete", reference: issueRef(4), fields: {} });
    expect(subject.server.calls).toEqual(["GET /api/v3/repos/acme/app/issues/4", "POST /api/graphql"]);
  });
});
