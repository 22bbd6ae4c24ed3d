import type { AccountRoute } from "../core/account-routing";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Registration } from "../core/registration";

/** The shared webhook whose routes they are. */
export type SharedKey = Pick<Registration, "id" | "tenantId">;

/** Which account's deliveries go to which webhook, in the partition of the shared webhook that receives them. */
export class Routes {
  readonly #documents: Documents<AccountRoute>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<AccountRoute>("routes");
  }

  async find(shared: SharedKey, accountId: string): Promise<AccountRoute | undefined> {
    const found = await this.#documents.get(shared.id, accountId);
    return found?.value.tenantId === shared.tenantId ? found.value : undefined;
  }

  async save(route: AccountRoute): Promise<void> {
    await this.#documents.upsert(route);
  }

  /** True if there was one. */
  async delete(shared: SharedKey, accountId: string): Promise<boolean> {
    return (await this.find(shared, accountId)) !== undefined && this.#documents.delete(shared.id, accountId);
  }

  /** All of a webhook that is gone. */
  async deleteAll(shared: SharedKey): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await this.list(shared, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      for (const { id } of page.items) await this.#documents.delete(shared.id, id);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** By account id. */
  async list(
    shared: SharedKey,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<AccountRoute>> {
    return this.#documents.query({
      pk: shared.id,
      where: { tenantId: shared.tenantId },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }
}
