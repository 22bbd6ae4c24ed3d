import { createHash, createHmac } from "node:crypto";
import {
  type DemoProvider,
  githubDemo,
  googleDemo,
  notionDemo,
  salesforceDemo,
  type Sample,
  slackDemo,
} from "../../infra/local/demo-samples";
import { GoogleStandIn } from "../../infra/local/google-stand-in";
import { eventually } from "../support/gateway";
import { OidcIssuer } from "../support/oidc-issuer";
import { seedSignature } from "../support/test-app";
import { GitHubStandIn } from "../support/vendors/github";
import type { GitHubHook } from "../support/vendors/github-hooks";

/** A running gateway, whatever it stands on. */
export interface EndToEndGateway {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** Starts a gateway with these settings beside those of its own back ends. */
export type StartGateway = (settings: Readonly<Record<string, string>>) => Promise<EndToEndGateway>;

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** JSON of any shape: tests look into it. */
  readonly json: ReturnType<typeof JSON.parse>;
}

interface Webhook {
  readonly registrationId: string;
  readonly webhookUrl: string;
  readonly webhookSecret?: string;
}

const audience = "api://castiel-webhooks";
const issuerName = "https://issuer.example.com/";
const tokens = { a: "cwt_tenant_a", b: "cwt_tenant_b" };
const API_TOKENS = JSON.stringify(
  Object.entries(tokens).map(([tenant, token]) => ({
    hash: createHash("sha256").update(token).digest("hex"),
    tenantId: `tenant-${tenant}`,
    scopes: ["webhooks.read", "webhooks.write"],
  })),
);

