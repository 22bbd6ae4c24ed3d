import type { DeliveryRecord, EventRecord } from "../core/delivery";
import type { Documents, DocumentStore, Page } from "../core/ports";

/** Records that one delivery leaves: its events, and its repetitions at the door. */
const MAX_REPETITIONS = 100;

/** Delivery records, each in the partition of its registration. */
export class Deliveries {
  readonly #documents: Documents<DeliveryRecord>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<DeliveryRecord>("deliveries");
  }

  /** The record of an event of this tenant, if it was ever handled. */
  async findEvent(key: {
    readonly tenantId: string;
    readonly registrationId: string;
    readonly recordId: string;
  }): Promise<EventRecord | undefined> {
    const found = await this.#documents.get(key.registrationId, key.recordId);
    if (found?.value.tenantId !== key.tenantId) return undefined;
    return found.value.verdict === "accepted" ? found.value : undefined;
  }

  /** When the first delivery with this id arrived, in ISO 8601, if any is remembered that came in. */
  async arrivalOf(key: {
    readonly tenantId: string;
    readonly registrationId: string;
    readonly deliveryId: string;
  }): Promise<string | undefined> {
    const { tenantId, registrationId, deliveryId } = key;
    const { items } = await this.#documents.query({
      pk: registrationId,
      where: { tenantId, deliveryId },
      limit: MAX_REPETITIONS,
    });
    return items.map(({ receivedAt }) => receivedAt).sort()[0];
  }

  async save(record: DeliveryRecord): Promise<void> {
    await this.#documents.upsert(record);
  }

  /** Newest first. */
  async list(tenantId: string, registrationId: string, limit: number): Promise<Page<DeliveryRecord>> {
    return this.#documents.query({
      pk: registrationId,
      where: { tenantId },
      orderBy: { field: "receivedAt", direction: "desc" },
      limit,
    });
  }
}

/** Document ids must not hold the `#` of an event id. */
export function recordIdOf(eventId: string): string {
  return eventId.replace("#", "-");
}
