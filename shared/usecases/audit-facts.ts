import { Concealed } from "../core/audit";
import type { JsonObject } from "../core/json";
import type { Registration } from "../core/registration";
import type { SecretRotation } from "../core/rotation";
import { connectionKeyOf } from "./connection-view";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** Something that can be changed: its path as a template, as in `/webhooks/{registrationId}`, and what stands in it. */
export interface AuditedResource {
  readonly tenantId: string;
  readonly template: string;
  readonly params: Readonly<Record<string, string | undefined>>;
}

type Facts = JsonObject | undefined;
type FactReader = (services: Services, tenantId: string, params: AuditedResource["params"]) => Promise<Facts>;

/**
 * What the audit log may tell of each kind of resource. Facts are listed one by one, so that nothing gets into the log that
 * nobody thought of; of what may hold personal data there are only names, or values that are concealed. Other resources have no facts.
 */
const readers: Readonly<Record<string, FactReader>> = {
  "/webhooks/{registrationId}": async ({ registrations }, tenantId, { registrationId = "" }) => {
    const found = await registrations.findOwn(tenantId, registrationId);
    return found && webhookFacts(found.value);
  },

  "/webhooks/{registrationId}/routes/{accountId}": async (services, _, { registrationId = "", accountId = "" }) => {
    // Routes are an operator's, whatever tenant the shared webhook is of.
    const shared = (await services.registrations.find(registrationId))?.value;
    const route = shared && (await services.routes.find(shared, accountId));
    return route && { registrationId: route.targetRegistrationId, tenantId: route.targetTenantId };
  },

  "/integrations/{integrationId}/connections/{connectionId}": async (services, tenantId, params) => {
    const { integrationId = "", connectionId = "" } = params;
    const found = await services.connections.find(connectionKeyOf(services, { tenantId, integrationId, connectionId }));
    if (!found) return undefined;
    const { auth, baseUrl, status } = found;
    return { baseUrl, status, authKind: auth?.kind, credentialsVersion: auth?.secretVersion };
  },

  "/mappings/{integrationId}/{entityType}": async (services, tenantId, { integrationId = "", entityType = "" }) => {
    const found = await services.mappings.get({ ...tenantOf(services, tenantId), integrationId, entityType });
    return found && { mapping: found.mapping };
  },

  "/shards/{shardId}": async (services, tenantId, { shardId = "" }) => {
    const found = await services.shards.get({ ...tenantOf(services, tenantId), shardId });
    if (!found) return undefined;
    const { status, revision, mergedInto, edits = {}, merged = [] } = found;
    return {
      status,
      revision,
      mergedInto,
      editedFields: Object.keys(edits),
      merged: merged.map(({ shardId: id }) => id),
    };
  },

  "/conflicts/{conflictId}": async (services, tenantId, { conflictId = "" }) => {
    const found = await services.conflicts.get(tenantOf(services, tenantId), conflictId);
    return found && { status: found.status, shardId: found.shardId, fields: Object.keys(found.fields) };
  },

  "/deliveries/{deliveryId}": async (services, tenantId, { deliveryId = "" }) => {
    const found = await services.deliveries.get(tenantOf(services, tenantId), deliveryId);
    return found?.verdict === "accepted" ? { outcome: found.outcome } : found && { verdict: found.verdict };
  },

  "/replays/{replayId}": async (services, tenantId, { replayId = "" }) => {
    const found = await services.replays.find(tenantOf(services, tenantId), replayId);
    if (!found) return undefined;
    const { status, since, until, fields, replayable, ratePerSecond } = found;
    return { status, since, until, fields: Object.keys(fields), replayable, ratePerSecond };
  },

  "/alert-channels/{channelId}": async ({ alertChannels }, tenantId, { channelId = "" }) => {
    const found = await alertChannels.find({ tenantId, channelId });
    if (!found) return undefined;
    const { kind, secretVersion, isService, conditions, integrations, webhooks, quietHours, groupSeconds } = found;
    const settings = { isService, conditions, integrations, webhooks, quietHours, groupSeconds };
    return { kind, targetVersion: secretVersion, ...settings };
  },

  "/rate-limits/{integrationId}": async (services, tenantId, { integrationId = "" }) => {
    const { integrations } = await services.rateLimits.get(tenantOf(services, tenantId));
    return { limit: integrations[integrationId] };
  },

  "/rate-limits/{integrationId}/calls": async (services, tenantId, { integrationId = "" }) => {
    if (!services.providers.has(integrationId)) return undefined;
    const status = await services.rateLimiter.status({ tenantId, integrationId }, services.now());
    return { counted: status.integration.made, adaptiveMultiplier: status.adaptiveMultiplier };
  },

  "/rate-limits/tenant/{tenantId}": async (services, tenantId) => {
    const { tenant } = await services.rateLimits.get(tenantOf(services, tenantId));
    return { limit: tenant };
  },
};

/** The templates of resources of which there are facts. */
export const resourcesWithFacts: ReadonlySet<string> = new Set(Object.keys(readers));

/** What stands of a resource now; `undefined` where there is none. @throws {WebhookError} `store_unavailable` */
export async function factsOf(services: Services, { template, tenantId, params }: AuditedResource): Promise<Facts> {
  return readers[template]?.(services, tenantId, params);
}

/** The facts of a webhook. A change of its secret shows in the version. */
export function webhookFacts(registration: Registration): JsonObject {
  const { integrationId, connectionId, events, status, routing, verification, retryPolicy } = registration;
  return {
    integrationId,
    connectionId,
    events,
    status,
    routing,
    verification,
    retryPolicy,
    redact: registration.redact,
    keepBodies: registration.keepBodies,
    pause: registration.pause?.state,
    secretOrigin: registration.secretOrigin,
    secretVersion: registration.secretVersion,
    rotation: registration.rotation && rotationFacts(registration.rotation),
    candidateSecrets: registration.candidateSecrets?.length,
    ...metadataFacts(registration.metadata),
    target: registration.provisioning?.target.kind,
  };
}

/** Names may be told, values may be anything. */
function metadataFacts(metadata: Registration["metadata"]): JsonObject {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, new Concealed(value)]),
  );
}

function rotationFacts({ replaced, ...terms }: SecretRotation): JsonObject {
  const { startedAt, startedBy, deadline, quietSeconds, quietDeliveries, warnedAt } = terms;
  return {
    startedAt,
    startedBy,
    deadline,
    quietSeconds,
    quietDeliveries,
    warnedAt,
    replacedVersion: replaced.secretVersion,
  };
}