/** What a newcomer, a provider and an owner see of the gateway over HTTP: the same on every set of back ends. */
export function describeEndToEnd(start: StartGateway): void {
  let gateway: EndToEndGateway;
  let oidc: OidcIssuer;
  let github: GitHubStandIn;
  const google = new GoogleStandIn();

  beforeAll(async () => {
    oidc = await OidcIssuer.start();
    github = await GitHubStandIn.start();
    gateway = await start({
      API_TOKENS,
      OIDC_ISSUER: issuerName,
      OIDC_AUDIENCE: audience,
      OIDC_JWKS_URL: oidc.jwksUrl,
      GOOGLE_CERTIFICATES_URL: await google.start(),
      GITHUB_API_URL: github.server.url,
      OUTBOUND_ALLOW_LOOPBACK: "true",
      RATE_LIMIT_UNVERIFIED: "1000",
    });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await oidc.stop();
    await github.server.stop();
    google.stop();
  }, 30_000);

  async function send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const init = { method, headers, ...(body === undefined ? {} : { body }) };
    const response = await fetch(path.startsWith("http") ? path : gateway.url + path, init);
    const text = await response.text();
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    const reply: Reply = {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
    return reply;
  }

  const manage = (method: string, path: string, body?: object, token = tokens.a) =>
    send(method, path, body && JSON.stringify(body), { authorization: `Bearer ${token}` });

  async function register(integrationId: string, registration: object = {}): Promise<Webhook> {
    const request = { connectionId: "conn-123", events: ["*"], ...registration };
    const reply = await manage("POST", `/integrations/${integrationId}/webhooks`, request);
    expect(reply.status).toBe(201);
    return reply.json as Webhook;
  }

  /** By the path alone, because a gateway may call itself by a public name. */
  const deliver = (webhook: Webhook, { body, headers }: Pick<Sample, "body" | "headers">) =>
    send("POST", `/webhooks/${webhook.registrationId}`, body, { ...headers });

  const healthOf = async (webhook: Webhook) =>
    (await manage("GET", `/webhooks/${webhook.registrationId}/health`)).json as {
      status: string;
      counts: Record<string, number>;
      failureReasons: { reason: string }[];
      recommendations: string[];
    };

  const contact = (id: string) =>
    JSON.stringify({ action: "created", sobject: { name: "Contact", fields: { Id: id } } });
  const signedContact = (webhook: Webhook, id: string) => ({
    body: contact(id),
    headers: { "x-salesforce-event-signature": seedSignature(webhook, contact(id)) },
  });

  describe("from a provider's delivery to a synchronised record", () => {
    const providers: [string, () => DemoProvider][] = [
      ["Salesforce", () => salesforceDemo],
      ["Notion", () => notionDemo],
      ["Slack", () => slackDemo],
      ["GitHub", () => githubDemo],
      ["Google", () => googleDemo(google)],
    ];

    it.each(providers)("%s", async (_, provider) => {
      const { integrationId, registration, samples } = provider();
      const webhook = await register(integrationId, registration);
      const secret = webhook.webhookSecret ?? String(registration["webhookSecret"]);
      let queued = 0;
      for (const sample of samples({ webhookUrl: webhook.webhookUrl, secret })) {
        const reply = await deliver(webhook, sample);
        expect(reply).toMatchObject({ status: 200, json: { success: true } });
        const events = (reply.json.events ?? []) as { syncTriggered: boolean }[];
        queued += events.filter(({ syncTriggered }) => syncTriggered).length;
        if (sample.what !== "ping") expect(events.length).toBeGreaterThan(0);
      }
      const health = await eventually(
        () => healthOf(webhook),
        ({ counts }) => counts["synced"] === queued,
      );
      expect(health).toMatchObject({ status: "healthy", recommendations: [] });
      expect(queued).toBeGreaterThan(0);
      const read = await manage("GET", `/webhooks/${webhook.registrationId}`);
      expect(read.json).toMatchObject({ isVerified: true, status: "active" });
    });

    it("queues a repeated delivery once, and says so", async () => {
      const webhook = await register("github");
      const [, issues] = githubDemo.samples({ webhookUrl: webhook.webhookUrl, secret: webhook.webhookSecret ?? "" });
      const sample = issues ?? { body: "", headers: {} };
      expect((await deliver(webhook, sample)).json).toMatchObject({ syncTriggered: true });
      await eventually(
        () => healthOf(webhook),
        ({ counts }) => counts["synced"] === 1,
      );
      expect((await deliver(webhook, sample)).json).toMatchObject({ success: true });
      await eventually(
        () => healthOf(webhook),
        ({ counts }) => (counts["duplicate"] ?? 0) + (counts["accepted"] ?? 0) === 2,
      );
      expect((await healthOf(webhook)).counts).toMatchObject({ synced: 1 });
    });

    it("takes Twilio's signature over the public URL and the query as it was sent", async () => {
      const webhook = await register("twilio", { webhookSecret: "the auth token" });
      const body = JSON.stringify([
        {
          specversion: "1.0",
          type: "com.twilio.voice.call.created",
          source: "AB1",
          id: "NO1",
          data: { callSid: "CA1" },
        },
      ]);
      const query = `?q=a%20b+c&bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
      const signature = createHmac("sha1", "the auth token")
        .update(webhook.webhookUrl + query)
        .digest("base64");
      const headers = { "content-type": "application/json", "x-twilio-signature": signature };
      const reply = await send("POST", `/webhooks/${webhook.registrationId}${query}`, body, headers);
      expect(reply).toMatchObject({ status: 200, json: { eventName: "call.created", entityId: "CA1" } });
      const other = query.replace("a%20b+c", "a+b+c");
      expect((await send("POST", `/webhooks/${webhook.registrationId}${other}`, body, headers)).status).toBe(401);
    });

    it("carries an event that fits no queue message", async () => {
      const webhook = await register("salesforce");
      const body = JSON.stringify({
        action: "created",
        sobject: { name: "Contact", fields: { Id: "large", Description: "é".repeat(300_000) } },
      });
      const headers = { "x-salesforce-event-signature": seedSignature(webhook, body) };
      expect(await deliver(webhook, { body, headers })).toMatchObject({ status: 200, json: { syncTriggered: true } });
      await eventually(
        () => healthOf(webhook),
        ({ counts }) => counts["synced"] === 1,
      );
    });
  });

  describe("handshakes", () => {
    it("answer a Slack app whose signing secret is not known yet, until it is; and accept no event by that", async () => {
      const webhook = await register("slack");
      const challenge = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aBm2rZgRN" });
      const reply = await deliver(webhook, { body: challenge, headers: {} });
      expect(reply).toMatchObject({ status: 200, text: "3eZbrw1aBm2rZgRN" });
      expect(reply.headers.get("content-type")).toContain("text/plain");
      const [message] = slackDemo.samples({ webhookUrl: webhook.webhookUrl, secret: "their signing secret" });
      expect((await deliver(webhook, message ?? { body: "", headers: {} })).status).toBe(401);
      const secret = { webhookSecret: "their signing secret" };
      const patched = await manage("PATCH", `/webhooks/${webhook.registrationId}`, secret);
      expect(patched.json).toMatchObject({ verification: { scheme: "native" } });
      expect((await deliver(webhook, message ?? { body: "", headers: {} })).status).toBe(200);
      expect((await deliver(webhook, { body: challenge, headers: {} })).status).toBe(401);
    });

    it("answer Microsoft Graph's check of the URL, and a CloudEvents sender that asks for consent", async () => {
      const graph = await register("graph");
      const token = "Validation%3a+Testing+client+application%2c+50%25";
      const checked = await send("POST", `/webhooks/${graph.registrationId}?validationToken=${token}`);
      expect(checked).toMatchObject({ status: 200, text: "Validation: Testing client application, 50%" });
      expect((await send("POST", `/webhooks/${graph.registrationId}`, "{}")).status).toBe(401);
      const cloudevents = await register("cloudevents");
      const origin = { "WebHook-Request-Origin": "eventgrid.azure.net" };
      const asked = await send("OPTIONS", `/webhooks/${cloudevents.registrationId}`, undefined, origin);
      expect(asked.status).toBe(200);
      expect(asked.headers.get("WebHook-Allowed-Origin")).toBe("eventgrid.azure.net");
      expect(asked.headers.get("Allow")).toBe("POST");
      expect((await send("OPTIONS", `/webhooks/${graph.registrationId}`, undefined, origin)).status).toBe(404);
    });

    it("keep Notion's token until its owner confirms it", async () => {
      const webhook = await register("notion");
      const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
      const hello = { body: JSON.stringify({ verification_token: token }), headers: {} };
      expect((await deliver(webhook, hello)).status).toBe(200);
      const confirm = (body: object, as = tokens.a) =>
        manage("POST", `/webhooks/${webhook.registrationId}/confirm`, body, as);
      expect((await confirm({}, tokens.b)).status).toBe(404);
      const shown = await confirm({});
      expect(shown.json.candidates).toMatchObject([{ secret: token }]);
      const { candidateId } = shown.json.candidates[0] as { candidateId: string };
      expect((await confirm({ candidateId })).json).toMatchObject({ secretOrigin: "captured" });
      const [page] = notionDemo.samples({ webhookUrl: webhook.webhookUrl, secret: token });
      expect((await deliver(webhook, page ?? hello)).status).toBe(200);
    });
  });

  describe("refusals", () => {
    it("tell the caller nothing and the owner the reason", async () => {
      const webhook = await register("salesforce");
      const forged = signedContact({ ...webhook, webhookSecret: "a guess" }, "1");
      const reply = await deliver(webhook, forged);
      expect(reply).toMatchObject({ status: 401, json: { code: "delivery_refused" } });
      expect(reply.text).not.toMatch(/mismatch|secret/);
      const health = await healthOf(webhook);
      expect(health).toMatchObject({ status: "failed", failureReasons: [{ reason: "signature_mismatch" }] });
      expect(health.recommendations[0]).toContain("Salesforce");
    });

    it.each([
      ["an upper-case signature", (value: string) => `sha256=${value.slice(7).toUpperCase()}`],
      ["a truncated one", (value: string) => value.slice(0, -2)],
      ["a doubled one", (value: string) => `${value}, ${value}`],
      ["one without its prefix", (value: string) => value.slice(7)],
      ["an empty one", () => ""],
    ])("refuse %s", async (_, change) => {
      const webhook = await register("salesforce");
      const { body, headers } = signedContact(webhook, "1");
      const changed = { "x-salesforce-event-signature": change(headers["x-salesforce-event-signature"]) };
      expect((await deliver(webhook, { body, headers: changed })).status).toBe(401);
    });

    it("look the same for an unknown, a deleted and a switched-off webhook", async () => {
      const [deleted, inactive] = [await register("salesforce"), await register("salesforce")];
      expect((await manage("DELETE", `/webhooks/${deleted.registrationId}`)).status).toBe(204);
      await manage("PATCH", `/webhooks/${inactive.registrationId}`, { status: "inactive" });
      const unknown = { ...deleted, registrationId: `webhook-${"a".repeat(16)}-${"a".repeat(26)}` };
      const replies = [];
      for (const webhook of [deleted, inactive, unknown]) {
        replies.push(await deliver(webhook, signedContact(webhook, "1")));
      }
      expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(replies[0]).toMatchObject({ status: 404, json: { code: "registration_not_found" } });
    });

    it("answer 411 to a chunked body and 413 to one above the cap", async () => {
      const webhook = await register("salesforce");
      const chunked = await fetch(`${gateway.url}/webhooks/${webhook.registrationId}`, {
        method: "POST",
        body: new ReadableStream({
          start(controller) {
            controller.enqueue(Buffer.from("{}"));
            controller.close();
          },
        }),
        duplex: "half",
      });
      expect(chunked.status).toBe(411);
      expect((await deliver(webhook, { body: " ".repeat(1024 * 1024 + 1), headers: {} })).status).toBe(413);
    });

    it("name every problem of a registration at once, and store nothing", async () => {
      const before = (await manage("GET", "/webhooks?limit=200")).json.webhooks.length as number;
      const bad = await manage("POST", "/integrations/salesforce/webhooks", { events: ["Con tact"], colour: "red" });
      expect(bad).toMatchObject({ status: 400, json: { code: "invalid_request" } });
      const paths = (bad.json.problems as { path: string }[]).map(({ path }) => path);
      expect(paths.sort()).toEqual(["/colour", "/connectionId", "/events/0"]);
      const elsewhere = await manage("POST", "/integrations/myspace/webhooks", { connectionId: "c", events: ["*"] });
      expect(elsewhere).toMatchObject({ status: 404, json: { code: "unknown_integration" } });
      const noJson = await send("POST", "/integrations/salesforce/webhooks", "{", {
        authorization: `Bearer ${tokens.a}`,
      });
      expect(noJson).toMatchObject({ status: 400, json: { code: "invalid_json" } });
      expect((await manage("GET", "/webhooks?limit=200")).json.webhooks).toHaveLength(before);
    });
  });

  describe("the management API", () => {
    it("asks for a token, also of callers on the same machine once tokens are configured", async () => {
      expect((await send("GET", "/webhooks")).status).toBe(401);
      expect((await manage("GET", "/webhooks", undefined, "test-token")).status).toBe(401);
      expect((await send("GET", "/webhooks/health")).status).toBe(200);
    });

    it("shows another tenant's webhook to nobody", async () => {
      const webhook = await register("salesforce");
      const path = `/webhooks/${webhook.registrationId}`;
      const attempts: [string, string, object?][] = [
        ["GET", path],
        ["GET", `${path}/health`],
        ["PATCH", path, { events: ["*"] }],
        ["DELETE", path],
        ["POST", `${path}/confirm`, {}],
      ];
      for (const [method, target, body] of attempts) {
        expect(await manage(method, target, body, tokens.b)).toMatchObject({ status: 404 });
      }
      expect((await manage("GET", path)).status).toBe(200);
    });

    it("is set up at its provider, also when that fails at first, and is gone there once it is deleted", async () => {
      const hooks: GitHubHook[] = [];
      github.hooks.owners.set("repos/acme/app", hooks);
      const auth = { kind: "bearer", token: github.tokens.accessToken };
      await manage("PUT", "/integrations/github/connections/conn-123", { auth });
      github.server.interrupt({ status: 502 });
      const target = { kind: "repository", repository: "acme/app" };
      const webhook = await register("github", { provision: true, target });
      expect(webhook).toMatchObject({ status: "pending_provider", provisioning: { reason: "provider_unreachable" } });
      const path = `/webhooks/${webhook.registrationId}`;
      expect((await manage("POST", `${path}/provision`)).json).toMatchObject({ status: "active" });
      expect(hooks).toMatchObject([{ config: { url: webhook.webhookUrl, secret: webhook.webhookSecret } }]);

      const body = JSON.stringify({ zen: "…", hook_id: 1 });
      const signature = createHmac("sha256", webhook.webhookSecret ?? "")
        .update(body)
        .digest("hex");
      const headers = { "x-github-event": "ping", "x-hub-signature-256": `sha256=${signature}` };
      expect((await deliver(webhook, { body, headers })).status).toBe(200);

      expect((await manage("DELETE", path)).status).toBe(204);
      expect(hooks).toEqual([]);
    });

    it("takes the JWT of the configured issuer, and reads tenant and scopes from it", async () => {
      const seconds = Math.floor(Date.now() / 1000);
      const claims = { iss: issuerName, aud: audience, tid: "tenant-a", scp: "webhooks.read", iat: seconds };
      const token = oidc.sign({ ...claims, exp: seconds + 600 });
      const webhook = await register("salesforce");
      const path = `/webhooks/${webhook.registrationId}`;
      expect((await manage("GET", path, undefined, token)).status).toBe(200);
      expect(await manage("DELETE", path, undefined, token)).toMatchObject({
        status: 403,
        json: { code: "forbidden" },
      });
      const expired = oidc.sign({ ...claims, exp: seconds - 600 });
      expect((await manage("GET", path, undefined, expired)).status).toBe(401);
      const foreign = oidc.sign({ ...claims, tid: "tenant-b", exp: seconds + 600 });
      expect((await manage("GET", path, undefined, foreign)).status).toBe(404);
    });

    it("pages through a list by an opaque cursor, each webhook once", async () => {
      const made = new Set<string>();
      for (let count = 0; count < 5; count++) made.add((await register("notion")).registrationId);
      const seen: string[] = [];
      let cursor = "";
      do {
        const page = await manage("GET", `/webhooks?integrationId=notion&limit=2${cursor}`);
        seen.push(...(page.json.webhooks as Webhook[]).map(({ registrationId }) => registrationId));
        cursor = page.json.nextCursor === undefined ? "" : `&cursor=${encodeURIComponent(page.json.nextCursor)}`;
      } while (cursor !== "");
      expect(new Set(seen).size).toBe(seen.length);
      expect([...made].filter((id) => !seen.includes(id))).toEqual([]);
      expect((await manage("GET", "/webhooks?cursor=made-up")).json).toMatchObject({ code: "invalid_cursor" });
    });

    it("describes itself, with each route that it has", async () => {
      const { json } = await send("GET", "/openapi.json");
      expect(json.openapi).toMatch(/^3\./);
      expect(Object.keys(json.paths as object)).toContain("/webhooks/{registrationId}/confirm");
    });

    it("says how the service is", async () => {
      const { json } = await send("GET", "/webhooks/health");
      expect(json).toMatchObject({ status: "healthy", registrationsCount: expect.any(Number) });
      expect(json.cacheHitRate).toBeGreaterThanOrEqual(0);
      expect(json.queue).toHaveProperty("oldestAt");
    });
  });
}
