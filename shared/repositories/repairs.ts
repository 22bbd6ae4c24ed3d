import { isWebhookError } from "../core/errors";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Repair } from "../core/repair";
import type { Tenant } from "./shards";

/** What narrows and pages the list of a webhook's repairs. */
export interface RepairFilter {
  readonly registrationId: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Repairs of gaps, each in the partition of its tenant. */
export class Repairs {
  readonly #documents: Documents<Repair>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Repair>("repairs");
  }

  /** Answers the repair that has this id already, where there is one. */
  async create(repair: Repair): Promise<Repair> {
    try {
      return (await this.#documents.create(repair)).value;
    } catch (error) {
      const known = isWebhookError(error, "document_exists")
        ? await this.#documents.get(repair.pk, repair.id)
        : undefined;
      if (known?.value.tenantId === repair.tenantId) return known.value;
      throw error;
    }
  }

  async save(repair: Repair): Promise<void> {
    await this.#documents.upsert(repair);
  }

  /** Newest window first, by their ids. */
  async list({ tenantId, tenantKey }: Tenant, filter: RepairFilter): Promise<Page<Repair>> {
    const { limit, cursor, registrationId } = filter;
    return this.#documents.query({
      pk: tenantKey,
      where: { tenantId, registrationId },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** Those of a tenant that are not done. */
  async listRunning({ tenantId, tenantKey }: Tenant, limit: number): Promise<readonly Repair[]> {
    const { items } = await this.#documents.query({ pk: tenantKey, where: { tenantId, status: "running" }, limit });
    return items;
  }
}
