import { WebhookError } from "../core/errors";
import type { Shard } from "../core/shard";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/**
 * The tenant's own shard.
 * @throws {WebhookError} `shard_not_found`, also where it is another tenant's
 */
export async function getShard(
  services: Services,
  { tenantId, shardId }: { readonly tenantId: string; readonly shardId: string },
): Promise<Shard> {
  const shard = await services.shards.get({ ...tenantOf(services, tenantId), shardId });
  if (!shard) throw new WebhookError("shard_not_found");
  return shard;
}
