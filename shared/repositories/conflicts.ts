import type { Conflict, ConflictStatus } from "../core/conflict";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Signature } from "../core/shard";
import type { Tenant } from "./shards";

/** What narrows and pages a tenant's list. */
export interface ConflictFilter {
  readonly status?: ConflictStatus;
  readonly shardId?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** How long a conflict is kept that waits no more, in seconds: it holds fields of the record. */
const SETTLED_TTL_SECONDS = 30 * 86_400;

/** Conflicts that wait, or waited, for a person, each in the partition of its tenant. */
export class Conflicts {
  readonly #documents: Documents<Conflict>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Conflict>("conflicts");
  }

  async save(conflict: Conflict): Promise<void> {
    await this.#documents.upsert(conflict);
  }

  async get({ tenantId, tenantKey }: Tenant, conflictId: string): Promise<Conflict | undefined> {
    const found = await this.#documents.get(tenantKey, conflictId);
    return found?.value.tenantId === tenantId ? found.value : undefined;
  }

  /** Says how an open conflict ended; one that ended already stays as it is. */
  async settle(tenant: Tenant, conflictId: string, status: ConflictStatus, settled: Signature): Promise<void> {
    const known = await this.get(tenant, conflictId);
    if (known?.status !== "open") return;
    await this.#documents.upsert({ ...known, status, settled, ttl: SETTLED_TTL_SECONDS });
  }

  /** Newest first. */
  async list({ tenantId, tenantKey }: Tenant, filter: ConflictFilter): Promise<Page<Conflict>> {
    const { limit, cursor, ...where } = filter;
    return this.#documents.query({
      pk: tenantKey,
      where: { tenantId, ...where },
      orderBy: { field: "detectedAt", direction: "desc" },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }
}
