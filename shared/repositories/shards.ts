import { hash } from "node:crypto";
import { isWebhookError } from "../core/errors";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Shard } from "../core/shard";

/** What names a provider's record within Castiel: at most one primary shard. */
export interface ExternalKey {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly integrationId: string;
  readonly entityType: string;
  readonly idScope?: string;
  readonly entityId: string;
}

const WRITE_ATTEMPTS = 20;

/** Shards, each in the partition of its tenant. */
export class Shards {
  readonly #documents: Documents<Shard>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Shard>("shards");
  }

  /**
   * Reads the shard of an external id, lets `change` make the next one, and writes it unless somebody came in between,
   * in which case it reads again. `change` answers no shard where nothing has to be written.
   * @throws {WebhookError} `document_changed` after twenty lost races
   */
  async update<R extends { readonly shard?: Shard }>(
    key: ExternalKey,
    change: (current: Shard | undefined, id: { readonly id: string; readonly pk: string }) => R,
  ): Promise<R> {
    const id = { id: shardIdOf(key), pk: key.tenantKey };
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#documents.get(id.pk, id.id);
      const result = change(stored?.value.tenantId === key.tenantId ? stored.value : undefined, id);
      if (!result.shard) return result;
      try {
        await (stored ? this.#documents.replace(result.shard, stored.etag) : this.#documents.create(result.shard));
        return result;
      } catch (error) {
        const lostRace = isWebhookError(error, "document_changed") || isWebhookError(error, "document_exists");
        if (!lostRace || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }

  async get(key: ExternalKey): Promise<Shard | undefined> {
    const found = await this.#documents.get(key.tenantKey, shardIdOf(key));
    return found?.value.tenantId === key.tenantId ? found.value : undefined;
  }

  async list(
    tenant: { readonly tenantId: string; readonly tenantKey: string },
    limit: number,
    cursor?: string,
  ): Promise<Page<Shard>> {
    return this.#documents.query({
      pk: tenant.tenantKey,
      where: { tenantId: tenant.tenantId },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }
}

function shardIdOf(key: ExternalKey): string {
  const parts = [key.tenantId, key.integrationId, key.entityType, key.idScope ?? "", key.entityId];
  return `shard-${hash("sha256", JSON.stringify(parts), "hex").slice(0, 40)}`;
}
