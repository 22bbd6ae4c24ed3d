import { isDeepStrictEqual } from "node:util";
import { actorOf } from "../core/audit";
import { errorCatalogue, isWebhookError } from "../core/errors";
import { type JsonObject, textAt } from "../core/json";
import { type AuditedResource, factsOf } from "../usecases/audit-facts";
import { recordChange } from "../usecases/record-change";
import { readConnectionId } from "./connection-name";
import type { EndpointReply, EndpointSpec, ManagementContext } from "./endpoint";
import { toPath } from "./route-path";

interface Asked extends Pick<ManagementContext<unknown>, "services" | "caller" | "params"> {
  /** What was begun, by the reply. */
  readonly begun?: (reply: unknown) => JsonObject | undefined;
}
type AuditedSpec = Pick<EndpointSpec, "name" | "method" | "access" | "route" | "changes" | "creates">;

/** True for an endpoint that may change something: whatever more than reading is needed for. */
export function isAudited({ method, access }: Pick<EndpointSpec, "method" | "access">): boolean {
  return method !== "GET" && access === "webhooks.write";
}

/**
 * Makes a change and records it: who, what, when, and the facts that differ between before and after. A change that was
 * refused leaves no entry; one that broke down leaves one if it had changed something by then.
 */
export async function audited(
  spec: AuditedSpec,
  asked: Asked,
  change: () => EndpointReply | Promise<EndpointReply>,
): Promise<EndpointReply> {
  const resource = resourceOf(spec, asked);
  const before = await factsOf(asked.services, resource);
  let reply: EndpointReply;
  try {
    reply = await change();
  } catch (error) {
    if (!isRefusal(error)) await recordBreakdown(spec, asked, { resource, before, error });
    throw error;
  }
  const changed = createdBy(spec, resource, reply);
  const later = await laterFacts(asked, changed);
  const begun = asked.begun?.(reply.jsonBody);
  await record(spec, asked, { resource: changed, before, after: begun ? { ...later, ...begun } : later });
  return reply;
}

/** The path as far as its last parameter: `webhooks/{id}/confirm` changes the webhook. */
export function resourceTemplate(route: string): string {
  const path = toPath(route);
  const end = path.lastIndexOf("}");
  return end === -1 ? path : path.slice(0, end + 1);
}

function resourceOf({ route, changes }: AuditedSpec, { caller, params }: Asked): AuditedResource {
  const { tenantId = caller.tenantId, connectionId } = params;
  const read = connectionId === undefined ? params : { ...params, connectionId: readConnectionId(connectionId) };
  return { template: changes ?? resourceTemplate(route), tenantId, params: read };
}

/** What a reply says was made has its name from there. */
function createdBy({ creates }: AuditedSpec, resource: AuditedResource, { jsonBody }: EndpointReply): AuditedResource {
  if (creates === undefined) return resource;
  const names = [...creates.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const params = Object.fromEntries(names.map((name) => [name, textAt(jsonBody, name)]));
  return { ...resource, template: creates, params };
}

function isRefusal(error: unknown): boolean {
  return isWebhookError(error) && errorCatalogue[error.code].status < 500;
}

interface Outcome {
  readonly resource: AuditedResource;
  readonly before: JsonObject | undefined;
  readonly after?: JsonObject | undefined;
  readonly error?: unknown;
}

async function recordBreakdown(spec: AuditedSpec, asked: Asked, outcome: Outcome): Promise<void> {
  const after = await laterFacts(asked, outcome.resource);
  if (!isDeepStrictEqual(after, outcome.before)) await record(spec, asked, { ...outcome, after });
}

/** The change is made by now: that it cannot be looked at must not look like a failure of it. */
async function laterFacts({ services }: Asked, resource: AuditedResource): Promise<JsonObject | undefined> {
  try {
    return await factsOf(services, resource);
  } catch (error) {
    services.log("warn", "audit.facts_unknown", { resource: pathOf(resource), error: String(error) });
    return { unknown: true };
  }
}

async function record({ name }: AuditedSpec, { services, caller }: Asked, outcome: Outcome): Promise<void> {
  const { resource, before, after, error } = outcome;
  await recordChange(services, {
    action: name,
    resource: pathOf(resource),
    tenantId: resource.tenantId,
    by: actorOf(caller),
    before,
    after,
    error: error === undefined ? undefined : isWebhookError(error) ? error.code : "internal_error",
  });
}

function pathOf({ template, params }: AuditedResource): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}
