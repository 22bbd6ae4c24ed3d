import { setImmediate as turn } from "node:timers/promises";
import type { DeliveryLine, DeliveryRecord } from "../core/delivery";
import type { Documents, DocumentStore, Page } from "../core/ports";
import { tenantKeyIn } from "../core/registration-id";
import { type DeliverySearch, idsWithin, lineIdOf, toLine } from "./delivery-lines";
import type { Tenant } from "./shards";

/** What narrows and pages the dead letters; `since` and `until` by the receipt of their events. */
export type DeadLetterSearch = Pick<DeliverySearch, "fields" | "limit" | "cursor"> &
  Partial<Pick<DeliverySearch, "since" | "until">>;

const LETTERS_A_PAGE = 500;

/**
 * The lines of events that were given up and wait, once more in a partition of their own: they are few among many, and so
 * are found and counted without a look at the rest of the log.
 */
export class DeadLetters {
  readonly #documents: Documents<DeliveryLine>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<DeliveryLine>("delivery-lines");
  }

  async save(record: DeliveryRecord): Promise<void> {
    const tenantKey = tenantKeyIn(record.registrationId);
    if (tenantKey !== undefined)
      await this.#documents.upsert({ ...toLine(record, tenantKey), pk: partitionOf(tenantKey) });
  }

  async delete(record: DeliveryRecord): Promise<void> {
    const tenantKey = tenantKeyIn(record.registrationId);
    if (tenantKey !== undefined) await this.#documents.delete(partitionOf(tenantKey), lineIdOf(record));
  }

  /** All of a tenant's, newest first, that have these fields. */
  async *listAll(tenant: Tenant, fields: DeadLetterSearch["fields"]): AsyncGenerator<DeliveryLine> {
    let cursor: string | undefined;
    do {
      // A store within the process answers without a pause, and many pages would leave nobody else a turn.
      if (cursor !== undefined) await turn();
      const page = await this.search(tenant, {
        fields,
        limit: LETTERS_A_PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /**
   * One page, newest first.
   * @throws {WebhookError} `invalid_cursor`
   */
  search({ tenantId, tenantKey }: Tenant, search: DeadLetterSearch): Promise<Page<DeliveryLine>> {
    const { since = 0, until = Infinity, fields, ...page } = search;
    return this.#documents.query({
      pk: partitionOf(tenantKey),
      where: { tenantId, ...fields },
      ids: idsWithin(since, until),
      ...page,
    });
  }
}

function partitionOf(tenantKey: string): string {
  return `${tenantKey}~dead`;
}
