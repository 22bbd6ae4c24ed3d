import { createHmac } from "node:crypto";
import { WebhookError } from "../../shared/core/errors";
import { listRepairs } from "../../shared/usecases/list-repairs";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { pauseWebhook, resumeWebhook } from "../../shared/usecases/pause-webhook";
import { planRepair } from "../../shared/usecases/plan-repair";
import { repairGaps } from "../../shared/usecases/repair-gaps";
import type { RepairView } from "../../shared/usecases/repair-view";
import { requestRepair } from "../../shared/usecases/request-repair";
import { healthOf } from "../../shared/usecases/webhook-health";
import { connect } from "../support/connections";
import { makeRegistration, noon } from "../support/make";
import { codeOf, contactBody, openTestApp, type TestApp } from "../support/test-app";
import { GitHubStandIn } from "../support/vendors/github";
import type { DeliveryAttempt } from "../support/vendors/github-deliveries";
import { GoogleStandIn } from "../support/vendors/google";
import { NotionStandIn } from "../support/vendors/notion";
import { SalesforceStandIn } from "../support/vendors/salesforce";

const HOUR = 3_600_000;
let app: TestApp;
let webhook: NewRegistration;

const repair = (request: { readonly since?: string; readonly until?: string; readonly scope?: string } = {}) =>
  requestRepair(app.services, { tenantId: "tenant-123", registrationId: webhook.registrationId, ...request });
const reports = async (): Promise<readonly RepairView[]> => {
  const { registrationId } = webhook;
  return (await listRepairs(app.services, "tenant-123", { registrationId, limit: 50 })).repairs;
};
const timer = () => repairGaps(app.services);
const ago = (ms: number): string => new Date(app.services.now() - ms).toISOString();

