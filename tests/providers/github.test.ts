import { createHmac } from "node:crypto";
import examples from "@octokit/webhooks-examples";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { ParsedDelivery } from "../../shared/core/provider";
import { github } from "../../shared/providers/github";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";

const DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
const repository = { id: 7, full_name: "octo/hello", pushed_at: 1_795_510_000 };
const organization = { id: 8, login: "octo-org" };
const sender = { id: 9, login: "mona" };

function sign(body: Buffer, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

function requestOf(event: string, body: string, contentType = "application/json"): DeliveryRequest {
  const headers = { "X-GitHub-Event": event, "X-GitHub-Delivery": DELIVERY, "Content-Type": contentType };
  return new DeliveryRequest(new Headers(headers), Buffer.from(body));
}

function parse(event: string, body: object): ParsedDelivery {
  return github.parse(trust(requestOf(event, JSON.stringify(body))), contractNow);
}

for (const scheme of github.schemes) {
  describe(`GitHub's scheme ${scheme}`, () => {
    describeScheme({
      provider: github,
      scheme,
      body: Buffer.from(JSON.stringify({ action: "opened", issue: { id: 1, title: "Grüße ☃" }, repository, sender })),
      headers: (body, secret) => ({
        "x-hub-signature-256": sign(body, secret),
        "x-github-event": "issues",
        "x-github-delivery": DELIVERY,
      }),
      proofHeader: "x-hub-signature-256",
      corruptProof: (value) => value.slice(0, -1) + (value.endsWith("0") ? "1" : "0"),
    });
  });
}

describe("GitHub's signature", () => {
  it("is the one that GitHub publishes to test with", () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const request = new DeliveryRequest(
      new Headers({ "X-Hub-Signature-256": signature }),
      Buffer.from("Hello, World!"),
    );
    const proof = { scheme: "native", settings: { scheme: "native" }, toleranceSeconds: 300, now: contractNow };
    expect(github.verify(request, { ...proof, secrets: ["It's a Secret to Everybody"] })).toBe(request);
    expect(() => github.verify(request, { ...proof, secrets: ["It's a Secret to Nobody"] })).toThrow(
      "signature_mismatch",
    );
  });
});

type Case = [event: string, body: object, entityType: string, eventType: string, entityId: string, nativeType: string];

