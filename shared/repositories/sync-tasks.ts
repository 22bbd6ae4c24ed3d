import type { Documents, DocumentStore, Page } from "../core/ports";
import type { SyncTask } from "../core/sync-task";
import type { Tenant } from "./shards";

/** What narrows and pages a tenant's list. */
export interface SyncTaskFilter {
  readonly registrationId?: string;
  readonly status?: SyncTask["status"];
  readonly trigger?: SyncTask["trigger"];
  readonly limit: number;
  readonly cursor?: string;
}

/** Sync tasks, each in the partition of its tenant. */
export class SyncTasks {
  readonly #documents: Documents<SyncTask>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<SyncTask>("sync-tasks");
  }

  async save(task: SyncTask): Promise<void> {
    await this.#documents.upsert(task);
  }

  async get({ tenantId, tenantKey }: Tenant, taskId: string): Promise<SyncTask | undefined> {
    const found = await this.#documents.get(tenantKey, taskId);
    return found?.value.tenantId === tenantId ? found.value : undefined;
  }

  /** Newest first, by their ids. */
  async list({ tenantId, tenantKey }: Tenant, filter: SyncTaskFilter): Promise<Page<SyncTask>> {
    const { limit, cursor, ...where } = filter;
    return this.#documents.query({
      pk: tenantKey,
      where: { tenantId, ...where },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }
}
