import { managementEndpoint } from "../shared/http/endpoint";
import { shardIdParameter, unmergeBodySchema, unmergeReplySchema } from "../shared/http/shard-schemas";
import { toShardDetails } from "../shared/usecases/shard-view";
import { unmergeShard } from "../shared/usecases/unmerge-shard";

/** `POST /shards/{shardId}/unmerge`: takes a duplicate out again, for good. */
managementEndpoint<{ readonly shardId: string }>(
  {
    name: "unmerge-shard",
    method: "POST",
    route: "shards/{shardId}/unmerge",
    summary: "Undo a merge of duplicates",
    access: "webhooks.write",
    parameters: { path: { shardId: shardIdParameter } },
    body: unmergeBodySchema,
    responses: { 200: { description: "Both shards as they are now.", schema: unmergeReplySchema } },
    errors: ["invalid_request", "invalid_json", "shard_not_found", "shard_not_merged", "store_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const { tenantId } = caller;
    const request = { tenantId, shardId: params["shardId"] ?? "", duplicateShardId: body.shardId };
    const { master, duplicate } = await unmergeShard(services, request);
    return { jsonBody: { shard: toShardDetails(master), separated: toShardDetails(duplicate) } };
  },
);
