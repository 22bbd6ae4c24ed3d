import { WebhookError } from "../core/errors";
import type { SyncTask } from "../core/sync-task";
import type { SyncTaskFilter } from "../repositories/sync-tasks";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** A sync task as its tenant reads it. */
export interface SyncTaskView extends Omit<SyncTask, "id" | "pk" | "tenantId" | "schemaVersion" | "ttl"> {
  readonly taskId: string;
}

/** One page, newest first. `nextCursor` is absent on the last. */
export interface SyncTaskPage {
  readonly syncTasks: readonly SyncTaskView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `invalid_cursor`, `store_unavailable` */
export async function listSyncTasks(
  services: Services,
  tenantId: string,
  filter: SyncTaskFilter,
): Promise<SyncTaskPage> {
  const { items, cursor } = await services.syncTasks.list(tenantOf(services, tenantId), filter);
  return { syncTasks: items.map(toSyncTaskView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}

/** @throws {WebhookError} `sync_task_not_found`, also where it is another tenant's */
export async function getSyncTask(
  services: Services,
  { tenantId, taskId }: { readonly tenantId: string; readonly taskId: string },
): Promise<SyncTaskView> {
  const task = await services.syncTasks.get(tenantOf(services, tenantId), taskId);
  if (!task) throw new WebhookError("sync_task_not_found");
  return toSyncTaskView(task);
}

/** What the API shows of a task. */
export function toSyncTaskView({
  id,
  pk: _,
  tenantId: __,
  schemaVersion: ___,
  ttl: ____,
  ...rest
}: SyncTask): SyncTaskView {
  return { taskId: id, ...rest };
}
