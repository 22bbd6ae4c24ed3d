import { managementEndpoint } from "../shared/http/endpoint";
import { entityTypeParameter, mappingViewSchema } from "../shared/http/mapping-schemas";
import { integrationIdParameter } from "../shared/http/schemas";
import { getMapping } from "../shared/usecases/get-mapping";

/** `GET /mappings/{integrationId}/{entityType}`: the mapping that counts, the tenant's own or the built-in one. */
managementEndpoint(
  {
    name: "get-mapping",
    method: "GET",
    route: "mappings/{integrationId}/{entityType}",
    summary: "Get a mapping",
    access: "webhooks.read",
    parameters: { path: { integrationId: integrationIdParameter, entityType: entityTypeParameter } },
    responses: { 200: { description: "The mapping.", schema: mappingViewSchema } },
    errors: ["invalid_request", "mapping_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const { integrationId = "", entityType = "" } = params;
    return { jsonBody: await getMapping(services, { tenantId: caller.tenantId, integrationId, entityType }) };
  },
);
