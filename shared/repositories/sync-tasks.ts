import type { Documents, DocumentStore, Page } from "../core/ports";
import type { SyncTask } from "../core/sync-task";

/** Sync tasks, each in the partition of the registration that triggered it. */
export class SyncTasks {
  readonly #documents: Documents<SyncTask>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<SyncTask>("sync-tasks");
  }

  async save(task: SyncTask): Promise<void> {
    await this.#documents.upsert(task);
  }

  /** Newest first. */
  async list(tenantId: string, registrationId: string, limit: number): Promise<Page<SyncTask>> {
    return this.#documents.query({
      pk: registrationId,
      where: { tenantId },
      orderBy: { field: "startedAt", direction: "desc" },
      limit,
    });
  }
}
