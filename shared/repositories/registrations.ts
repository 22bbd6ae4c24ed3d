import { isWebhookError } from "../core/errors";
import type { TenantSummary } from "../core/tenant-summary";
import type { Document, Documents, DocumentStore, Page, Stored } from "../core/ports";
import { tenantKeyIn } from "../core/registration-id";
import type { Registration } from "../core/registration";

/** One line per tenant in the partition `tenants`: how many registrations it has, so that timers find them all. */
export interface TenantEntry extends Document {
  readonly registrationsCount: number;
  /** As the health timer last counted them. */
  readonly failedRegistrationsCount: number;
  /** What the health timer last saw; absent before its first run. */
  readonly summary?: TenantSummary;
}

const TENANTS = "tenants";
const WRITE_ATTEMPTS = 5;

/** What narrows a tenant's list. */
export interface RegistrationFilter {
  readonly integrationId?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Registrations by id, each in the partition of its tenant. */
export class Registrations {
  readonly #documents: Documents<Registration>;
  readonly #tenants: Documents<TenantEntry>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Registration>("registrations");
    this.#tenants = store.collection<TenantEntry>("registrations");
  }

  /** By id alone, for the receive path and the drain; the id names the partition. */
  async find(registrationId: string): Promise<Stored<Registration> | undefined> {
    const tenantKey = tenantKeyIn(registrationId);
    return tenantKey === undefined ? undefined : this.#documents.get(tenantKey, registrationId);
  }

  /** By id, if it is this tenant's; another tenant's is as good as none. */
  async findOwn(tenantId: string, registrationId: string): Promise<Stored<Registration> | undefined> {
    const found = await this.find(registrationId);
    return found?.value.tenantId === tenantId ? found : undefined;
  }

  async create(registration: Registration): Promise<void> {
    await this.#documents.create(registration);
    await this.#count(registration, 1);
  }

  async delete(registration: Registration): Promise<void> {
    if (await this.#documents.delete(registration.pk, registration.id)) await this.#count(registration, -1);
  }

  /**
   * Reads, changes and writes back until nobody came in between; `undefined` if the registration is gone.
   * `change` may answer the same object to leave it as it is.
   * @throws {WebhookError} `document_changed` after five lost races
   */
  async update(
    registrationId: string,
    change: (current: Registration) => Registration,
  ): Promise<Registration | undefined> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.find(registrationId);
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

  async list(
    tenant: { readonly tenantId: string; readonly tenantKey: string },
    filter: RegistrationFilter,
  ): Promise<Page<Registration>> {
    const { integrationId, limit, cursor } = filter;
    return this.#documents.query({
      pk: tenant.tenantKey,
      where: { tenantId: tenant.tenantId, ...(integrationId === undefined ? {} : { integrationId }) },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** Every registration of a tenant, page after page. */
  async *listAll(tenant: { readonly tenantId: string; readonly tenantKey: string }): AsyncGenerator<Registration> {
    let cursor: string | undefined;
    do {
      const page = await this.list(tenant, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Every tenant that ever registered a webhook; `id` is its tenant key. */
  async *listTenants(): AsyncGenerator<TenantEntry> {
    let cursor: string | undefined;
    do {
      const page = await this.#tenants.query({ pk: TENANTS, limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** A tenant's line; `undefined` if it never registered a webhook. */
  async findTenant(tenant: {
    readonly tenantId: string;
    readonly tenantKey: string;
  }): Promise<TenantEntry | undefined> {
    const found = await this.#tenants.get(TENANTS, tenant.tenantKey);
    return found?.value.tenantId === tenant.tenantId ? found.value : undefined;
  }

  /**
   * Keeps what a run of the health timer saw of a tenant, and puts its counts right: a crash between a registration and
   * its count leaves them off by one. A count that changed while the run went on is left alone.
   * @throws {WebhookError} `document_changed` after five lost races
   */
  async saveTenantSummary(before: TenantEntry, summary: TenantSummary): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#tenants.get(TENANTS, before.id);
      if (!stored) return;
      const { registrationsCount } = stored.value;
      const next = {
        ...stored.value,
        registrationsCount:
          registrationsCount === before.registrationsCount ? summary.webhooks.all : registrationsCount,
        failedRegistrationsCount: summary.webhooks.failed,
        summary,
      };
      try {
        await this.#tenants.replace(next, stored.etag);
        return;
      } catch (error) {
        if (!isWebhookError(error, "document_changed") || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }

  async #count(registration: Registration, delta: 1 | -1): Promise<void> {
    const { tenantId, pk } = registration;
    const initial = {
      id: pk,
      pk: TENANTS,
      tenantId,
      schemaVersion: 1,
      registrationsCount: 0,
      failedRegistrationsCount: 0,
    };
    await this.#tenants.increment(initial, { registrationsCount: delta });
  }
}
