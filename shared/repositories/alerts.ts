import type { Alert, AlertOwner } from "../core/alert";
import type { Documents, DocumentStore, Page } from "../core/ports";

/** What narrows and pages a list of alerts. */
export interface AlertFilter {
  readonly limit: number;
  readonly cursor?: string;
  /** `true` unless those that are over are asked for. */
  readonly isLive?: boolean;
}

/** Alerts, each in the partition of its tenant, or of the service. */
export class Alerts {
  readonly #documents: Documents<Alert>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Alert>("alerts");
  }

  async find({ tenantId, tenantKey }: AlertOwner, alertId: string): Promise<Alert | undefined> {
    const found = await this.#documents.get(tenantKey, alertId);
    return found?.value.tenantId === tenantId ? found.value : undefined;
  }

  async save(alert: Alert): Promise<void> {
    await this.#documents.upsert(alert);
  }

  /** Those that are not closed, or those that are, page by page. */
  async list({ tenantId, tenantKey }: AlertOwner, { limit, cursor, isLive = true }: AlertFilter): Promise<Page<Alert>> {
    return this.#documents.query({
      pk: tenantKey,
      where: { tenantId, isLive },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** Every one that is not closed. */
  async *listLive(owner: AlertOwner): AsyncGenerator<Alert> {
    let cursor: string | undefined;
    do {
      const page = await this.list(owner, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}
