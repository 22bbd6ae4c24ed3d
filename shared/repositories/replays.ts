import { isWebhookError } from "../core/errors";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Replay } from "../core/replay";
import type { Tenant } from "./shards";

const WRITE_ATTEMPTS = 5;

/** Replays of many deliveries, each in the partition of its tenant. */
export class Replays {
  readonly #documents: Documents<Replay>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Replay>("replays");
  }

  async create(replay: Replay): Promise<void> {
    await this.#documents.create(replay);
  }

  /** If it is this tenant's; another's is as good as none. */
  async find({ tenantId, tenantKey }: Tenant, replayId: string): Promise<Replay | undefined> {
    return (await this.#findStored({ tenantId, tenantKey }, replayId))?.value;
  }

  /**
   * Reads, changes and writes back until nobody came in between; `undefined` if there is none of this tenant.
   * `change` may answer the same object to leave it as it is.
   * @throws {WebhookError} `document_changed` after five lost races
   */
  async update(tenant: Tenant, replayId: string, change: (current: Replay) => Replay): Promise<Replay | undefined> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#findStored(tenant, replayId);
      if (!stored) return undefined;
      const next = change(stored.value);
      if (next === stored.value) return next;
      try {
        return (await this.#documents.replace(next, stored.etag)).value;
      } catch (error) {
        if (!isWebhookError(error, "document_changed") || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }

  /** Newest first, by their ids. @throws {WebhookError} `invalid_cursor` */
  async list(
    { tenantId, tenantKey }: Tenant,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<Replay>> {
    const query = { pk: tenantKey, where: { tenantId }, limit };
    return this.#documents.query(cursor === undefined ? query : { ...query, cursor });
  }

  async #findStored({ tenantId, tenantKey }: Tenant, replayId: string): ReturnType<Documents<Replay>["get"]> {
    const found = await this.#documents.get(tenantKey, replayId);
    return found?.value.tenantId === tenantId ? found : undefined;
  }
}
