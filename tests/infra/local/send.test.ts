import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleProviders } from "../../../infra/local/samples/registry";
import { readArguments, UsageError } from "../../../infra/local/send/arguments";
import { createProviders } from "../../../shared/providers/registry";
import { eventually, type Gateway, projectRoot, startGateway } from "../../support/gateway";

// Each test starts processes, while others may do the same.
jest.setTimeout(30_000);

const script = join(projectRoot, "dist", "infra", "local", "send.js");
const folder = mkdtempSync(join(tmpdir(), "castiel-send-"));
const key = join(folder, "key.pem");

interface Run {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs `npm run send -- words`, without what npm adds. */
function send(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      "node",
      [script, ...words],
      { env: { PATH: process.env["PATH"], ...env } },
      (_, out, error) => resolve({ code: child.exitCode ?? -1, out, error }),
    );
  });
}

async function listen(answer: RequestListener = (_, response) => response.end()): Promise<[Server, number]> {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return [server, (server.address() as AddressInfo).port]; // of a server that listens on a port
}

async function freePort(): Promise<number> {
  const [server, port] = await listen();
  await once(server.close(), "close");
  return port;
}

let gateway: Gateway;
let certificatesPort: number;
beforeAll(async () => {
  const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  writeFileSync(key, pem.export({ type: "pkcs8", format: "pem" }));
  certificatesPort = await freePort();
  gateway = await startGateway({ GOOGLE_CERTIFICATES_URL: `http://127.0.0.1:${certificatesPort}/certs` });
}, 30_000);
afterAll(() => gateway.stop());

/** To a webhook that is registered for it. */
function sendAs(provider: string, ...words: string[]): Promise<Run> {
  const google = provider === "google" ? ["--key", key, "--serve-certificates", String(certificatesPort)] : [];
  return send(["--provider", provider, "--to", gateway.url, "--register", ...google, ...words]);
}

async function register(integrationId: string): Promise<{ registrationId: string; webhookSecret: string }> {
  const reply = await fetch(`${gateway.url}/integrations/${integrationId}/webhooks`, {
    method: "POST",
    headers: { authorization: "Bearer test-token" },
    body: JSON.stringify({ connectionId: "conn-123", events: ["*"] }),
  });
  return (await reply.json()) as { registrationId: string; webhookSecret: string };
}

async function countsOf(registrationId: string): Promise<Record<string, number>> {
  const headers = { authorization: "Bearer test-token" };
  const reply = await fetch(`${gateway.url}/webhooks/${registrationId}/health`, { headers });
  return ((await reply.json()) as { counts: Record<string, number> }).counts;
}

