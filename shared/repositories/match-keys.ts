import { hash } from "node:crypto";
import { isLostRace } from "../core/errors";
import type { Document, Documents, DocumentStore } from "../core/ports";
import type { Tenant } from "./shards";

/** Which shards have a key of a deduplication rule. The key itself is kept as a hash only. Partition: the tenant key. */
interface MatchKey extends Document {
  readonly shardIds: readonly string[];
}

/** A key that more shards have than this tells nothing apart: it takes no more, so that its document stays small. */
const MAX_SHARDS = 100;
const WRITE_ATTEMPTS = 20;

/** The index by which duplicates are found: one point read a key, never a scan. */
export class MatchKeys {
  readonly #documents: Documents<MatchKey>;

  constructor(store: DocumentStore) {
    this.#documents = store.collection<MatchKey>("match-keys");
  }

  /**
   * Writes a shard's name under a key, unless it is there, and answers all names under it. A name may stay when its
   * shard has lost the key: who asks looks at the shards. Of two shards that claim the same key at the same time, the
   * second sees the first.
   */
  async claim({ tenantId, tenantKey }: Tenant, key: string, shardId: string): Promise<readonly string[]> {
    const id = `key-${hash("sha256", JSON.stringify([tenantId, key]), "hex").slice(0, 40)}`;
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#documents.get(tenantKey, id);
      const known = stored?.value.tenantId === tenantId ? stored.value.shardIds : [];
      if (known.includes(shardId) || known.length >= MAX_SHARDS) return known;
      const next = { id, pk: tenantKey, tenantId, schemaVersion: 1, shardIds: [...known, shardId] };
      try {
        await (stored ? this.#documents.replace(next, stored.etag) : this.#documents.create(next));
        return next.shardIds;
      } catch (error) {
        if (!isLostRace(error) || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }
}
