import type { ShardFilter } from "../repositories/shards";
import type { Services } from "./services";
import { type ShardView, toShardView } from "./shard-view";
import { tenantOf } from "./tenant-of";

/** One page. `nextCursor` is absent on the last. */
export interface ShardPage {
  readonly shards: readonly ShardView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `invalid_cursor`, `store_unavailable` */
export async function listShards(services: Services, tenantId: string, filter: ShardFilter): Promise<ShardPage> {
  const { items, cursor } = await services.shards.list(tenantOf(services, tenantId), filter);
  return { shards: items.map(toShardView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}
