import type { Alert, AlertOwner } from "../core/alert";
import type { Documents, DocumentStore, Page } from "../core/ports";

/** Which page of a list of alerts. */
export interface AlertsPage {
  readonly limit: number;
  readonly cursor?: string;
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

  /** Those that are not closed. */
  async list({ tenantId, tenantKey }: AlertOwner, page: AlertsPage): Promise<Page<Alert>> {
    return this.#documents.query({ pk: tenantKey, where: { tenantId, isLive: true }, ...page });
  }

  /** Those that were told and are over, the latest first. */
  async listEnded({ tenantId, tenantKey }: AlertOwner, page: AlertsPage): Promise<Page<Alert>> {
    return this.#documents.query({
      pk: tenantKey,
      where: { tenantId, isLive: false, wasOpen: true },
      orderBy: { field: "changedAt", direction: "desc" },
      ...page,
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
