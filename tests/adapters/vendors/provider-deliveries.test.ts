import type { ProviderDeliveries } from "../../../shared/core/provider-deliveries";
import type { ConnectionKey } from "../../../shared/core/record-reader";
import { failureOf } from "../../contracts/record-reader";
import { connect, connectionKey } from "../../support/connections";
import { noon } from "../../support/make";
import { openTestApp, type TestApp } from "../../support/test-app";
import { GitHubStandIn } from "../../support/vendors/github";
import type { DeliveryAttempt } from "../../support/vendors/github-deliveries";
import type { GitHubHook } from "../../support/vendors/github-hooks";
import { GoogleStandIn } from "../../support/vendors/google";

const webhookUrl = "https://hooks.example.com/webhooks/webhook-1";
const ago = (minutes: number): string => new Date(noon - minutes * 60_000).toISOString();

let app: TestApp;
let key: ConnectionKey;
let deliveries: ProviderDeliveries;

describe("the deliveries that GitHub remembers", () => {
  let github: GitHubStandIn;
  const hook = (id: number, url = webhookUrl): GitHubHook => ({
    ...{ id, name: "web", active: true, events: ["issues"] },
    config: { url, content_type: "json" },
  });
  const find = (scope: string) => deliveries.find(key, { webhookUrl, scope });
  beforeEach(async () => {
    github = await GitHubStandIn.start();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", GITHUB_API_URL: github.server.url });
    key = await connect(app, "github", { kind: "bearer", token: github.tokens.accessToken });
    deliveries = app.services.providerDeliveries;
  });
  afterEach(async () => {
    await app.close();
    await github.server.stop();
  });

  it("are of the repository's hook that calls this webhook, or else of the organisation's", async () => {
    github.hooks.owners.set("repos/acme/app", [hook(1, "https://other.example.com"), hook(2)]);
    github.hooks.owners.set("repos/acme/site", [hook(3, "https://other.example.com")]);
    github.hooks.owners.set("orgs/acme", [hook(4)]);
    expect(await find("acme/app")).toBe("/repos/acme/app/hooks/2");
    expect(await find("acme/site")).toBe("/orgs/acme/hooks/4");
    expect(await find("acme")).toBe("/orgs/acme/hooks/4");
    expect(await find("ada/blog")).toBeUndefined();
    const calls = github.server.calls.length;
    for (const scope of ["", "..", "../app"]) expect(await find(scope)).toBeUndefined();
    expect(github.server.calls).toHaveLength(calls);
  });

  it("are looked for among all hooks, page by page", async () => {
    const others = Array.from({ length: 100 }, (_, index) => hook(index, "https://other.example.com"));
    github.server.interrupt({ json: others }, { json: [hook(500)] });
    expect(await find("acme/app")).toBe("/repos/acme/app/hooks/500");
    expect(github.server.requests[1]?.query["page"]).toBe("2");
    github.server.interrupt({ status: 418 });
    expect(await failureOf(find("acme/app"))).toMatchObject({ reason: "provider_answer_unknown" });
  });

  it("are those of a window, newest first, page by page, without pings, and no further back than it", async () => {
    const attempts: DeliveryAttempt[] = Array.from({ length: 500 }, (_, index) => ({
      id: 1000 - index,
      guid: `guid-${index}`,
      delivered_at: ago(index),
      event: index === 20 ? "ping" : "issues",
      status_code: 502,
    }));
    github.deliveries.attempts.set("/repos/acme/app/hooks/2", attempts);
    const query = { source: "/repos/acme/app/hooks/2", since: ago(250), until: ago(10) };
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await deliveries.list(key, { ...query, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.deliveries.map(({ deliveryId }) => deliveryId));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(240);
    expect([seen[0], seen.at(-1), seen.includes("guid-20")]).toEqual(["guid-10", "guid-250", false]);
    expect(github.server.calls).toHaveLength(3);
    github.server.interrupt({ status: 404 });
    expect(await failureOf(deliveries.list(key, query))).toMatchObject({ reason: "provider_answer_unknown" });
  });

  it("are asked for again one by one; one that is too old is told as such", async () => {
    const asked: number[] = [];
    github.deliveries.redeliver = ({ id }) => void asked.push(id);
    const source = "/repos/acme/app/hooks/2";
    github.deliveries.attempts.set(source, [
      { id: 7, guid: "g", delivered_at: ago(1), event: "issues", status_code: 502 },
    ]);
    await deliveries.redeliver(key, { source, id: "7" });
    expect(asked).toEqual([7]);
    expect(await failureOf(deliveries.redeliver(key, { source, id: "8" }))).toEqual({
      reason: "provider_rejected",
      permanent: true,
    });
    github.server.interrupt({ status: 418 });
    expect(await failureOf(deliveries.redeliver(key, { source, id: "7" }))).toMatchObject({ permanent: false });
    expect(await failureOf(deliveries.redeliver(key, { source: "/user", id: "7" }))).toMatchObject({
      reason: "unsupported",
    });
    expect(await failureOf(deliveries.rewind(key, { source, to: ago(1) }))).toMatchObject({ reason: "unsupported" });
  });

  it("cost nothing without credentials, and within the limits of calls", async () => {
    expect(deliveries.wayOf("github")).toBe("redelivery");
    const other = { ...key, connectionId: "nobody's" };
    const place = { webhookUrl, scope: "acme/app" };
    expect(await failureOf(deliveries.find(other, place))).toMatchObject({ reason: "no_credentials" });
    expect(github.server.calls).toEqual([]);
    await find("acme/app");
    expect((await app.services.rateLimiter.status(key, noon)).operations.fetch.made).toBe(1);
  });
});

describe("the deliveries that Pub/Sub holds", () => {
  let google: GoogleStandIn;
  const source = "projects/acme/subscriptions/castiel";
  beforeEach(async () => {
    google = await GoogleStandIn.start();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", GOOGLE_API_URL: `${google.server.url}/{service}` });
    key = await connect(app, "google", { kind: "bearer", token: google.tokens.accessToken });
    deliveries = app.services.providerDeliveries;
  });
  afterEach(async () => {
    await app.close();
    await google.server.stop();
  });

  it("are those of a subscription that pushes to this webhook, and of no other", async () => {
    google.hooks.subscriptions.set(source, { topic: "t", pushConfig: { pushEndpoint: webhookUrl } });
    google.hooks.subscriptions.set(`${source}-2`, {
      topic: "t",
      pushConfig: { pushEndpoint: "https://other.example" },
    });
    const find = (scope: string) => deliveries.find(key, { webhookUrl, scope });
    expect(await find(source)).toBe(source);
    expect(await find(`${source}-2`)).toBeUndefined();
    expect(await find(`${source}-3`)).toBeUndefined();
    const calls = google.server.calls.length;
    for (const scope of ["projects/acme/subscriptions/..", "projects/acme/topics/t", `${source}?x=`, "%2e%2e"]) {
      expect(await find(scope)).toBeUndefined();
    }
    expect(google.server.calls).toHaveLength(calls);
    google.server.interrupt({ status: 418 });
    expect(await failureOf(find(source))).toMatchObject({ reason: "provider_answer_unknown" });
  });

  it("are sent again from a moment on, all of them; they are neither listed nor asked for one by one", async () => {
    expect(deliveries.wayOf("google")).toBe("rewind");
    google.hooks.subscriptions.set(source, { topic: "t", pushConfig: {} });
    await deliveries.rewind(key, { source, to: ago(60) });
    expect(google.hooks.sought).toEqual([[source, ago(60)]]);
    expect(await failureOf(deliveries.rewind(key, { source: `${source}-2`, to: ago(60) }))).toMatchObject({
      reason: "provider_rejected",
    });
    expect(await failureOf(deliveries.rewind(key, { source: "../x", to: ago(60) }))).toMatchObject({
      reason: "unsupported",
    });
    google.server.interrupt({ status: 418 });
    expect(await failureOf(deliveries.rewind(key, { source, to: ago(60) }))).toMatchObject({
      reason: "provider_answer_unknown",
    });
    for (const attempt of [
      deliveries.list(key, { source, since: ago(60), until: ago(0) }),
      deliveries.redeliver(key, { source, id: "1" }),
    ])
      expect(await failureOf(attempt)).toEqual({ reason: "unsupported", permanent: true });
  });

  it("are not to be had again of any other provider", async () => {
    expect(["salesforce", "notion", "slack", "stripe"].map((id) => deliveries.wayOf(id))).toEqual(
      Array(4).fill(undefined),
    );
    const stripe = connectionKey(app, { integrationId: "stripe" });
    expect(await failureOf(deliveries.find(stripe, { webhookUrl, scope: "x" }))).toMatchObject({
      reason: "unsupported",
    });
  });
});
