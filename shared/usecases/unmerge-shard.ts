import { WebhookError } from "../core/errors";
import { type Separated, separate } from "../sync/separate-shards";
import { getShard } from "./get-shard";
import type { Services } from "./services";

/** A shard, and the duplicate to be taken out of it. */
export interface UnmergeRequest {
  readonly tenantId: string;
  readonly shardId: string;
  readonly duplicateShardId: string;
}

/**
 * Undoes a merge: both shards show their own record again, and are never merged again.
 * @throws {WebhookError} `shard_not_found`, `shard_not_merged`
 */
export async function unmergeShard(services: Services, request: UnmergeRequest): Promise<Separated> {
  const master = await getShard(services, request);
  const merging = { ...services, mappings: services.mappingSource };
  const separated = await separate(merging, master, request.duplicateShardId);
  if (!separated) throw new WebhookError("shard_not_merged");
  return separated;
}
