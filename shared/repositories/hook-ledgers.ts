import { isWebhookError } from "../core/errors";
import type { HookLedger } from "../core/hook-ledger";
import type { Documents, DocumentStore } from "../core/ports";

/** The one partition of all ledgers. */
export const LEDGERS = "ledgers";
const WRITE_ATTEMPTS = 10;

/** The hooks at the providers, a document for each webhook that has some. */
export class HookLedgers {
  readonly #documents: Documents<HookLedger>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<HookLedger>("hook-ledgers");
  }

  async create(ledger: HookLedger): Promise<void> {
    await this.#documents.create(ledger);
  }

  /**
   * Reads, changes and writes back until nobody came in between; `undefined` if there is none. `change` may answer the same
   * object to leave it as it is.
   * @throws {WebhookError} `document_changed` after ten lost races
   */
  async update(registrationId: string, change: (current: HookLedger) => HookLedger): Promise<HookLedger | undefined> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#documents.get(LEDGERS, registrationId);
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

  async delete(registrationId: string): Promise<void> {
    await this.#documents.delete(LEDGERS, registrationId);
  }

  /** Those with something to do at `now`, the longest due first, of all tenants. */
  async *listDue(now: number): AsyncGenerator<HookLedger> {
    let cursor: string | undefined;
    do {
      const page = await this.#documents.query({
        pk: LEDGERS,
        orderBy: { field: "dueAt", direction: "asc" },
        limit: 100,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const ledger of page.items) {
        if (ledger.dueAt > now) return;
        yield ledger;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}
