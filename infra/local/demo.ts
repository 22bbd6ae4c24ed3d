import "./require-node-24";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asArray, asObject, at, textAt } from "../../shared/core/json";
import { type DemoProvider, githubDemo, googleDemo, notionDemo, salesforceDemo, slackDemo } from "./demo-samples";
import { GoogleStandIn } from "./google-stand-in";
import { type RunningHost, startHost } from "./host";

/**
 * `npm run demo`: the whole story on one screen. Starts a gateway on a free port and an empty folder, registers one
 * webhook per provider, delivers samples and a forged request, and prints what became of them.
 */
const appRoot = join(__dirname, "..", "..", "..");
const HEADERS = { authorization: "Bearer test-token" };

interface Line {
  readonly provider: string;
  readonly delivery: string;
  readonly answer: string;
  readonly events: string;
  readonly queued: string;
}

interface Webhook {
  readonly provider: DemoProvider;
  readonly registrationId: string;
  readonly webhookUrl: string;
  readonly secret: string;
}

async function main(): Promise<void> {
  const dataDirectory = mkdtempSync(join(tmpdir(), "castiel-demo-"));
  const google = new GoogleStandIn();
  const certificatesUrl = await google.start();
  const settings = { CASTIEL_MODE: "embedded", PORT: "0", LOG_LEVEL: "error", DATA_DIRECTORY: dataDirectory };
  const host = await startHost({ appRoot, env: { ...settings, GOOGLE_CERTIFICATES_URL: certificatesUrl } });
  try {
    console.log(`A gateway at ${host.url}, its state in ${dataDirectory}\n`);
    await tell(host, [salesforceDemo, notionDemo, slackDemo, githubDemo, googleDemo(google)]);
  } finally {
    await host.stop();
    google.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

async function tell(host: RunningHost, providers: readonly DemoProvider[]): Promise<void> {
  const webhooks: Webhook[] = [];
  for (const provider of providers) webhooks.push(await register(host, provider));
  const lines: Line[] = [];
  for (const webhook of webhooks) lines.push(...(await deliverAll(webhook)));
  const github = webhooks.find(({ provider }) => provider === githubDemo);
  if (github) lines.push(await deliverForged(github));
  console.log("What was received:");
  console.table(lines);
  await untilDrained(host);
  console.log("What was synchronised, and how each webhook is:");
  console.table(await Promise.all(webhooks.map((webhook) => summarise(host, webhook))));
  await printAdvice(host, webhooks);
}

async function register({ url }: RunningHost, provider: DemoProvider): Promise<Webhook> {
  const reply = await fetch(`${url}/integrations/${provider.integrationId}/webhooks`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(provider.registration),
  });
  const webhook: unknown = await reply.json();
  if (reply.status !== 201) throw new Error(`registering ${provider.integrationId}: ${JSON.stringify(webhook)}`);
  return {
    provider,
    registrationId: textAt(webhook, "registrationId") ?? "",
    webhookUrl: textAt(webhook, "webhookUrl") ?? "",
    secret: textAt(webhook, "webhookSecret") ?? textAt(provider.registration, "webhookSecret") ?? "",
  };
}

async function deliverAll(webhook: Webhook): Promise<Line[]> {
  const lines: Line[] = [];
  for (const sample of webhook.provider.samples(webhook)) lines.push(await deliver(webhook, sample.what, sample));
  return lines;
}

/** The same body under a signature made with another secret. */
async function deliverForged(webhook: Webhook): Promise<Line> {
  const [sample] = webhook.provider.samples({ ...webhook, secret: "not the secret" }).slice(1);
  return deliver(webhook, "issues, forged", sample ?? { body: "{}", headers: {} });
}

async function deliver(
  { provider, webhookUrl }: Webhook,
  what: string,
  { body, headers }: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
): Promise<Line> {
  const reply = await fetch(webhookUrl, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const answer: unknown = await reply.json();
  const events = asArray(at(answer, "events"));
  return {
    provider: provider.integrationId,
    delivery: what,
    answer: `${reply.status} ${textAt(answer, "code") ?? textAt(answer, "handshake") ?? ""}`.trim(),
    events: events.map((event) => textAt(event, "eventName")).join(", "),
    queued: `${events.filter((event) => at(event, "syncTriggered") === true).length} of ${events.length}`,
  };
}

async function untilDrained(host: RunningHost): Promise<void> {
  for (;;) {
    const depth = await host.app.services.queue.depth();
    if (depth === undefined || depth.active === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function summarise({ url, app }: RunningHost, { provider, registrationId }: Webhook) {
  const health = await readHealth(url, registrationId);
  const tenant = { tenantId: "tenant-123", tenantKey: app.services.tenantKeyOf("tenant-123") };
  const tasks = await app.services.syncTasks.list(tenant, { registrationId, limit: 100 });
  const done = tasks.items.filter((task) => task.status === "completed");
  return {
    provider: provider.integrationId,
    "sync tasks": `${done.length} completed`,
    shards: done
      .map(({ entityType, entityId, result }) => `${entityType} ${shorten(entityId)} ${result?.change ?? ""}`)
      .join(", "),
    health: textAt(health, "status"),
    "failures in a row": at(health, "failureCount"),
  };
}

function shorten(id: string): string {
  return id.length > 24 ? `${id.slice(0, 22)}…` : id;
}

async function readHealth(url: string, registrationId: string): Promise<unknown> {
  const reply = await fetch(`${url}/webhooks/${registrationId}/health`, { headers: HEADERS });
  return asObject(await reply.json());
}

async function printAdvice({ url }: RunningHost, webhooks: readonly Webhook[]): Promise<void> {
  for (const { provider, registrationId } of webhooks) {
    const health = await readHealth(url, registrationId);
    for (const advice of asArray(at(health, "recommendations")))
      console.log(`${provider.integrationId}: ${String(advice)}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
