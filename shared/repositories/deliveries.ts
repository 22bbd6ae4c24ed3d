import type { DeliveryLine, DeliveryRecord, EventRecord } from "../core/delivery";
import { eventIdOf } from "../core/event-id";
import type { Documents, DocumentStore, Page } from "../core/ports";
import { createUnlessThere } from "./create-unless-there";
import { type DeadLetterSearch, DeadLetters } from "./dead-letters";
import { DeliveryLines, type DeliverySearch } from "./delivery-lines";
import type { Tenant } from "./shards";

/** Records that one delivery leaves: its events, and its repetitions at the door. */
const MAX_REPETITIONS = 100;

/** Delivery records, each in the partition of its registration, and with them the lines by which the log is searched. */
export class Deliveries {
  readonly #documents: Documents<DeliveryRecord>;
  readonly #lines: DeliveryLines;
  readonly #deadLetters: DeadLetters;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<DeliveryRecord>("deliveries");
    this.#lines = new DeliveryLines(store);
    this.#deadLetters = new DeadLetters(store);
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
    // Nearly every delivery that was taken has such an event, and a point read costs next to nothing.
    const first = recordIdOf(eventIdOf(registrationId, deliveryId, { index: 0 }));
    const event = await this.findEvent({ tenantId, registrationId, recordId: first });
    if (event) return event.receivedAt;
    const { items } = await this.#documents.query({
      pk: registrationId,
      where: { tenantId, deliveryId },
      limit: MAX_REPETITIONS,
    });
    return items.map(({ receivedAt }) => receivedAt).sort()[0];
  }

  /**
   * The record is what counts. A line that a crash left out is made up for by the next attempt at its event; and so that a
   * dead letter is as well, it becomes one after its record and ceases to be one before. `earlier`: the record as it was.
   */
  async save(record: DeliveryRecord, earlier?: EventRecord): Promise<void> {
    if (earlier === undefined && !isDead(record) && (await this.#saveNew(record))) return;
    // Also where the earlier record is of no dead letter: another attempt may have given the event up meanwhile.
    if (!isDead(record)) await this.#deadLetters.delete(record);
    await Promise.all([this.#documents.upsert(record), this.#lines.save(record)]);
    await this.#settleLetter(record);
  }

  /**
   * Lets the dead letter go by the record that stands in the end: of attempts at one event that cross, each looks once more
   * after it has written.
   */
  async #settleLetter(record: DeliveryRecord): Promise<void> {
    let stands = record;
    for (let isDue = true; isDue;) {
      await (isDead(stands) ? this.#deadLetters.save(stands) : this.#deadLetters.delete(stands));
      const again = (await this.#documents.get(record.pk, record.id))?.value ?? stands;
      isDue = isDead(again) !== isDead(stands);
      stands = again;
    }
  }

  /** Saves a record unless there is one already, which knows better. */
  async saveFirst(record: DeliveryRecord): Promise<void> {
    if (await createUnlessThere(this.#documents, record)) await this.#lines.saveFirst(record);
  }

  /** The record that a line of the log stands for. */
  async get(tenant: Tenant, lineId: string): Promise<DeliveryRecord | undefined> {
    const line = await this.#lines.find(tenant, lineId);
    return line && this.recordOf(line);
  }

  /** The record of a line of its tenant's. */
  async recordOf({ tenantId, registrationId, recordId }: DeliveryLine): Promise<DeliveryRecord | undefined> {
    const found = await this.#documents.get(registrationId, recordId);
    return found?.value.tenantId === tenantId ? found.value : undefined;
  }

  /**
   * Changes the record that a line stands for; answers it, or `undefined` where there is none of this tenant.
   * @throws {WebhookError} `document_changed` where something else did so at the same time
   */
  async update(
    tenant: Tenant,
    lineId: string,
    change: (record: DeliveryRecord) => DeliveryRecord,
  ): Promise<DeliveryRecord | undefined> {
    const line = await this.#lines.find(tenant, lineId);
    const found = line && (await this.#documents.get(line.registrationId, line.recordId));
    if (found?.value.tenantId !== tenant.tenantId) return undefined;
    // Whatever becomes of the change: two attempts at one event may have left a letter that stands for nothing.
    if (isSettled(found.value)) await this.#settleLetter(found.value);
    const { value } = await this.#documents.replace(change(found.value), found.etag);
    await this.#lines.save(value);
    // Also where there should be none, because a change that a crash cut short is asked for again.
    await this.#settleLetter(value);
    return value;
  }

  /**
   * One page of the events that were given up and wait, newest first.
   * @throws {WebhookError} `invalid_cursor`
   */
  searchDead(tenant: Tenant, search: DeadLetterSearch): Promise<Page<DeliveryLine>> {
    return this.#deadLetters.search(tenant, search);
  }

  /** All events of a tenant's that were given up and wait, newest first, that have these fields. */
  listDead(tenant: Tenant, fields: DeadLetterSearch["fields"]): AsyncGenerator<DeliveryLine> {
    return this.#deadLetters.listAll(tenant, fields);
  }

  /**
   * One page of the log, newest first. A page may be short, or empty, and not be the last.
   * @throws {WebhookError} `invalid_cursor`
   */
  search(tenant: Tenant, search: DeliverySearch): Promise<Page<DeliveryLine>> {
    return this.#lines.search(tenant, search);
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

  /** In one step, as nearly always; answers false where another attempt at the event was recorded meanwhile. */
  async #saveNew(record: DeliveryRecord): Promise<boolean> {
    const [isNew] = await Promise.all([createUnlessThere(this.#documents, record), this.#lines.save(record)]);
    return isNew;
  }
}

function isDead(record: DeliveryRecord): boolean {
  return record.verdict === "accepted" && record.outcome === "dead";
}

/** Nothing but a replay can make it a dead letter. */
function isSettled(record: DeliveryRecord): boolean {
  return record.verdict === "accepted" && (record.outcome === "synchronised" || record.outcome === "discarded");
}

/** Document ids must not hold the `#` of an event id. */
export function recordIdOf(eventId: string): string {
  return eventId.replace("#", "-");
}
