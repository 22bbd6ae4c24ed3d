import { hash } from "node:crypto";
import { isLostRace } from "../core/errors";
import type { Documents, DocumentStore, Page } from "../core/ports";
import type { Shard, ShardStatus } from "../core/shard";

/** A tenant, and the partition of its documents. */
export interface Tenant {
  readonly tenantId: string;
  readonly tenantKey: string;
}

/** What names a shard. */
export interface ShardKey extends Tenant {
  readonly shardId: string;
}

/** What names a provider's record within Castiel: at most one primary shard. */
export interface ExternalKey {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly entityType: string;
  readonly idScope?: string | undefined;
  readonly entityId: string;
}

/** What narrows and pages a tenant's list. */
export interface ShardFilter {
  readonly shardTypeId?: string;
  readonly integrationId?: string;
  readonly externalId?: string;
  readonly status?: ShardStatus;
  readonly limit: number;
  readonly cursor?: string;
}

const WRITE_ATTEMPTS = 20;

/** Shards, each in the partition of its tenant. */
export class Shards {
  readonly #documents: Documents<Shard>;
  readonly #changing = new Map<string, Promise<unknown>>();

  constructor(store: DocumentStore) {
    this.#documents = store.collection<Shard>("shards");
  }

  /**
   * Reads a shard, lets `change` make the next one, and writes it unless somebody came in between, in which case it
   * reads again and asks `change` again. `change` answers no shard where nothing has to be written. Changes of one shard
   * within this process wait for one another, because racing would only make them start anew; so `change` must not
   * change the same shard itself.
   * @throws {WebhookError} `document_changed` after twenty lost races against other processes
   */
  async update<R extends { readonly shard?: Shard }>(
    key: ShardKey,
    change: (current: Shard | undefined) => R | Promise<R>,
  ): Promise<R> {
    const name = `${key.tenantKey}/${key.shardId}`;
    const before = this.#changing.get(name);
    const turn = before ? before.then(() => this.#update(key, change)) : this.#update(key, change);
    const settled = turn.catch(() => undefined);
    this.#changing.set(name, settled);
    try {
      return await turn;
    } finally {
      if (this.#changing.get(name) === settled) this.#changing.delete(name);
    }
  }

  async get(key: ShardKey): Promise<Shard | undefined> {
    const found = await this.#documents.get(key.tenantKey, key.shardId);
    return found?.value.tenantId === key.tenantId ? found.value : undefined;
  }

  async list({ tenantId, tenantKey }: Tenant, filter: ShardFilter): Promise<Page<Shard>> {
    const { limit, cursor, ...where } = filter;
    return this.#documents.query({
      pk: tenantKey,
      where: { tenantId, ...where },
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  async #update<R extends { readonly shard?: Shard }>(
    key: ShardKey,
    change: (current: Shard | undefined) => R | Promise<R>,
  ): Promise<R> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#documents.get(key.tenantKey, key.shardId);
      const result = await change(stored?.value.tenantId === key.tenantId ? stored.value : undefined);
      if (!result.shard) return result;
      try {
        await (stored ? this.#documents.replace(result.shard, stored.etag) : this.#documents.create(result.shard));
        return result;
      } catch (error) {
        if (!isLostRace(error) || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }
}

/** The id of the primary shard of a provider's record. */
export function shardIdOf(key: ExternalKey): string {
  return idOf([key.tenantId, key.integrationId, key.entityType, key.idScope ?? "", key.entityId]);
}

/** The id of the shard that a rule of the mapping derives from a primary shard. */
export function derivedShardIdOf(primaryShardId: string, rule: string): string {
  return idOf([primaryShardId, "derived", rule]);
}

function idOf(parts: readonly string[]): string {
  return `shard-${hash("sha256", JSON.stringify(parts), "hex").slice(0, 40)}`;
}
