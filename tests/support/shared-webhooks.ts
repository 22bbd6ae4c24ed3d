import { createHmac, randomUUID } from "node:crypto";
import type { App } from "../../shared/app";
import type { DeliveryRecord } from "../../shared/core/delivery";
import type { EventMessage } from "../../shared/usecases/event-message";
import { apiToken } from "./api-token";
import { call, startFunctions, type TestReply } from "./function-app";

/** An operator with a shared webhook, and tenants with webhooks of their own, all over HTTP. */
const both = ["webhooks.read", "webhooks.write"];
const tenants = {
  a: "tenant-a",
  b: "tenant-b",
  colleague: "tenant-o",
  operator: "tenant-o",
  viewer: "tenant-o",
} as const;

/** Who asks: two tenants, an operator, a colleague in the operator's tenant who is none, an operator who may only read. */
export type Who = keyof typeof tenants;

const API_TOKENS = JSON.stringify([
  apiToken("cwt_a", tenants.a, both),
  apiToken("cwt_b", tenants.b, both),
  apiToken("cwt_colleague", tenants.colleague, both),
  apiToken("cwt_operator", tenants.operator, both, true),
  apiToken("cwt_viewer", tenants.viewer, ["webhooks.read"], true),
]);

/** The secret of the one app. */
export const APP_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";

export type Provider = "slack" | "github";
export const kinds = { slack: "workspace", github: "installation" } as const;

export function startShared(env: Readonly<Record<string, string>> = {}): Promise<App> {
  return startFunctions({ API_TOKENS, ...env });
}

interface Ask {
  readonly as?: Who;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

const methods: Readonly<Record<string, string>> = {
  put: "PUT",
  delete: "DELETE",
  unregister: "DELETE",
  update: "PATCH",
};

/** Calls a function of the management API. */
export function ask(name: string, { as = "operator", json, ...request }: Ask = {}): Promise<TestReply> {
  return call(name, {
    method: methods[name.split("-")[0] ?? ""] ?? (json === undefined ? "GET" : "POST"),
    headers: { authorization: `Bearer cwt_${as}` },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...request,
  });
}

/** The id of a new shared webhook of the operator's. */
export async function registerShared(integrationId: Provider = "slack", fields: object = {}): Promise<string> {
  const json = { routing: kinds[integrationId], webhookSecret: APP_SECRET, ...fields };
  const reply = await ask("register-webhook", { params: { integrationId }, json });
  expect(reply.status).toBe(201);
  return reply.json.registrationId as string;
}

/** A new webhook of a tenant, with its secret. */
export async function registerTarget(
  as: Who,
  fields: object = {},
  integrationId: Provider = "slack",
): Promise<{ readonly registrationId: string; readonly webhookSecret: string }> {
  const json = { connectionId: `conn-${as}`, events: ["*"], ...fields };
  const reply = await ask("register-webhook", { as, params: { integrationId }, json });
  expect(reply.status).toBe(201);
  return reply.json;
}

export async function map(registrationId: string, accountId: string, targetId: string): Promise<void> {
  const params = { registrationId, accountId };
  expect((await ask("put-route", { params, json: { registrationId: targetId } })).status).toBe(200);
}

/** What Slack would send; `event_id` is new each time. */
export const slackBody = (fields: object = {}, event: object = {}) => ({
  type: "event_callback",
  api_app_id: "A1",
  event_id: `Ev${randomUUID()}`,
  event: { type: "message", channel: "C1", ts: "1795510001.000200", text: "Hello", ...event },
  ...fields,
});

/** What Slack would send to the installation of one workspace. */
export const slackBodyOf = (team: string, event: object = {}) =>
  slackBody({ team_id: team, authorizations: [{ enterprise_id: null, team_id: team, is_bot: true }] }, event);

/** Delivers bytes to a webhook, signed as Slack signs. */
export function deliverSlack(
  registrationId: string,
  body: object | string,
  { secret = APP_SECRET, headers = {} }: { readonly secret?: string; readonly headers?: Record<string, string> } = {},
): Promise<TestReply> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const hex = createHmac("sha256", secret).update(`v0:${timestamp}:${text}`).digest("hex");
  const signed = { "x-slack-signature": `v0=${hex}`, "x-slack-request-timestamp": timestamp };
  return receive(registrationId, text, { "content-type": "application/json", ...signed, ...headers });
}

/** Delivers an event to a webhook, signed as GitHub signs. */
export function deliverGitHub(
  registrationId: string,
  name: string,
  body: object,
  { id = randomUUID() }: { readonly id?: string } = {},
): Promise<TestReply> {
  const text = JSON.stringify(body);
  return receive(registrationId, text, {
    "content-type": "application/json",
    "x-github-event": name,
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${createHmac("sha256", APP_SECRET).update(text).digest("hex")}`,
  });
}

function receive(registrationId: string, body: string, headers: Record<string, string>): Promise<TestReply> {
  return call("receive-webhook", { method: "POST", params: { registrationId }, headers, body });
}

/** What waits in the queue, each message once. */
export async function queued({ lockingQueue }: App): Promise<readonly EventMessage[]> {
  const messages = (await lockingQueue?.receive(32, 60_000)) ?? [];
  return messages.map(({ body }) => JSON.parse(body) as EventMessage);
}

/** Whose what waits in the queue is: tenant and webhook. */
export async function queuedFor(app: App): Promise<string[]> {
  return (await queued(app)).map(({ source, data }) => `${data.tenantId} ${source.replace("/webhooks/", "")}`).sort();
}

/** What is recorded of the deliveries that ended at the door of a webhook. */
export async function recordsOf(
  { services }: App,
  as: Who,
  registrationId: string,
): Promise<readonly DeliveryRecord[]> {
  await services.gatherer.flush();
  return (await services.deliveries.list(tenants[as], registrationId, 20)).items;
}

/** The health of a webhook as its owner reads it. */
export async function healthOf(as: Who, registrationId: string): Promise<TestReply["json"]> {
  return (await ask("get-webhook-health", { as, params: { registrationId } })).json;
}