describe("npm run send", () => {
  it.each([
    ["salesforce", "Contact.created"],
    ["notion", "page.created"],
    ["slack", "message.created"],
    ["github", "issue.updated"],
    ["google", "mailbox.updated"],
    ["standard", "user.created"],
    ["stripe", "customer.created"],
    ["shopify", "product.created"],
    ["cloudevents", "order.created"],
    ["graph", "message.created"],
    ["hmac", "order.created"],
  ])("delivers as %s: what is genuine, altered and repeated", async (provider, eventName) => {
    const genuine = await sendAs(provider);
    expect(genuine.out).toMatch(
      new RegExp(`^registered http://.*\\n${provider} \\S+  200 ${eventName}  [\\d.]+ ms\\n$`),
    );
    expect(genuine).toMatchObject({ code: 0, error: "" });
    const tampered = await sendAs(provider, "--tamper");
    expect(tampered.out).toMatch(/, tampered {2}401 delivery_refused {2}[\d.]+ ms\n$/);
    expect(tampered.code).toBe(0);
    const replayed = await sendAs(provider, "--replay");
    expect(replayed.out).toMatch(
      new RegExp(` {2}200 ${eventName} .*\\n.*, again {2}200 duplicate: ${eventName} {2}[\\d.]+ ms\\n$`),
    );
    expect(replayed.code).toBe(0);
  });

  it("delivers as twilio, which reads no receipt: what became of it stands in the webhook's health", async () => {
    const { registrationId, webhookSecret } = await register("twilio");
    const words = ["--provider", "twilio", "--to", gateway.url, "--registration", registrationId];
    const replayed = await send([...words, "--replay"], { WEBHOOK_SECRET: webhookSecret });
    expect(replayed.out).toMatch(
      /^twilio message.received {2}200 <Response\/> .*\n.*, again {2}200 <Response\/> .*\n$/,
    );
    const tampered = await send([...words, "--tamper"], { WEBHOOK_SECRET: webhookSecret });
    expect(tampered.out).toMatch(/, tampered {2}401 delivery_refused /);
    const stream = await send([...words, "--tamper", "--event", "event_stream"], { WEBHOOK_SECRET: webhookSecret });
    expect([replayed.code, tampered.code, stream.code]).toEqual([0, 0, 0]);
    expect(await countsOf(registrationId)).toMatchObject({ accepted: 1, duplicate: 1, refused: 2 });
  });

  it.each([
    ["salesforce", "updated", "Contact.updated"],
    ["salesforce", "deleted", "Contact.deleted"],
    ["salesforce", "change_event", "Account.updated, Account.updated"],
    ["notion", "page.content_updated", "page.updated"],
    ["notion", "comment.created", "comment.created"],
    ["notion", "verification_token", "verification_token"],
    ["slack", "message_changed", "message.updated"],
    ["slack", "message_deleted", "message.deleted"],
    ["slack", "reaction_added", "reaction.created"],
    ["slack", "app_mention", "message.created"],
    ["slack", "url_verification", "[0-9a-f-]{36}"],
    ["github", "issues.opened", "issue.created"],
    ["github", "ping", "ping"],
    ["google", "storage", "object.created"],
    ["google", "chat", "message.created"],
    ["google", "plain", "pubsub_message.occurred"],
    ["standard", "user.deleted", "user.deleted"],
    ["stripe", "customer.deleted", "customer.deleted"],
    ["shopify", "products/delete", "product.deleted"],
    ["cloudevents", "binary", "order.updated"],
    ["cloudevents", "batch", "order.created, order.updated"],
    ["cloudevents", "event-grid", "blob.created"],
    ["graph", "updated", "message.updated"],
    ["graph", "deleted", "message.deleted"],
    ["graph", "missed", "subscription.occurred"],
    ["graph", "validation", "Validation: Testing client [0-9a-f-]{36}"],
    ["twilio", "message.delivered", "<Response/>"],
    ["twilio", "call.completed", "<Response/>"],
    ["twilio", "event_stream", "message.occurred"],
    ["hmac", "updated", "order.updated"],
    ["hmac", "cancelled", "order.deleted"],
  ])("sends %s %s, which the gateway knows as %s", async (provider, event, answer) => {
    const { code, out } = await sendAs(provider, "--event", event);
    expect(out).toMatch(new RegExp(`\\n${provider} ${event}  200 ${answer}  `));
    expect(code).toBe(0);
  });

  it.each([
    ["notion", "native"],
    ["salesforce", "timestamped"],
    ["cloudevents", "standard"],
  ])("signs %s by the scheme %s", async (provider, scheme) => {
    expect(await sendAs(provider, "--scheme", scheme)).toMatchObject({ code: 0 });
  });

  it("sends a burst to a webhook that there is, each delivery an event of its own, and sums it up", async () => {
    const { registrationId, webhookSecret } = await register("slack");
    const words = ["--provider", "slack", "--to", gateway.url, "--registration", registrationId];
    const run = await send([...words, "--count", "200", "--concurrency", "20"], { WEBHOOK_SECRET: webhookSecret });
    expect(run.out).toMatch(
      /^200 deliveries in [\d.]+ s, \d+ a second\n {2}200 x 200 message.created\n {2}p50 .* p99 /,
    );
    expect(run).toMatchObject({ code: 0, error: "" });
    await eventually(
      () => countsOf(registrationId),
      ({ synced }) => synced === 200,
    );
  });

  it("sends a body of one's own, signed as it is", async () => {
    const file = join(folder, "lead.json");
    writeFileSync(file, '{ "action":"created",  "sobject":{"name":"Lead","fields":{"Id":"00Q1","Name":"Zoë"}}}\n');
    const run = await sendAs("salesforce", "--body", file);
    expect(run.out).toContain("200 Lead.created");
    expect(run.code).toBe(0);
  });

  it("ends with 1 and says so when the answer is another than expected, and never prints the secret", async () => {
    const { registrationId, webhookSecret } = await register("slack");
    const words = ["--provider", "slack", "--to", gateway.url, "--registration", registrationId];
    const wrong = await send([...words, "--secret", `${webhookSecret}x`]);
    expect(wrong.out).toContain("401 delivery_refused");
    expect(wrong.out).toContain("<- expected 200");
    expect(wrong.code).toBe(1);
    const burst = await send([...words, "--secret", `${webhookSecret}x`, "--count", "3"]);
    expect(burst.out).toContain("3 were not 200");
    expect(burst.code).toBe(1);
    expect(wrong.out + wrong.error + burst.out + burst.error).not.toContain(webhookSecret);
  });

  it("ends with 1 where a repeated delivery is no duplicate", async () => {
    const [server, port] = await listen((_, response) => response.end('{"success":true,"events":[]}'));
    const words = ["--provider", "slack", "--to", `http://127.0.0.1:${port}`, "--registration", "x", "--secret", "s"];
    const run = await send([...words, "--replay"]);
    server.close();
    expect(run.out).toContain("<- expected 200 and a duplicate");
    expect(run.code).toBe(1);
  });

  it("follows no redirection, neither with a delivery nor with a token", async () => {
    let strayed = 0;
    const [other, otherPort] = await listen((_, response) => {
      strayed += 1;
      response.end("{}");
    });
    const [server, port] = await listen((_, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${otherPort}/` }).end(),
    );
    const words = ["--provider", "slack", "--to", `http://127.0.0.1:${port}`];
    const delivered = await send([...words, "--registration", "x", "--secret", "s"]);
    const registered = await send([...words, "--register", "--token", "cwt_secret"]);
    server.close();
    other.close();
    expect([delivered.code, registered.code, strayed]).toEqual([1, 1, 0]);
    expect(registered.error).toMatch(/registered no webhook: 307\n$/);
  });

  it("says in one line that nobody answers", async () => {
    const words = ["--provider", "slack", "--to", `http://127.0.0.1:${await freePort()}`];
    const delivered = await send([...words, "--registration", "x", "--secret", "s"]);
    expect(delivered.out).toContain("0 no answer: ECONNREFUSED");
    expect(delivered.code).toBe(1);
    const registered = await send([...words, "--register"]);
    expect(registered.error).toMatch(/^no answer from http:\S+\n$/);
    expect(registered.code).toBe(1);
  });

  it("lists every provider that it knows with its events", async () => {
    const { code, out } = await send(["--list"]);
    expect(code).toBe(0);
    for (const { integrationId, events } of sampleProviders.values()) {
      const [, line = ""] = new RegExp(`^${integrationId} \\(.+\\)\\n  (.+)$`, "m").exec(out) ?? [];
      expect(line.split("  ")).toEqual([...events.keys()]);
    }
    expect([...sampleProviders.keys()].toSorted()).toEqual(
      [...createProviders({ googleCertificatesUrl: "" }).keys()].toSorted(),
    );
  });

  const slack = ["--provider", "slack", "--to", "http://localhost:3000"];
  const known = [...slack, "--registration", "x", "--secret", "s"];
  it.each([
    [[], "--provider must be one of salesforce"],
    [["--provider", "myspace"], "--provider must be one of"],
    [[...known, "--colour"], "--colour"],
    [[...known, "message"], "message"],
    [["--provider", "slack"], "--to must be"],
    [["--provider", "slack", "--to", "localhost"], "--to must be"],
    [["--provider", "slack", "--to", "ftp://localhost"], "http or https"],
    [["--provider", "slack", "--to", "http://user:password@localhost"], "without user"],
    [["--provider", "slack", "--to", "http://hooks.example.com", "--register"], "--insecure"],
    [["--provider", "slack", "--to", "http://127.0.0.1.example.com", "--register"], "--insecure"],
    [["--provider", "slack", "--to", "https://hooks.example.com", "--register"], "API_TOKEN"],
    [slack, "either --registration ID or --register"],
    [[...known, "--register"], "either --registration ID or --register"],
    [[...slack, "--register", "--secret", "s"], "leave out --secret"],
    [[...slack, "--registration", "x"], "WEBHOOK_SECRET"],
    [[...slack, "--registration", "../webhooks", "--secret", "s"], "--registration must be"],
    [[...known, "--event", "issues"], "slack has no sample issues"],
    [[...known, "--scheme", "timestamped"], "seed, native for slack"],
    [[...known, "--tamper", "--replay"], "either --tamper or --replay"],
    [[...known, "--replay", "--count", "2"], "leave out --count"],
    [[...known, "--event", "url_verification", "--tamper"], "is a handshake"],
    [[...known, "--count", "0"], "from 1 to 100000"],
    [[...known, "--count", "100001"], "from 1 to 100000"],
    [[...known, "--concurrency", "257"], "from 1 to 256"],
    [[...known, "--body", join(folder, "missing")], "ENOENT"],
    [[...known, "--key", key], "for google alone"],
    [["--provider", "google", "--to", "http://localhost:3000", "--register"], "GOOGLE_CERTIFICATES_URL"],
    [["--provider", "google", "--to", "http://localhost:3000", "--register", "--key", script], "RSA private key"],
  ])("refuses %j in one line", (words, message) => {
    const refusal = refusalOf(words);
    expect(refusal).toContain(message);
    expect(refusal.split("\n")).toHaveLength(1);
  });

  it("ends with 2 where it refuses, and prints the line alone", async () => {
    const { code, out, error } = await send([...known, "--event", "issues"]);
    expect(error).toBe("slack has no sample issues; --list names those that there are\n");
    expect([code, out]).toEqual([2, ""]);
  });

  it("sends over plain http to another machine only if told to", () => {
    const words = ["--provider", "slack", "--to", "http://hooks.example.com/", "--registration", "x", "--insecure"];
    expect(readArguments(words, { WEBHOOK_SECRET: "s" })).toMatchObject({ gateway: "http://hooks.example.com" });
  });
});

/** What is said of words that must be refused. */
function refusalOf(words: readonly string[]): string {
  try {
    readArguments(words, {});
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("these words were not refused");
}
