import { createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { ParsedDelivery } from "../../shared/core/provider";
import { github } from "../../shared/providers/github";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";
import { openTestApp, seedSignature } from "../support/test-app";
import { healthOf } from "../../shared/usecases/webhook-health";

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
  return parseAs(github, body, { "X-GitHub-Event": event, "X-GitHub-Delivery": DELIVERY });
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

describe("GitHub's events", () => {
  it("takes the whole object, its time and its repository along", () => {
    const issue = { id: 1, title: "A", created_at: "2026-11-01T00:00:00Z", updated_at: "2026-11-02T00:00:00Z" };
    const { deliveryId, events } = parse("issues", { action: "edited", issue, repository, sender });
    expect(deliveryId).toBe(DELIVERY);
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

  it.each([
    ["issues", { action: "deleted", issue: { id: 1, updated_at: "2026-11-02T00:00:00Z" } }],
    ["push", { ref: "refs/heads/main", deleted: true, head_commit: null, repository }],
  ])("states no time for a deletion (%s), because the times in it are of another change", (name, body) => {
    const [event] = parse(name, body).events;
    expect(event?.eventType).toBe("deleted");
    expect(event?.version).toBeUndefined();
    expect(event?.occurredAt).toBeUndefined();
  });

  it("orders a push by the time of pushing and leaves out who wrote the commits", () => {
    const head = {
      id: "a1",
      timestamp: "2026-11-20T10:00:00+02:00",
      message: "Fix",
      author: { email: "m@example.com" },
    };
    const body = { ref: "refs/heads/main", before: "0", after: "a1", head_commit: head, commits: [head], repository };
    const [event] = parse("push", { ...body, pusher: { name: "mona", email: "m@example.com" } }).events;
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
      pusher: { name: "mona" },
    });
  });

  it("reads the time of a push in ISO 8601 too, and does without", () => {
    const push = (pushed_at?: string) => parse("push", { ref: "refs/heads/main", repository: { id: 7, pushed_at } });
    expect(push("2026-11-20T08:00:00Z").events[0]?.version).toEqual({ kind: "time", value: Date.UTC(2026, 10, 20, 8) });
    expect(push().events[0]?.version).toBeUndefined();
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
    ["push", { ref: "refs/heads/main" }, "7"],
    ["delete", { ref: "v1", ref_type: "tag" }, "7"],
    ["merge_group", { merge_group: { head_sha: "f00" } }, "7"],
    ["issues", { issue: { id: 1 } }, undefined],
  ])("says within what the id of %s is unique", (event, body, idScope) => {
    expect(parse(event, { action: "edited", repository, ...body }).events[0]?.idScope).toBe(idScope);
  });

  it("finds one event for each changed wiki page", () => {
    const pages = [{ page_name: "Home", action: "created" }, { page_name: "Help", action: "edited" }, { title: "?" }];
    expect(parse("gollum", { pages }).events).toMatchObject([
      { entityType: "wiki_page", eventType: "created", entityId: "Home", nativeType: "gollum.created" },
      { entityType: "wiki_page", eventType: "updated", entityId: "Help", nativeType: "gollum.edited" },
    ]);
  });

  it("names the organization where there is no repository", () => {
    expect(parse("team", { action: "edited", team: { id: 1 }, organization }).events[0]?.scope).toBe("octo-org");
  });

  it("takes both the member and the team of a membership along", () => {
    const [event] = parse("membership", { action: "added", member: { id: 23 }, team: { id: 24 }, sender }).events;
    expect(event?.data).toEqual({ member: { id: 23 }, team: { id: 24 } });
  });

  it("never passes on a leaked secret or the settings of a hook", () => {
    const alert = { number: 1, secret: "ghp_leaked", secret_type: "token" };
    expect(parse("secret_scanning_alert", { action: "created", alert, repository }).events[0]?.data).toEqual({
      number: 1,
      secret_type: "token",
    });
    const hook = { config: { secret: "s" } };
    expect(parse("meta", { action: "deleted", hook_id: 1, hook }).events[0]?.data).toEqual({ hook_id: 1 });
    const planet = { id: 1, token: "ghp_leaked", mass: 5 };
    expect(parse("planet", { action: "created", planet }).events[0]?.data).toEqual({ id: 1, mass: 5 });
    expect(parse("planet", { secret: "s", mass: 5, repository }).events[0]?.data).toEqual({ mass: 5 });
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

describe("what GitHub's bodies may lack", () => {
  it("has no event where the header that names it is missing", () => {
    expect(parseAs(github, { action: "opened", issue: { id: 1 }, repository })).toMatchObject({
      deliveryId: undefined,
      events: [],
      ignored: "unknown_shape",
    });
  });

  it("takes a push without its repository, and a ref that is written in full", () => {
    expect(parse("push", { ref: "refs/heads/main" }).events).toMatchObject([
      { entityType: "branch", entityId: "refs/heads/main", data: { repository: {}, pusher: {} } },
    ]);
    expect(parse("create", { ref: "refs/tags/v1", ref_type: "tag", repository }).events).toMatchObject([
      { entityType: "tag", eventType: "created", entityId: "refs/tags/v1", idScope: "7" },
    ]);
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

describe("what GitHub says about the hook itself", () => {
  const parse = (name: string, body: object) => parseAs(github, body, { "x-github-event": name });

  it("is told to the owner: the hook or the installation was deleted or suspended, an authorisation was revoked", () => {
    const deleted = parse("meta", { action: "deleted", hook_id: 7, hook: { id: 7 } });
    expect(deleted).toMatchObject({
      notices: ["hook_deleted"],
      events: [{ entityType: "hook", eventType: "deleted" }],
    });
    expect(parse("github_app_authorization", { action: "revoked", sender }).notices).toEqual(["authorization_revoked"]);
    const installation = { id: 42, account: organization };
    expect(parse("installation", { action: "deleted", installation }).notices).toEqual(["app_uninstalled"]);
    expect(parse("installation", { action: "suspend", installation }).notices).toEqual(["app_suspended"]);
  });

  it("is nothing in any other event", () => {
    expect(parse("issues", { action: "deleted", issue: { id: 1 } }).notices).toBeUndefined();
    expect(parse("meta", { action: "polished", hook_id: 7 }).notices).toBeUndefined();
    expect(parse("installation", { action: "unsuspend", installation: { id: 42 } }).notices).toBeUndefined();
  });

  it("stands in the webhook's health until the hook is made anew and delivers", async () => {
    const app = await openTestApp();
    const webhook = await app.register({ integrationId: "github" });
    const deliver = (name: string, body: string) => {
      const headers = { "x-github-event": name, "x-hub-signature-256": seedSignature(webhook, body) };
      return app.deliver(webhook.registrationId, body, headers);
    };
    const adviceNow = async () => {
      const stored = await app.services.registrations.find(webhook.registrationId);
      return stored ? (await healthOf(app.services, stored.value)).recommendations.join(" ") : "";
    };
    await deliver("meta", '{"action":"deleted","hook_id":7}');
    expect(await adviceNow()).toContain("GitHub says that this webhook was deleted there");
    app.advance(1000);
    await deliver("ping", '{"zen":"Keep it logically awesome."}');
    expect(await adviceNow()).toBe("");
    await app.close();
  });
});
