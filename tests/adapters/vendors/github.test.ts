import { describeRecordReader, type ReaderSubject } from "../../contracts/record-reader";
import { noon } from "../../support/make";
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
