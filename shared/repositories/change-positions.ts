import { hash } from "node:crypto";
import type { ChangePosition } from "../core/change-position";
import { isWebhookError } from "../core/errors";
import type { Documents, DocumentStore, Stored } from "../core/ports";
import type { ConnectionKey, RecordReference } from "../core/record-reader";

/** A collection of a connection. */
export interface CollectionKey {
  readonly connection: ConnectionKey;
  readonly collection: Pick<RecordReference, "entityType" | "idScope" | "entityId">;
}

/** Where to; without a position, to a new beginning. */
export type Move = Pick<ChangePosition, "since" | "position" | "hasMore">;

/** How far the changes within collections are known, a small document for each collection. */
export class ChangePositions {
  readonly #documents: Documents<ChangePosition>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<ChangePosition>("change-positions");
  }

  /** The position of the collection; where there is none, a new one that begins at `since` (ISO 8601). */
  async open(key: CollectionKey, since: string): Promise<Stored<ChangePosition>> {
    const fresh = newPosition(key, since);
    const known = await this.#find(fresh);
    if (known) return known;
    try {
      return await this.#documents.create(fresh);
    } catch (error) {
      const other = isWebhookError(error, "document_exists") ? await this.#find(fresh) : undefined;
      if (other) return other;
      throw error;
    }
  }

  async #find({ pk, id, tenantId }: ChangePosition): Promise<Stored<ChangePosition> | undefined> {
    const found = await this.#documents.get(pk, id);
    return found?.value.tenantId === tenantId ? found : undefined;
  }

  /** The position as it is then; `undefined` if somebody else moved it meanwhile, and then it stays as it is. */
  async move(
    { value: { position: _, hasMore: __, ...known }, etag }: Stored<ChangePosition>,
    move: Move,
  ): Promise<Stored<ChangePosition> | undefined> {
    try {
      return await this.#documents.replace({ ...known, ...move }, etag);
    } catch (error) {
      if (!isWebhookError(error, "document_changed")) throw error;
      return undefined;
    }
  }
}

const KEPT_SECONDS = 90 * 86_400;

function newPosition({ connection, collection }: CollectionKey, since: string): ChangePosition {
  const { tenantId, tenantKey, integrationId, connectionId } = connection;
  const { entityType, idScope = "", entityId } = collection;
  const parts = [tenantId, integrationId, connectionId, entityType, idScope, entityId];
  return {
    // A mailbox is named by somebody's address, which a hash keeps to itself.
    id: `position-${hash("sha256", JSON.stringify(parts), "hex").slice(0, 40)}`,
    pk: tenantKey,
    tenantId,
    schemaVersion: 1,
    ttl: KEPT_SECONDS,
    integrationId,
    connectionId,
    entityType,
    since,
  };
}
