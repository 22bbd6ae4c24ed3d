import type { Shards } from "../repositories/shards";
import { recordIdOf } from "../repositories/deliveries";
import type { SyncTasks } from "../repositories/sync-tasks";
import type { Clock } from "../core/ports";
import { tenantKeyIn } from "../core/registration-id";
import { type SyncTask, type SyncTaskRequest, type SyncTaskService, SyncFailure } from "../core/sync-task";
import type { WebhookEvent } from "../core/webhook-event";
import { applyEvent } from "./apply-event";

/** What the engine works with. */
export interface SyncDependencies {
  readonly shards: Shards;
  readonly syncTasks: SyncTasks;
  readonly now: Clock;
  /** How long finished tasks are kept, in seconds. */
  readonly retentionSeconds: number;
}

/**
 * SyncTaskService on the event's own data: the record that came with the event becomes the primary shard, found by its
 * external id and guarded by its version. Nothing is fetched from the provider.
 */
export function createSyncTaskService(dependencies: SyncDependencies): SyncTaskService {
  return {
    async enqueueSyncTask(request: SyncTaskRequest): Promise<SyncTask> {
      const task = newTask(request, dependencies);
      await dependencies.syncTasks.save(task);
      try {
        const result = await saveShard(request.event, dependencies);
        return await finish(dependencies, { ...task, status: "completed", result });
      } catch (error) {
        if (error instanceof SyncFailure)
          await finish(dependencies, { ...task, status: "failed", reason: error.reason });
        throw error;
      }
    },
  };
}

function newTask({ event, attempt }: SyncTaskRequest, { now, retentionSeconds }: SyncDependencies): SyncTask {
  return {
    id: `task-${recordIdOf(event.eventId)}`,
    pk: event.registrationId,
    tenantId: event.tenantId,
    schemaVersion: 1,
    ttl: retentionSeconds,
    registrationId: event.registrationId,
    integrationId: event.integrationId,
    connectionId: event.connectionId,
    trigger: "webhook",
    entityType: event.entityType,
    entityId: event.entityId,
    eventType: event.eventType,
    eventIds: [event.eventId],
    status: "running",
    attempts: attempt,
    startedAt: new Date(now()).toISOString(),
  };
}

async function saveShard(event: WebhookEvent, { shards }: SyncDependencies): Promise<NonNullable<SyncTask["result"]>> {
  const tenantKey = tenantKeyIn(event.registrationId);
  if (tenantKey === undefined) throw new SyncFailure("registration_id_malformed", { permanent: true });
  const { tenantId, integrationId, entityType, entityId, idScope } = event;
  const key = {
    tenantId,
    tenantKey,
    integrationId,
    entityType,
    entityId,
    ...(idScope === undefined ? {} : { idScope }),
  };
  const applied = await shards.update(key, (current, id) => ({ ...applyEvent(current, event, id), shardId: id.id }));
  return { shardId: applied.shardId, change: applied.change };
}

async function finish({ syncTasks, now }: SyncDependencies, task: SyncTask): Promise<SyncTask> {
  const finished = { ...task, finishedAt: new Date(now()).toISOString() };
  await syncTasks.save(finished);
  return finished;
}
