import { managementEndpoint } from "../shared/http/endpoint";
import { shardIdParameter, shardSchema } from "../shared/http/shard-schemas";
import { getShard } from "../shared/usecases/get-shard";
import { toShardDetails } from "../shared/usecases/shard-view";

/** `GET /shards/{shardId}`: one shard, with the provider's own fields beside it. */
managementEndpoint(
  {
    name: "get-shard",
    method: "GET",
    route: "shards/{shardId}",
    summary: "Get a shard",
    access: "webhooks.read",
    parameters: { path: { shardId: shardIdParameter } },
    responses: { 200: { description: "The shard.", schema: shardSchema } },
    errors: ["invalid_request", "shard_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, shardId: params["shardId"] ?? "" };
    return { jsonBody: toShardDetails(await getShard(services, key)) };
  },
);
