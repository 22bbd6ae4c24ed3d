import { shardStatuses } from "../shared/core/shard";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter, pageParameters, readPage } from "../shared/http/schemas";
import { shardPageSchema, shardStatusParameter } from "../shared/http/shard-schemas";
import { listShards } from "../shared/usecases/list-shards";

/** `GET /shards`: the tenant's shards, page by page. */
managementEndpoint(
  {
    name: "list-shards",
    method: "GET",
    route: "shards",
    summary: "List shards",
    access: "webhooks.read",
    parameters: {
      query: {
        type: { type: "string", minLength: 1, maxLength: 200 },
        integrationId: integrationIdParameter,
        externalId: { type: "string", minLength: 1, maxLength: 1000 },
        status: shardStatusParameter,
        ...pageParameters,
      },
    },
    responses: { 200: { description: "One page.", schema: shardPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const { type, integrationId, externalId } = query;
    const status = shardStatuses.find((known) => known === query["status"]);
    const page = await listShards(services, caller.tenantId, {
      ...readPage(query),
      ...(typeof type === "string" && { shardTypeId: type }),
      ...(typeof integrationId === "string" && { integrationId }),
      ...(typeof externalId === "string" && { externalId }),
      ...(status && { status }),
    });
    return { jsonBody: page };
  },
);