describe("repairing a gap at GitHub", () => {
  const hook = "/repos/acme/app/hooks/2";
  let github: GitHubStandIn;
  beforeEach(async () => {
    github = await GitHubStandIn.start();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", GITHUB_API_URL: github.server.url });
    await connect(app, "github", { kind: "bearer", token: github.tokens.accessToken });
    webhook = await app.register({ integrationId: "github", events: ["issues.opened"] });
    github.hooks.owners.set("repos/acme/app", [
      {
        ...{ id: 2, name: "web", active: true, events: ["*"] },
        config: { url: webhook.webhookUrl, content_type: "json" },
      },
    ]);
    github.deliveries.attempts.set(hook, []);
    github.deliveries.redeliver = ({ guid }) => void redelivered.push(guid);
    redelivered.length = 0;
  });
  afterEach(async () => {
    await app.close();
    await github.server.stop();
  });

  const redelivered: string[] = [];
  const issue = (number: number) => ({ id: 1000 + number, number, title: `Issue ${number}`, updated_at: ago(0) });

  /** GitHub sends an event; `arrives: false` where it is lost on the way. */
  async function send(guid: string, { arrives = true, event = "issues" } = {}): Promise<void> {
    const attempts = github.deliveries.attempts.get(hook) ?? [];
    const attempt: DeliveryAttempt = {
      id: 9000 + attempts.length,
      guid,
      delivered_at: ago(0),
      event,
      status_code: arrives ? 200 : 502,
    };
    attempts.unshift(attempt);
    if (arrives) await deliver(guid, event);
  }

  async function deliver(guid: string, event = "issues"): Promise<void> {
    const number = Number(guid.replace(/\D/g, ""));
    const body = JSON.stringify({
      action: "opened",
      issue: issue(number),
      repository: { id: 7, full_name: "acme/app" },
    });
    const signature = createHmac("sha256", webhook.webhookSecret ?? "")
      .update(body)
      .digest("hex");
    await app.deliver(webhook.registrationId, body, {
      "x-github-event": event,
      "x-github-delivery": guid,
      "x-hub-signature-256": `sha256=${signature}`,
    });
    await app.services.gatherer.flush();
    await app.drain();
  }

  it("has what did not arrive sent again, and reports window, sent, present and repaired", async () => {
    await send("guid-1");
    await send("guid-2", { arrives: false });
    await send("guid-3", { arrives: false });
    await send("guid-4", { event: "star" }); // nobody asked for it, but it arrived
    await send("guid-5", { arrives: false, event: "ping" });
    app.advance(HOUR);
    const started = await repair();
    expect(started).toMatchObject({ cause: "manual", since: ago(24 * HOUR), until: ago(0), status: "running" });
    await app.drain();
    expect(redelivered).toEqual(["guid-2", "guid-3"]);
    expect(await reports()).toMatchObject([{ sent: 4, present: 2, repaired: 2, failed: 0, status: "running" }]);
    await timer();
    expect(await reports()).toMatchObject([
      { status: "completed", finishedAt: ago(0), parts: [{ of: "deliveries", status: "completed" }] },
    ]);
    expect(app.logged.filter(({ event }) => event === "gap.repaired")).toMatchObject([
      { level: "info", fields: { sent: 4, present: 2, repaired: 2, failed: 0 } },
    ]);
  });

  it("repairs nothing twice: what was sent again counts as present from then on", async () => {
    await send("guid-1");
    await send("guid-2", { arrives: false });
    app.advance(HOUR);
    github.deliveries.redeliver = ({ guid }) => void redelivered.push(guid);
    await repair();
    await app.drain();
    await deliver("guid-2");
    app.advance(1000);
    await repair();
    await app.drain();
    expect(redelivered).toEqual(["guid-2"]);
    const counts = (await reports()).map(({ sent, present, repaired }) => [sent, present, repaired]);
    expect(counts.sort()).toEqual([
      [2, 1, 1],
      [2, 2, 0],
    ]);
  });

  it("goes on where it was interrupted, by a limit of calls or by a crash", async () => {
    await send("guid-1");
    for (let n = 2; n <= 5; n++) await send(`guid-${n}`, { arrives: false });
    app.advance(HOUR);
    await repair();
    let calls = 0;
    github.deliveries.redeliver = ({ guid }) => {
      redelivered.push(guid);
      if (++calls === 2) github.server.interrupt({ status: 429, headers: { "retry-after": "60" } });
    };
    await app.drain();
    expect(redelivered).toEqual(["guid-2", "guid-3"]);
    expect(await reports()).toMatchObject([{ parts: [{ status: "waiting", reason: "rate_limited" }] }]);
    await deliver("guid-2");
    await deliver("guid-3");
    app.advance(60_000);
    await app.drain();
    expect(redelivered).toEqual(["guid-2", "guid-3", "guid-4", "guid-5"]);
    await timer();
    expect(await reports()).toMatchObject([{ status: "completed", sent: 5, present: 1, repaired: 4 }]);
  });

  it("begins what a crash kept from beginning, and asks again for what never got into the queue", async () => {
    await send("guid-1");
    app.advance(HOUR);
    const queue = jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    expect(await codeOf(repair())).toBe("queue_unavailable");
    queue.mockRestore();
    expect(await reports()).toMatchObject([{ status: "running", sent: 0 }]);
    expect(await timer()).toMatchObject({ advanced: 1 });
    await app.drain();
    await timer();
    expect(await reports()).toMatchObject([{ status: "completed", sent: 1, present: 1 }]);
  });

  it("waits for what may still succeed, and fails only when nobody tries any more", async () => {
    await send("guid-1");
    app.advance(HOUR);
    await repair();
    for (let attempt = 0; attempt < 4; attempt++) {
      github.server.interrupt({ status: 418 });
      await app.drain();
      await timer();
      const [report] = await reports();
      const status = attempt < 3 ? "waiting" : "failed";
      expect(report?.parts[0]).toMatchObject({ of: "deliveries", status, reason: "provider_answer_unknown" });
      // Then the records are read.
      expect([report?.status, report?.parts[1]?.of]).toEqual(["running", attempt < 3 ? undefined : "issue"]);
      app.advance(HOUR / 4);
    }
  });

  it("sends a message again that is not heard of for an hour, and gives up one that is not heard of for days", async () => {
    await send("guid-1");
    app.advance(HOUR);
    await repair();
    const [lost] = await app.lockingQueue.receive(1, 60_000);
    await app.lockingQueue.complete(lost?.lockToken ?? "");
    app.advance(HOUR + 1);
    await timer();
    expect(await app.drain()).toBe(1);
    await timer();
    expect(await reports()).toMatchObject([{ status: "completed" }]);
    await repair();
    const [again] = await app.lockingQueue.receive(1, 60_000);
    await app.lockingQueue.complete(again?.lockToken ?? "");
    app.advance(9 * 24 * HOUR);
    await timer();
    expect((await reports())[0]).toMatchObject({ status: "failed", parts: [{ reason: "timed_out" }] });
  });

  it.each([
    ["github", ["issues.opened", "push"], ["issue"]],
    ["github", ["*"], ["issue", "pull_request", "issue_comment", "pull_request_review_comment", "repository"]],
    ["github", ["deleted"], ["issue", "pull_request", "issue_comment", "pull_request_review_comment", "repository"]],
    ["notion", ["page.content_updated", "comment.*"], ["page"]],
    ["slack", ["message", "file.*"], ["message"]],
    ["salesforce", ["Contact.created", "Invoice__c", "updated", "Shipped__e"], ["Contact", "Invoice__c"]],
    ["salesforce", ["*"], []],
    ["google", ["file.*", "object.*"], ["file"]],
    ["stripe", ["*"], []],
  ])("at %s, events %j are of types %j", async (integrationId, events, types) => {
    const registration = makeRegistration({ integrationId, events });
    const gap = { cause: "manual", since: ago(HOUR), until: ago(0) } as const;
    expect((await planRepair(app.services, registration, gap)).fallback).toEqual(types);
  });

  it("goes by the provider's own spelling of a type once it is known", async () => {
    webhook = await app.register({ events: ["contact.*"] });
    await app.deliverSigned(webhook, contactBody());
    await app.drain();
    const registration = (await app.services.registrations.find(webhook.registrationId))?.value;
    if (!registration) throw new Error("there is no such webhook");
    const gap = { cause: "manual", since: ago(HOUR), until: ago(0) } as const;
    expect((await planRepair(app.services, registration, gap)).fallback).toEqual(["Contact"]);
  });

  it("is about the place where we set the webhook up ourselves", async () => {
    const places = [
      [{ kind: "repository", repository: "acme/app" }, "acme/app"],
      [{ kind: "organization", organization: "acme" }, "acme"],
      [{ kind: "pubsub", project: "acme", topic: "t" }, `projects/acme/subscriptions/${webhook.registrationId}`],
      [{ kind: "gmail", project: "acme", topic: "t", subscription: "s" }, "projects/acme/subscriptions/s"],
      [{ kind: "drive_changes" }, undefined],
    ] as const;
    for (const [target, scope] of places) {
      const updated = await app.services.registrations.update(webhook.registrationId, (current) => ({
        ...current,
        provisioning: { target, state: "ready" },
      }));
      if (!updated) throw new Error("there is no such webhook");
      const gap = { cause: "manual", since: ago(HOUR), until: ago(0) } as const;
      expect((await planRepair(app.services, updated, gap)).scopes).toEqual(scope === undefined ? [] : [scope]);
    }
  });

  it("tells of a delivery that GitHub does not send again any more", async () => {
    await send("guid-1");
    await send("guid-2", { arrives: false });
    app.advance(HOUR);
    await repair();
    github.deliveries.expired.add("guid-2");
    await app.drain();
    await timer();
    expect(await reports()).toMatchObject([{ status: "incomplete", sent: 2, present: 1, repaired: 0, failed: 1 }]);
  });

  it("reads the records that the webhook asks for where it may not see the hook", async () => {
    await send("guid-1");
    github.hooks.owners.clear();
    app.advance(HOUR);
    github.records.set("/repos/acme/app", { id: 7, full_name: "acme/app", updated_at: ago(0) });
    github.records.set("/repos/acme/app/issues/1", { ...issue(1), updated_at: ago(HOUR) });
    github.records.set("/repos/acme/app/issues/2", { ...issue(2), updated_at: ago(HOUR / 2) });
    github.records.set("/repos/acme/app/issues/3", { ...issue(3), updated_at: ago(48 * HOUR) });
    await repair();
    await app.drain();
    await timer();
    await app.drain();
    await timer();
    expect(await reports()).toMatchObject([
      {
        status: "incomplete",
        sent: 2,
        present: 1,
        repaired: 1,
        parts: [
          { of: "deliveries", status: "failed", reason: "hook_not_found" },
          { of: "issue", status: "completed", sent: 2, present: 1, repaired: 1 },
        ],
      },
    ]);
  });

  it("reads the records as well where the window begins before what GitHub sends again", async () => {
    await send("guid-1");
    await repair({ since: ago(4 * 24 * HOUR) });
    const [report] = await reports();
    expect(report?.parts.map(({ of }) => of)).toEqual(["deliveries", "issue"]);
  });

  it("says so where it is not known where the webhook is set up; who asks may say it", async () => {
    webhook = await app.register({ integrationId: "github", events: ["star.created"] });
    expect(await repair()).toMatchObject({ status: "failed", reason: "scope_unknown", parts: [] });
    expect(await repair({ scope: "acme/app" })).toMatchObject({ status: "running", parts: [{ of: "deliveries" }] });
  });

  it("is told of in the webhook's health for a week where it failed, until another one is whole", async () => {
    await send("guid-1");
    await repair({ scope: "acme/other" });
    await app.drain();
    await timer();
    await app.drain();
    await timer();
    const advice = async (): Promise<string> => {
      const registration = (await app.services.registrations.find(webhook.registrationId))?.value;
      if (!registration) throw new Error("there is no such webhook");
      return (await healthOf(app.services, registration)).recommendations.join(" ");
    };
    expect(await advice()).toContain(
      `Events may be missing between ${ago(24 * HOUR)} and ${ago(0)} (manual), and the gap was repaired in part`,
    );
    app.advance(1000);
    await repair();
    await app.drain();
    await timer();
    expect(await advice()).not.toContain("Events may be missing");
    webhook = await app.register({ integrationId: "github", events: ["star.created"] });
    await repair();
    expect(await advice()).toContain("the gap could not be repaired");
    app.advance(8 * 24 * HOUR);
    expect(await advice()).not.toContain("Events may be missing");
  });

  it("begins by itself after an outage of ours, and only once", async () => {
    await send("guid-1");
    const queue = jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    await expect(send("guid-2")).rejects.toThrow("queue_unavailable");
    queue.mockRestore();
    expect(await timer()).toMatchObject({ found: 0 });
    app.advance(HOUR / 4);
    expect(await timer()).toMatchObject({ found: 1, failed: 0 });
    expect(await timer()).toMatchObject({ found: 0, advanced: 1 });
    await app.drain();
    await timer();
    expect(redelivered).toEqual(["guid-2"]);
    expect(await reports()).toMatchObject([
      { cause: "outage", since: new Date(noon).toISOString(), status: "completed", sent: 2, present: 1, repaired: 1 },
    ]);
  });

  it("begins once a webhook that could hold no more is resumed: until then what is sent again would be refused again", async () => {
    await send("guid-1");
    const key = { tenantId: "tenant-123", registrationId: webhook.registrationId };
    await pauseWebhook(app.services, key, "test");
    const count = jest.spyOn(app.services.heldEvents, "countOf").mockResolvedValue(10_000);
    await expect(send("guid-2")).rejects.toThrow("hold_full");
    await app.services.gatherer.flush();
    for (let hours = 0; hours < 48; hours++) {
      app.advance(HOUR);
      expect(await timer()).toMatchObject({ found: 0 });
      await app.drain();
    }
    expect(redelivered).toEqual([]);
    count.mockRestore();
    await resumeWebhook(app.services, key);
    await app.drain();
    expect(await timer()).toMatchObject({ found: 1 });
    await app.drain();
    expect(redelivered).toEqual(["guid-2"]);
  });

  it("covers also what was missed while a repair that was found could not begin", async () => {
    for (let n = 0; n < 200; n++) {
      await send(`guid-${n}`);
      app.advance(HOUR);
    }
    app.advance(5 * HOUR);
    await send("guid-300", { arrives: false });
    app.advance(HOUR);
    const queue = jest.spyOn(app.services.queue, "send").mockRejectedValue(new WebhookError("queue_unavailable"));
    expect(await timer()).toMatchObject({ found: 0, failed: 1 });
    app.advance(2 * HOUR);
    await send("guid-301", { arrives: false });
    app.advance(HOUR);
    queue.mockRestore();
    expect(await timer()).toMatchObject({ found: 1, failed: 0 });
    await app.drain();
    expect(redelivered).toEqual(["guid-300", "guid-301"]);
  });

  it("begins by itself when a silence is not usual, and again when it ends", async () => {
    for (let n = 0; n < 200; n++) {
      await send(`guid-${n}`);
      app.advance(HOUR);
    }
    await timer();
    expect(await reports()).toEqual([]);
    app.advance(5 * HOUR);
    await send("guid-300", { arrives: false });
    app.advance(HOUR);
    const alarmedAt = ago(0);
    await timer();
    await app.drain();
    await timer();
    const begun = { cause: "silence", until: alarmedAt, status: "completed", sent: 2, present: 1, repaired: 1 };
    expect(await reports()).toMatchObject([begun]);
    app.advance(HOUR);
    await send("guid-301", { arrives: false });
    app.advance(HOUR);
    await send("guid-302");
    const endedAt = ago(0);
    app.advance(1000);
    await timer();
    await app.drain();
    await timer();
    const ended = { cause: "silence", since: alarmedAt, until: endedAt, status: "completed", sent: 2, present: 1 };
    expect(await reports()).toMatchObject([ended, begun]);
    expect(redelivered).toEqual(["guid-300", "guid-301"]);
    expect(await timer()).toMatchObject({ found: 0 });
  });

  it("does nothing by itself for a webhook that is switched off, or whose connection has no credentials", async () => {
    const other = await app.register({ integrationId: "github", events: ["issues.opened"], connectionId: "nobody's" });
    webhook = other;
    const queue = jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new WebhookError("queue_unavailable"));
    await expect(deliver("guid-2")).rejects.toThrow("queue_unavailable");
    queue.mockRestore();
    app.advance(HOUR / 4);
    expect(await timer()).toMatchObject({ found: 0, failed: 0 });
    expect(await reports()).toEqual([]);
    expect(await repair()).toMatchObject({ status: "failed", reason: "no_credentials" });
  });
});