const cases: Case[] = [
  ["issues", { action: "opened", issue: { id: 1 } }, "issue", "created", "1", "issues.opened"],
  ["issues", { action: "deleted", issue: { id: 1 } }, "issue", "deleted", "1", "issues.deleted"],
  ["issues", { action: "transferred", issue: { id: 1 } }, "issue", "updated", "1", "issues.transferred"],
  [
    "issue_comment",
    { action: "created", issue: { id: 1 }, comment: { id: 2 } },
    "issue_comment",
    "created",
    "2",
    "issue_comment.created",
  ],
  [
    "issue_comment",
    { action: "deleted", issue: { id: 1 }, comment: { id: 2 } },
    "issue_comment",
    "deleted",
    "2",
    "issue_comment.deleted",
  ],
  [
    "pull_request",
    { action: "opened", pull_request: { id: 3 } },
    "pull_request",
    "created",
    "3",
    "pull_request.opened",
  ],
  [
    "pull_request",
    { action: "closed", pull_request: { id: 3 } },
    "pull_request",
    "updated",
    "3",
    "pull_request.closed",
  ],
  [
    "pull_request_review",
    { action: "submitted", review: { id: 4 } },
    "pull_request_review",
    "created",
    "4",
    "pull_request_review.submitted",
  ],
  [
    "pull_request_review",
    { action: "dismissed", review: { id: 4 } },
    "pull_request_review",
    "updated",
    "4",
    "pull_request_review.dismissed",
  ],
  [
    "pull_request_review_comment",
    { action: "created", comment: { id: 5 } },
    "pull_request_review_comment",
    "created",
    "5",
    "pull_request_review_comment.created",
  ],
  [
    "pull_request_review_comment",
    { action: "deleted", comment: { id: 5 } },
    "pull_request_review_comment",
    "deleted",
    "5",
    "pull_request_review_comment.deleted",
  ],
  [
    "pull_request_review_thread",
    { action: "resolved", thread: { node_id: "T_6" } },
    "pull_request_review_thread",
    "updated",
    "T_6",
    "pull_request_review_thread.resolved",
  ],
  ["push", { ref: "refs/heads/main", created: true }, "branch", "created", "refs/heads/main", "push"],
  ["push", { ref: "refs/heads/main" }, "branch", "updated", "refs/heads/main", "push"],
  ["push", { ref: "refs/tags/v1", deleted: true }, "tag", "deleted", "refs/tags/v1", "push"],
  ["create", { ref: "main", ref_type: "branch" }, "branch", "created", "refs/heads/main", "create"],
  ["create", { ref: "v1", ref_type: "tag" }, "tag", "created", "refs/tags/v1", "create"],
  ["delete", { ref: "a/b", ref_type: "branch" }, "branch", "deleted", "refs/heads/a/b", "delete"],
  ["repository", { action: "created" }, "repository", "created", "7", "repository.created"],
  ["repository", { action: "deleted" }, "repository", "deleted", "7", "repository.deleted"],
  ["repository", { action: "renamed" }, "repository", "updated", "7", "repository.renamed"],
  ["public", {}, "repository", "updated", "7", "public"],
  ["fork", { forkee: { id: 70 } }, "repository", "created", "70", "fork"],
  ["release", { action: "created", release: { id: 10 } }, "release", "created", "10", "release.created"],
  ["release", { action: "deleted", release: { id: 10 } }, "release", "deleted", "10", "release.deleted"],
  ["release", { action: "published", release: { id: 10 } }, "release", "updated", "10", "release.published"],
  ["label", { action: "created", label: { id: 11 } }, "label", "created", "11", "label.created"],
  ["milestone", { action: "closed", milestone: { id: 12 } }, "milestone", "updated", "12", "milestone.closed"],
  ["milestone", { action: "deleted", milestone: { id: 12 } }, "milestone", "deleted", "12", "milestone.deleted"],
  [
    "commit_comment",
    { action: "created", comment: { id: 13 } },
    "commit_comment",
    "created",
    "13",
    "commit_comment.created",
  ],
  ["discussion", { action: "answered", discussion: { id: 14 } }, "discussion", "updated", "14", "discussion.answered"],
  ["discussion", { action: "created", discussion: { id: 14 } }, "discussion", "created", "14", "discussion.created"],
  [
    "discussion_comment",
    { action: "deleted", discussion: { id: 14 }, comment: { id: 15 } },
    "discussion_comment",
    "deleted",
    "15",
    "discussion_comment.deleted",
  ],
  ["check_run", { action: "created", check_run: { id: 16 } }, "check_run", "created", "16", "check_run.created"],
  ["check_run", { action: "completed", check_run: { id: 16 } }, "check_run", "updated", "16", "check_run.completed"],
  [
    "check_suite",
    { action: "requested", check_suite: { id: 17 } },
    "check_suite",
    "created",
    "17",
    "check_suite.requested",
  ],
  [
    "check_suite",
    { action: "rerequested", check_suite: { id: 17 } },
    "check_suite",
    "updated",
    "17",
    "check_suite.rerequested",
  ],
  [
    "workflow_run",
    { action: "requested", workflow_run: { id: 18 } },
    "workflow_run",
    "created",
    "18",
    "workflow_run.requested",
  ],
  [
    "workflow_run",
    { action: "in_progress", workflow_run: { id: 18 } },
    "workflow_run",
    "updated",
    "18",
    "workflow_run.in_progress",
  ],
  [
    "workflow_job",
    { action: "queued", workflow_job: { id: 19 } },
    "workflow_job",
    "created",
    "19",
    "workflow_job.queued",
  ],
  [
    "workflow_job",
    { action: "waiting", workflow_job: { id: 19 } },
    "workflow_job",
    "updated",
    "19",
    "workflow_job.waiting",
  ],
  [
    "workflow_dispatch",
    { inputs: {}, ref: "refs/heads/main" },
    "workflow_dispatch",
    "occurred",
    "7",
    "workflow_dispatch",
  ],
  ["repository_dispatch", { action: "deleted" }, "repository_dispatch", "occurred", "7", "repository_dispatch.deleted"],
  ["deployment", { action: "created", deployment: { id: 20 } }, "deployment", "created", "20", "deployment.created"],
  [
    "deployment_status",
    { action: "created", deployment_status: { id: 21 } },
    "deployment_status",
    "created",
    "21",
    "deployment_status.created",
  ],
  ["status", { id: 22, sha: "abc" }, "status", "created", "22", "status"],
  ["star", { action: "created", starred_at: "2026-11-24T08:00:00Z" }, "star", "created", "7:9", "star.created"],
  ["star", { action: "deleted", starred_at: null }, "star", "deleted", "7:9", "star.deleted"],
  ["watch", { action: "started" }, "star", "created", "7:9", "watch.started"],
  ["member", { action: "added", member: { id: 23 } }, "member", "created", "23", "member.added"],
  ["member", { action: "removed", member: { id: 23 } }, "member", "deleted", "23", "member.removed"],
  ["member", { action: "edited", member: { id: 23 } }, "member", "updated", "23", "member.edited"],
  [
    "membership",
    { action: "added", member: { id: 23 }, team: { id: 24 } },
    "member",
    "created",
    "23",
    "membership.added",
  ],
  [
    "membership",
    { action: "removed", member: { id: 23 }, team: { id: 24 } },
    "member",
    "deleted",
    "23",
    "membership.removed",
  ],
  [
    "organization",
    { action: "member_added", organization },
    "organization",
    "updated",
    "8",
    "organization.member_added",
  ],
  ["organization", { action: "deleted", organization }, "organization", "deleted", "8", "organization.deleted"],
  ["team", { action: "created", team: { id: 24 } }, "team", "created", "24", "team.created"],
  ["team", { action: "added_to_repository", team: { id: 24 } }, "team", "updated", "24", "team.added_to_repository"],
  ["team_add", { team: { id: 24 } }, "team", "updated", "24", "team_add"],
  [
    "installation",
    { action: "created", installation: { id: 25 } },
    "installation",
    "created",
    "25",
    "installation.created",
  ],
  [
    "installation",
    { action: "suspend", installation: { id: 25 } },
    "installation",
    "updated",
    "25",
    "installation.suspend",
  ],
  [
    "installation_repositories",
    { action: "added", installation: { id: 25 } },
    "installation",
    "updated",
    "25",
    "installation_repositories.added",
  ],
  ["package", { action: "published", package: { id: 26 } }, "package", "created", "26", "package.published"],
  [
    "registry_package",
    { action: "updated", registry_package: { id: 26 } },
    "package",
    "updated",
    "26",
    "registry_package.updated",
  ],
  [
    "dependabot_alert",
    { action: "created", alert: { number: 27 } },
    "dependabot_alert",
    "created",
    "27",
    "dependabot_alert.created",
  ],
  [
    "code_scanning_alert",
    { action: "fixed", alert: { number: 28 } },
    "code_scanning_alert",
    "updated",
    "28",
    "code_scanning_alert.fixed",
  ],
  [
    "secret_scanning_alert",
    { action: "created", alert: { number: 29 } },
    "secret_scanning_alert",
    "created",
    "29",
    "secret_scanning_alert.created",
  ],
  [
    "repository_vulnerability_alert",
    { action: "create", alert: { id: 30 } },
    "repository_vulnerability_alert",
    "created",
    "30",
    "repository_vulnerability_alert.create",
  ],
  [
    "repository_vulnerability_alert",
    { action: "dismiss", alert: { id: 30 } },
    "repository_vulnerability_alert",
    "updated",
    "30",
    "repository_vulnerability_alert.dismiss",
  ],
  [
    "security_advisory",
    { action: "published", security_advisory: { ghsa_id: "GHSA-1" } },
    "security_advisory",
    "created",
    "GHSA-1",
    "security_advisory.published",
  ],
  [
    "security_advisory",
    { action: "withdrawn", security_advisory: { ghsa_id: "GHSA-1" } },
    "security_advisory",
    "deleted",
    "GHSA-1",
    "security_advisory.withdrawn",
  ],
  [
    "branch_protection_rule",
    { action: "edited", rule: { id: 31 } },
    "branch_protection_rule",
    "updated",
    "31",
    "branch_protection_rule.edited",
  ],
  ["deploy_key", { action: "deleted", key: { id: 32 } }, "deploy_key", "deleted", "32", "deploy_key.deleted"],
  [
    "projects_v2_item",
    { action: "archived", projects_v2_item: { id: 33 } },
    "projects_v2_item",
    "updated",
    "33",
    "projects_v2_item.archived",
  ],
  [
    "projects_v2_item",
    { action: "restored", projects_v2_item: { id: 33 } },
    "projects_v2_item",
    "restored",
    "33",
    "projects_v2_item.restored",
  ],
  ["gollum", { pages: [{ page_name: "Home", action: "created" }] }, "wiki_page", "created", "Home", "gollum.created"],
  ["gollum", { pages: [{ page_name: "Home", action: "edited" }] }, "wiki_page", "updated", "Home", "gollum.edited"],
  ["page_build", { id: 34, build: { status: "built" } }, "page_build", "created", "34", "page_build"],
  ["meta", { action: "deleted", hook_id: 35, hook: {} }, "hook", "deleted", "35", "meta.deleted"],
  [
    "github_app_authorization",
    { action: "revoked" },
    "github_app_authorization",
    "deleted",
    "9",
    "github_app_authorization.revoked",
  ],
  [
    "marketplace_purchase",
    { action: "purchased", marketplace_purchase: { account: { id: 36 } } },
    "marketplace_purchase",
    "created",
    "36",
    "marketplace_purchase.purchased",
  ],
  [
    "marketplace_purchase",
    { action: "cancelled", marketplace_purchase: { account: { id: 36 } } },
    "marketplace_purchase",
    "deleted",
    "36",
    "marketplace_purchase.cancelled",
  ],
  [
    "sponsorship",
    { action: "created", sponsorship: { node_id: "S_37" } },
    "sponsorship",
    "created",
    "S_37",
    "sponsorship.created",
  ],
  [
    "sponsorship",
    { action: "cancelled", sponsorship: { node_id: "S_37" } },
    "sponsorship",
    "deleted",
    "S_37",
    "sponsorship.cancelled",
  ],
  [
    "merge_group",
    { action: "checks_requested", merge_group: { head_sha: "f00" } },
    "merge_group",
    "created",
    "f00",
    "merge_group.checks_requested",
  ],
  [
    "merge_group",
    { action: "destroyed", merge_group: { head_sha: "f00" } },
    "merge_group",
    "deleted",
    "f00",
    "merge_group.destroyed",
  ],
  ["org_block", { action: "blocked", blocked_user: { id: 38 } }, "org_block", "created", "38", "org_block.blocked"],
  ["org_block", { action: "unblocked", blocked_user: { id: 38 } }, "org_block", "deleted", "38", "org_block.unblocked"],
  ["brand_new", { action: "created", brand_new: { id: 39 } }, "brand_new", "created", "39", "brand_new.created"],
  ["brand_new", { action: "polished" }, "brand_new", "updated", "7", "brand_new.polished"],
];

