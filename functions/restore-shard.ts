import { managementEndpoint } from "../shared/http/endpoint";
import { shardIdParameter, shardSchema } from "../shared/http/shard-schemas";
import { restoreShard } from "../shared/usecases/delete-shard";
import { toShardDetails } from "../shared/usecases/shard-view";

/** `POST /shards/{shardId}/restore`: back from a deletion, here or at the provider (where it stays deleted). */
managementEndpoint(
  {
    name: "restore-shard",
    method: "POST",
    route: "shards/{shardId}/restore",
    summary: "Restore a deleted shard",
    access: "webhooks.write",
    parameters: { path: { shardId: shardIdParameter } },
    responses: { 200: { description: "The shard as it is now.", schema: shardSchema } },
    errors: ["invalid_request", "shard_not_found", "shard_not_active", "store_unavailable", "queue_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, subject: caller.subject, shardId: params["shardId"] ?? "" };
    return { jsonBody: toShardDetails(await restoreShard(services, key)) };
  },
);
