import { isLostRace } from "../core/errors";
import type { Documents, DocumentStore } from "../core/ports";
import type { TenantRateLimits } from "../core/rate-limit";

const ID = "limits";
const WRITE_ATTEMPTS = 5;

/** The limits that were set, one document in the partition of each tenant. */
export class RateLimits {
  readonly #documents: Documents<TenantRateLimits>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<TenantRateLimits>("rate-limits");
  }

  /** One without settings where nothing was set yet. */
  async get(tenant: { readonly tenantId: string; readonly tenantKey: string }): Promise<TenantRateLimits> {
    const found = await this.#documents.get(tenant.tenantKey, ID);
    return found?.value.tenantId === tenant.tenantId ? found.value : nothingSet(tenant);
  }

  /**
   * Reads, changes and writes back until nobody came in between.
   * @throws {WebhookError} `document_changed` after five lost races
   */
  async update(
    tenant: { readonly tenantId: string; readonly tenantKey: string },
    change: (current: TenantRateLimits) => TenantRateLimits,
  ): Promise<TenantRateLimits> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#documents.get(tenant.tenantKey, ID);
      const next = change(stored?.value.tenantId === tenant.tenantId ? stored.value : nothingSet(tenant));
      try {
        return (await (stored ? this.#documents.replace(next, stored.etag) : this.#documents.create(next))).value;
      } catch (error) {
        if (!isLostRace(error) || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }
}

function nothingSet({ tenantId, tenantKey }: { readonly tenantId: string; readonly tenantKey: string }) {
  return {
    id: ID,
    pk: tenantKey,
    tenantId,
    schemaVersion: 1,
    tenant: {},
    integrations: {},
    updatedAt: new Date(0).toISOString(),
  } satisfies TenantRateLimits;
}
