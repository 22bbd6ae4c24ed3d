import { WebhookError } from "../core/errors";
import type { Mapping } from "../core/mapping";
import type { Shard } from "../core/shard";
import type { Editing } from "../sync/edit-shard";
import { lensFor } from "../sync/lens";
import { writeShard } from "../sync/write-shard";
import type { Services } from "./services";
import { startTask } from "./start-task";
import { tenantOf } from "./tenant-of";

/** A shard, and who is about to change it. */
export interface OwnShardKey {
  readonly tenantId: string;
  readonly shardId: string;
  readonly subject: string;
}

/**
 * A change that a person makes to a shard. `change` is asked again if somebody else came in between, and may answer the
 * same shard to leave it. Where the mapping is bidirectional, what was changed is then written back by a task.
 * @throws {WebhookError} `shard_not_found`, `shard_too_large`, `document_changed`, `store_unavailable`, `queue_unavailable`: the change is
 * kept then, and the request may be repeated
 */
export async function changeShardOf(
  services: Services,
  { tenantId, shardId, subject }: OwnShardKey,
  change: (current: Shard, editing: Editing) => Shard,
): Promise<Shard> {
  const tenant = tenantOf(services, tenantId);
  const now = services.now();
  const signature = { by: subject, at: new Date(now).toISOString() };
  const { outcome, mapping } = await writeShard(
    services,
    { ...tenant, shardId },
    async (current) => {
      if (!current) throw new WebhookError("shard_not_found");
      const { integrationId, entityType } = current;
      const found = await services.mappingSource.find({ ...tenant, integrationId, entityType });
      const lens = lensFor(current, found, services.customRules);
      const changed = change(current, { lens, signature, now });
      return { outcome: changed, mapping: found, ...(changed === current ? {} : { shard: changed }) };
    },
    { ...signature, status: "resolved" },
  ).catch((error: unknown) => {
    throw error instanceof RangeError ? new WebhookError("shard_too_large", { cause: error }) : error;
  });
  if (hasSomethingToWrite(outcome, mapping)) await requestWriteBack(services, outcome);
  return outcome;
}

function hasSomethingToWrite(shard: Shard, mapping: Mapping | undefined): boolean {
  if (mapping?.direction !== "bidirectional" || shard.derivedFrom) return false;
  return shard.edits !== undefined || shard.localDeletion !== undefined || shard.kept !== undefined;
}

async function requestWriteBack(services: Services, shard: Shard): Promise<void> {
  const { externalId, idScope, scope, integrationId, connectionId, entityType } = shard;
  await startTask(services, {
    ...tenantOf(services, shard.tenantId),
    integrationId,
    connectionId,
    entityType,
    trigger: "edit",
    record: {
      entityId: externalId,
      ...(idScope === undefined ? {} : { idScope }),
      ...(scope === undefined ? {} : { scope }),
    },
  });
}
