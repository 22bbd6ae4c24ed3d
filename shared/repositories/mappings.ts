import { hash } from "node:crypto";
import type { MappingDocument } from "../core/mapping";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Tenant } from "./shards";

/** What a mapping is for. */
export interface MappingKey extends Tenant {
  readonly integrationId: string;
  readonly entityType: string;
}

/** The tenants' own mappings, each in the partition of its tenant. */
export class Mappings {
  readonly #documents: Documents<MappingDocument>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<MappingDocument>("mappings");
  }

  async get(key: MappingKey): Promise<MappingDocument | undefined> {
    const found = await this.#documents.get(key.tenantKey, mappingIdOf(key));
    return found?.value.tenantId === key.tenantId ? found.value : undefined;
  }

  async save(document: MappingDocument): Promise<void> {
    await this.#documents.upsert(document);
  }

  /** True if there was one. */
  async delete(key: MappingKey): Promise<boolean> {
    return (await this.get(key)) !== undefined && this.#documents.delete(key.tenantKey, mappingIdOf(key));
  }

  async list(
    { tenantId, tenantKey }: Tenant,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<MappingDocument>> {
    return this.#documents.query({
      pk: tenantKey,
      where: { tenantId },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }
}

/** One an entity type, however its name is written. */
export function mappingIdOf({ integrationId, entityType }: Pick<MappingKey, "integrationId" | "entityType">): string {
  return `mapping-${hash("sha256", JSON.stringify([integrationId, entityType.toLowerCase()]), "hex").slice(0, 40)}`;
}
