import { hash } from "node:crypto";
import type { Connection } from "../core/connection";
import { isLostRace } from "../core/errors";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { ConnectionKey } from "../core/record-reader";

/** What narrows and pages a tenant's list. */
export interface ConnectionFilter {
  readonly integrationId?: string;
  readonly status?: Connection["status"];
  readonly limit: number;
  readonly cursor?: string;
}

const WRITE_ATTEMPTS = 10;

/** Connections, each in the partition of its tenant. */
export class Connections {
  readonly #documents: Documents<Connection>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Connection>("connections");
  }

  async find(key: ConnectionKey): Promise<Connection | undefined> {
    const found = await this.#documents.get(key.tenantKey, documentIdOf(key));
    return found?.value.tenantId === key.tenantId ? found.value : undefined;
  }

  /**
   * Reads, changes and writes back until nobody came in between. `change` answers `undefined`, or the same object, to
   * leave it as it is.
   * @throws {WebhookError} `document_changed` after ten lost races
   */
  async update(
    key: ConnectionKey,
    change: (current: Connection | undefined, id: Pick<Connection, "id" | "pk">) => Connection | undefined,
  ): Promise<Connection | undefined> {
    const id = { id: documentIdOf(key), pk: key.tenantKey };
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

  async delete({ pk, id }: Connection): Promise<void> {
    await this.#documents.delete(pk, id);
  }

  async list(
    tenant: Pick<ConnectionKey, "tenantId" | "tenantKey">,
    { integrationId, status, limit, cursor }: ConnectionFilter,
  ): Promise<Page<Connection>> {
    return this.#documents.query({
      pk: tenant.tenantKey,
      where: {
        tenantId: tenant.tenantId,
        ...(integrationId === undefined ? {} : { integrationId }),
        ...(status === undefined ? {} : { status }),
      },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** Those of a tenant whose credentials their provider refuses. */
  async *listRefused({
    tenantId,
    tenantKey,
  }: Pick<ConnectionKey, "tenantId" | "tenantKey">): AsyncGenerator<Connection> {
    let cursor: string | undefined;
    do {
      const page = await this.#documents.query({
        pk: tenantKey,
        where: { tenantId, status: "needs_reauth" },
        limit: 200,
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}

/** A connection's own id is free text, which a document's must not be. */
function documentIdOf({ tenantId, integrationId, connectionId }: ConnectionKey): string {
  const digest = hash("sha256", JSON.stringify([tenantId, integrationId, connectionId]), "hex");
  return `connection-${digest.slice(0, 40)}`;
}