describe("repairing a gap at a provider that gives no delivery again", () => {
  it("reads what changed and what was deleted at Salesforce, of the types that the webhook asks for", async () => {
    const salesforce = await SalesforceStandIn.start();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true" });
    const auth = { kind: "bearer", token: salesforce.tokens.accessToken } as const;
    await connect(app, "salesforce", auth, { baseUrl: salesforce.server.url });
    webhook = await app.register({ events: ["Contact.*", "updated"] });
    await app.deliverSigned(webhook, contactBody("created", "003A", { LastName: "Ada" }));
    await app.drain();
    app.advance(2 * HOUR);
    salesforce.add("003A", ago(3 * HOUR));
    salesforce.add("003B", ago(HOUR), { LastName: "Byron" });
    salesforce.deletions?.set("003C", ago(HOUR));
    await repair({ since: ago(2 * HOUR) });
    await app.drain();
    await timer();
    expect(await reports()).toMatchObject([
      { status: "completed", sent: 2, present: 0, repaired: 2, parts: [{ of: "Contact" }] },
    ]);
    await repair({ since: ago(2 * HOUR) });
    await app.drain();
    await timer();
    expect(await reports()).toContainEqual(expect.objectContaining({ sent: 2, present: 2, repaired: 0 }));
    await app.close();
    await salesforce.server.stop();
  });

  it("searches Notion for what was edited last", async () => {
    const notion = await NotionStandIn.start();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", NOTION_API_URL: notion.server.url });
    await connect(app, "notion", { kind: "bearer", token: notion.tokens.accessToken });
    webhook = await app.register({ integrationId: "notion", events: ["page.*"] });
    await repair();
    await app.drain();
    await timer();
    expect(await reports()).toMatchObject([{ status: "completed", parts: [{ of: "page" }] }]);
    expect(notion.server.calls).toEqual(["POST /v1/search"]);
    await app.close();
    await notion.server.stop();
  });

  it("rewinds a subscription of Pub/Sub to before the gap", async () => {
    const google = await GoogleStandIn.start();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", GOOGLE_API_URL: `${google.server.url}/{service}` });
    await connect(app, "google", { kind: "bearer", token: google.tokens.accessToken });
    webhook = await app.register({ integrationId: "google" });
    const scope = "projects/acme/subscriptions/castiel";
    google.hooks.subscriptions.set(scope, { topic: "t", pushConfig: { pushEndpoint: webhook.webhookUrl } });
    await repair({ since: ago(2 * HOUR), scope });
    await app.drain();
    await timer();
    expect(google.hooks.sought).toEqual([[scope, ago(3 * HOUR)]]);
    expect(await reports()).toMatchObject([
      { status: "completed", sent: 0, parts: [{ of: "deliveries", rewoundTo: ago(3 * HOUR) }] },
    ]);
    await app.close();
    await google.server.stop();
  });

  it("says why where there is nothing to ask", async () => {
    app = await openTestApp();
    await connect(app, "stripe", { kind: "bearer", token: "hunter2" });
    webhook = await app.register({ integrationId: "stripe", webhookSecret: "whsec_hunter2-hunter2" });
    expect(await repair()).toMatchObject({ status: "failed", reason: "entity_types_unknown", parts: [] });
    await app.close();
  });
});

describe("asking for a repair", () => {
  beforeEach(async () => {
    app = await openTestApp();
    webhook = await app.register();
  });
  afterEach(() => app.close());

  it("takes only a window that is one, and is over", async () => {
    expect(await codeOf(repair({ until: ago(-1000) }))).toBe("invalid_request");
    expect(await codeOf(repair({ since: ago(0) }))).toBe("invalid_request");
    expect(await codeOf(repair({ since: ago(1), until: ago(2) }))).toBe("invalid_request");
    expect(await codeOf(repair({ since: "2026-11-24T10:59:60Z" }))).toBe("invalid_request");
  });

  it("is for the webhook's own tenant alone, and so are the reports", async () => {
    const { registrationId } = webhook;
    expect(await codeOf(requestRepair(app.services, { tenantId: "tenant-b", registrationId }))).toBe(
      "registration_not_found",
    );
    await repair();
    expect(await codeOf(listRepairs(app.services, "tenant-b", { registrationId, limit: 1 }))).toBe(
      "registration_not_found",
    );
    expect(await reports()).toHaveLength(1);
  });
});
