import type { AuditEntry } from "../core/audit";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Tenant } from "./shards";

/** What narrows and pages the audit log. */
export interface AuditFilter {
  readonly resource?: string;
  readonly action?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Who changed what, each entry in the partition of the tenant whose it is. */
export class AuditLog {
  readonly #documents: Documents<AuditEntry>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<AuditEntry>("audit");
  }

  /** May be repeated: an entry is written once. */
  async save(entry: AuditEntry): Promise<void> {
    await this.#documents.upsert(entry);
  }

  /** Newest first, by their ids. @throws {WebhookError} `invalid_cursor` */
  async list({ tenantId, tenantKey }: Tenant, filter: AuditFilter): Promise<Page<AuditEntry>> {
    const { resource, action, limit, cursor } = filter;
    return this.#documents.query({
      pk: tenantKey,
      where: {
        tenantId,
        ...(resource === undefined ? {} : { resource }),
        ...(action === undefined ? {} : { action }),
      },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }
}
