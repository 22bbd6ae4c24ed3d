import { WebhookError } from "../core/errors";
import type { RecordReference } from "../core/record-reader";
import type { SyncTask } from "../core/sync-task";
import type { Services } from "./services";
import { startTask } from "./start-task";
import { tenantOf } from "./tenant-of";

/** What a person asks to be synchronised: one record, or all of an entity type that changed since a time. */
export interface StartRequest {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly entityType: string;
  readonly entityId?: string;
  readonly idScope?: string;
  readonly scope?: string;
  readonly hint?: RecordReference["hint"];
  /** ISO 8601; without it, and without `entityId`, from the beginning. */
  readonly since?: string;
}

/**
 * Queues a synchronisation by hand.
 * @throws {WebhookError} `unknown_integration`, `invalid_request`, `queue_unavailable`
 */
export async function startSyncTask(services: Services, request: StartRequest): Promise<SyncTask> {
  const { tenantId, integrationId, connectionId, entityType, since } = request;
  if (!services.providers.has(integrationId)) throw new WebhookError("unknown_integration");
  const record = recordOf(request);
  if (record && since !== undefined) {
    const problems = [{ path: "/since", message: "belongs to a whole entity type, not to one record" }];
    throw new WebhookError("invalid_request", { problems });
  }
  return startTask(services, {
    ...tenantOf(services, tenantId),
    integrationId,
    connectionId,
    entityType,
    trigger: "manual",
    ...(record ? { record } : { since: new Date(since === undefined ? 0 : Date.parse(since)).toISOString() }),
  });
}

function recordOf({ entityId, idScope, scope, hint }: StartRequest): Omit<RecordReference, "entityType"> | undefined {
  if (entityId === undefined) return undefined;
  return {
    entityId,
    ...(idScope === undefined ? {} : { idScope }),
    ...(scope === undefined ? {} : { scope }),
    ...(hint === undefined ? {} : { hint }),
  };
}
