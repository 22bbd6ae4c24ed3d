import { hash } from "node:crypto";
import type { AlertChannel } from "../core/alert-channel";
import { isLostRace } from "../core/errors";
import type { Documents, DocumentStore, Page } from "../core/ports";

/** The one partition of all channels. */
const CHANNELS = "channels";
const WRITE_ATTEMPTS = 10;

/** What names a channel. */
export interface ChannelKey {
  readonly tenantId: string;
  readonly channelId: string;
}

/** Where alerts are told, and what waits to be told there. */
export class AlertChannels {
  readonly #documents: Documents<AlertChannel>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<AlertChannel>("alert-channels");
  }

  async find(key: ChannelKey): Promise<AlertChannel | undefined> {
    const found = await this.#documents.get(CHANNELS, documentIdOf(key));
    return found?.value.tenantId === key.tenantId ? found.value : undefined;
  }

  /**
   * Reads, changes and writes back until nobody came in between. `change` answers `undefined`, or the same object, to
   * leave it as it is.
   * @throws {WebhookError} `document_changed` after ten lost races
   */
  async update(
    key: ChannelKey,
    change: (current: AlertChannel | undefined, id: Pick<AlertChannel, "id" | "pk">) => AlertChannel | undefined,
  ): Promise<AlertChannel | undefined> {
    const id = { id: documentIdOf(key), pk: CHANNELS };
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#documents.get(id.pk, id.id);
      const current = stored?.value.tenantId === key.tenantId ? stored.value : undefined;
      const next = change(current, id);
      if (next === undefined || next === current) return current;
      try {
        return (await (stored ? this.#documents.replace(next, stored.etag) : this.#documents.create(next))).value;
      } catch (error) {
        if (!isLostRace(error) || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }

  async delete(key: ChannelKey): Promise<void> {
    await this.#documents.delete(CHANNELS, documentIdOf(key));
  }

  /** A tenant's, page by page. */
  async list(
    tenantId: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<AlertChannel>> {
    return this.#documents.query({
      pk: CHANNELS,
      where: { tenantId },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** All of a tenant that are told its own affairs. */
  listAll(tenantId: string): AsyncGenerator<AlertChannel> {
    return this.#all({ tenantId, isService: false });
  }

  /** All that are told what concerns the service, whoever's they are: operators set them. */
  listService(): AsyncGenerator<AlertChannel> {
    return this.#all({ isService: true });
  }

  /** Those with something to do at `now`, the longest due first, of all tenants. */
  async *listDue(now: number): AsyncGenerator<AlertChannel> {
    let cursor: string | undefined;
    do {
      const page = await this.#documents.query({
        pk: CHANNELS,
        orderBy: { field: "dueAt", direction: "asc" },
        limit: 100,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const channel of page.items) {
        if (channel.dueAt > now) return;
        yield channel;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async *#all(where: Readonly<Record<string, string | boolean>>): AsyncGenerator<AlertChannel> {
    let cursor: string | undefined;
    do {
      const page = await this.#documents.query({
        pk: CHANNELS,
        where,
        limit: 200,
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}

function documentIdOf({ tenantId, channelId }: ChannelKey): string {
  return `channel-${hash("sha256", JSON.stringify([tenantId, channelId]), "hex").slice(0, 40)}`;
}
