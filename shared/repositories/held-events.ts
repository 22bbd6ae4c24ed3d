import type { HeldEvent } from "../core/pause";
import type { Document, Documents, DocumentStore } from "../core/ports";
import { createUnlessThere } from "./create-unless-there";

/** How many events of a webhook are held: in a partition of its own, so that no page of events has it. */
interface HeldCount extends Document {
  readonly held: number;
}

const COUNT = "count";

/** Events that wait for their webhooks to be resumed. */
export class HeldEvents {
  readonly #documents: Documents<HeldEvent>;
  readonly #counts: Documents<HeldCount>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<HeldEvent>("held-events");
    this.#counts = store.collection<HeldCount>("held-events");
  }

  /** False where the event is held already. */
  async hold(event: HeldEvent): Promise<boolean> {
    if (!(await createUnlessThere(this.#documents, event))) return false;
    await this.#count(event, 1);
    return true;
  }

  /** About as many as are held: a crash between an event and its count leaves it off by one. */
  async countOf(tenantId: string, registrationId: string): Promise<number> {
    const found = await this.#counts.get(partitionOfCount(registrationId), COUNT);
    return found?.value.tenantId === tenantId ? Math.max(0, found.value.held) : 0;
  }

  /** Those received first. */
  async oldest(tenantId: string, registrationId: string, limit: number): Promise<readonly HeldEvent[]> {
    const orderBy = { field: "receivedOrder", direction: "asc" } as const;
    return (await this.#documents.query({ pk: registrationId, where: { tenantId }, orderBy, limit })).items;
  }

  /** All that are held, in no order. */
  async *all(tenantId: string, registrationId: string): AsyncGenerator<HeldEvent> {
    let cursor: string | undefined;
    do {
      const page = await this.#documents.query({
        pk: registrationId,
        where: { tenantId },
        limit: 100,
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Lets go of an event that is on the queue. */
  async release(event: HeldEvent): Promise<void> {
    if (await this.#documents.delete(event.pk, event.id)) await this.#count(event, -1);
  }

  /** Forgets how many there were, which are none by now. */
  async forgetCount(registrationId: string): Promise<void> {
    await this.#counts.delete(partitionOfCount(registrationId), COUNT);
  }

  async #count({ tenantId, registrationId }: HeldEvent, delta: 1 | -1): Promise<void> {
    const initial = { id: COUNT, pk: partitionOfCount(registrationId), tenantId, schemaVersion: 1, held: 0 };
    await this.#counts.increment(initial, { held: delta });
  }
}

function partitionOfCount(registrationId: string): string {
  return `${registrationId}~count`;
}
