import { managementEndpoint } from "../shared/http/endpoint";
import { editShardBodySchema, shardIdParameter, shardSchema } from "../shared/http/shard-schemas";
import { type EditRequest, editShard } from "../shared/usecases/edit-shard";
import { toShardDetails } from "../shared/usecases/shard-view";

/** `PATCH /shards/{shardId}`: a change made in Castiel. It stands until the provider agrees or a rule decides. */
managementEndpoint<EditRequest>(
  {
    name: "update-shard",
    method: "PATCH",
    route: "shards/{shardId}",
    summary: "Change fields of a shard",
    access: "webhooks.write",
    parameters: { path: { shardId: shardIdParameter } },
    body: editShardBodySchema,
    responses: { 200: { description: "The shard as it is now.", schema: shardSchema } },
    errors: [
      "invalid_request",
      "invalid_json",
      "shard_not_found",
      "shard_not_active",
      "shard_too_large",
      "document_changed",
      "store_unavailable",
      "queue_unavailable",
    ],
  },
  async ({ services, caller, params, body }) => {
    const key = { tenantId: caller.tenantId, subject: caller.subject, shardId: params["shardId"] ?? "" };
    return { jsonBody: toShardDetails(await editShard(services, key, body)) };
  },
);
