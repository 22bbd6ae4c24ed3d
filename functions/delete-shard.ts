import { managementEndpoint } from "../shared/http/endpoint";
import { shardIdParameter } from "../shared/http/shard-schemas";
import { deleteShard } from "../shared/usecases/delete-shard";

/** `DELETE /shards/{shardId}`: deleted in Castiel, and kept so that it can be restored. */
managementEndpoint(
  {
    name: "delete-shard",
    method: "DELETE",
    route: "shards/{shardId}",
    summary: "Delete a shard in Castiel",
    access: "webhooks.write",
    parameters: { path: { shardId: shardIdParameter } },
    responses: { 204: { description: "Deleted." } },
    errors: ["invalid_request", "shard_not_found", "shard_not_active", "store_unavailable", "queue_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, subject: caller.subject, shardId: params["shardId"] ?? "" };
    await deleteShard(services, key);
    return { status: 204 };
  },
);