describe("GitHub's events", () => {
  it.each(cases)("reads %s %j as %s.%s of %s (%s)", (event, body, entityType, eventType, entityId, nativeType) => {
    const { events, deliveryId } = parse(event, { repository, sender, ...body });
    expect(deliveryId).toBe(DELIVERY);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ entityType, eventType, entityId, nativeType });
  });

  const recorded = examples.flatMap(({ name, examples: bodies }) =>
    name === "ping" ? [] : bodies.map((body, index) => ({ name, index, body })),
  );
  it.each(recorded)("finds an event with an id in GitHub's example $index of $name", ({ name, body }) => {
    const { events, ignored } = parse(name, body);
    expect(ignored).toBeUndefined();
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(event.entityId).toMatch(/./);
  });

  it("takes the whole object, its time and its repository along", () => {
    const issue = { id: 1, title: "A", created_at: "2026-11-01T00:00:00Z", updated_at: "2026-11-02T00:00:00Z" };
    const { events } = parse("issues", { action: "edited", issue, repository, sender });
    expect(events[0]).toEqual({
      entityType: "issue",
      eventType: "updated",
      entityId: "1",
      nativeType: "issues.edited",
      nativeAction: "edited",
      occurredAt: "2026-11-02T00:00:00.000Z",
      version: { kind: "time", value: Date.UTC(2026, 10, 2) },
      scope: "octo/hello",
      completeness: "full",
      data: issue,
    });
  });

  it("states no time for a deletion, because the object's times are older", () => {
    const [event] = parse("issues", { action: "deleted", issue: { id: 1, updated_at: "2026-11-02T00:00:00Z" } }).events;
    expect(event).not.toHaveProperty("version");
    expect(event).not.toHaveProperty("occurredAt");
  });

  it("orders a push by the time of pushing and leaves out who wrote the commits", () => {
    const head = {
      id: "a1",
      timestamp: "2026-11-20T10:00:00+02:00",
      message: "Fix",
      author: { email: "m@example.com" },
    };
    const body = { ref: "refs/heads/main", before: "0", after: "a1", head_commit: head, commits: [head], repository };
    const [event] = parse("push", { ...body, pusher: { email: "m@example.com" } }).events;
    expect(event).toMatchObject({
      occurredAt: "2026-11-20T08:00:00.000Z",
      version: { kind: "time", value: 1_795_510_000_000 },
      completeness: "partial",
      idScope: "7",
    });
    expect(event?.data).toEqual({
      ref: "refs/heads/main",
      before: "0",
      after: "a1",
      head_commit: { id: "a1", timestamp: head.timestamp, message: "Fix" },
      repository: { id: 7, full_name: "octo/hello" },
    });
  });

  it.each([
    [{ completed_at: "2026-01-03T00:00:00Z", started_at: "2026-01-02T00:00:00Z" }, "2026-01-03T00:00:00.000Z"],
    [{ completed_at: null, started_at: "2026-01-02T00:00:00Z" }, "2026-01-02T00:00:00.000Z"],
    [{ created_at: "2026-01-01T00:00:00Z" }, "2026-01-01T00:00:00.000Z"],
  ])("orders a job by its latest milestone: %j", (times, occurredAt) => {
    const [event] = parse("workflow_job", { action: "completed", workflow_job: { id: 1, ...times } }).events;
    expect(event?.occurredAt).toBe(occurredAt);
  });

  it("reads times in Unix seconds too", () => {
    const installation = { id: 25, updated_at: 1_795_510_000 };
    expect(parse("installation", { action: "suspend", installation }).events[0]?.version?.value).toBe(
      1_795_510_000_000,
    );
  });

  it.each([
    ["dependabot_alert", { alert: { number: 1 } }, "7"],
    ["member", { member: { id: 1 } }, "7"],
    ["membership", { member: { id: 1 }, team: { id: 24 } }, "24"],
    ["org_block", { blocked_user: { id: 1 }, organization }, "8"],
    ["gollum", { pages: [{ page_name: "Home" }] }, "7"],
    ["issues", { issue: { id: 1 } }, undefined],
  ])("says within what the id of %s is unique", (event, body, idScope) => {
    expect(parse(event, { action: "edited", repository, ...body }).events[0]?.idScope).toBe(idScope);
  });

  it("finds one event for each changed wiki page", () => {
    const pages = [{ page_name: "Home" }, { page_name: "Help" }, { title: "nameless" }];
    expect(parse("gollum", { pages }).events.map(({ entityId }) => entityId)).toEqual(["Home", "Help"]);
  });

  it("names the organization where there is no repository", () => {
    expect(parse("team", { action: "edited", team: { id: 1 }, organization }).events[0]?.scope).toBe("octo-org");
  });

  it("never passes on a leaked secret or the settings of a hook", () => {
    const alert = { number: 1, secret: "ghp_leaked", secret_type: "token" };
    expect(parse("secret_scanning_alert", { action: "created", alert, repository }).events[0]?.data).toEqual({
      number: 1,
      secret_type: "token",
    });
    const hook = { config: { secret: "s" } };
    expect(parse("meta", { action: "deleted", hook_id: 1, hook }).events[0]?.data).toEqual({ hook_id: 1 });
  });

  it("reads a body that was sent as a form", () => {
    const payload = JSON.stringify({ action: "opened", issue: { id: 1, title: "a & b = c + d" }, repository });
    const form = new URLSearchParams({ payload }).toString();
    const request = requestOf("issues", form, "application/x-www-form-urlencoded; charset=utf-8");
    expect(github.parse(trust(request), contractNow)).toEqual(parse("issues", JSON.parse(payload)));
  });

  it.each([
    ["issues", "no JSON"],
    ["issues", "[]"],
    ["issues", '{"action":"opened"}'],
    ["issues", '{"action":"opened","issue":{}}'],
    ["push", "{}"],
    ["create", '{"ref":"x","ref_type":"planet"}'],
    ["gollum", '{"pages":7}'],
    ["brand_new", "{}"],
    ["constructor", "{}"],
    ["Not a name", '{"repository":{"id":7}}'],
    ["", '{"repository":{"id":7}}'],
  ])("finds nothing in %j %s, and says so", (event, body) => {
    const parsed = github.parse(trust(requestOf(event, body)), contractNow);
    expect(parsed).toEqual({ deliveryId: DELIVERY, events: [], ignored: "unknown_shape" });
  });
});

describe("GitHub's ping", () => {
  const ping = trust(
    requestOf("ping", JSON.stringify({ zen: "Design for failure.", hook_id: 1, hook: {}, repository })),
  );

  it("is answered, and is no event", () => {
    const reply = github.handshake?.(ping);
    expect(reply).toMatchObject({ status: 200, headers: { "Content-Type": "application/json" } });
    expect(JSON.parse(reply?.body ?? "")).toEqual({ success: true, handshake: "ping" });
    expect(github.parse(ping, contractNow)).toEqual({ deliveryId: DELIVERY, events: [] });
  });

  it("is the only handshake", () => {
    expect(github.handshake?.(trust(requestOf("issues", "{}")))).toBeUndefined();
    expect(github.openHandshake).toBeUndefined();
  });
});

it("tells the operator of GitHub the URL to enter", () => {
  const context = { scheme: "seed", settings: { scheme: "seed" }, missingSettings: [] };
  const steps = github.setupSteps({ ...context, webhookUrl: "https://hooks.example.com/webhooks/whr_1" });
  expect(steps.join("\n")).toContain("https://hooks.example.com/webhooks/whr_1");
});
