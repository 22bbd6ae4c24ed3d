import type { Mapping } from "../shared/core/mapping";
import { managementEndpoint } from "../shared/http/endpoint";
import { entityTypeParameter, mappingSchema, mappingViewSchema } from "../shared/http/mapping-schemas";
import { integrationIdParameter } from "../shared/http/schemas";
import { putMapping } from "../shared/usecases/put-mapping";

/** `PUT /mappings/{integrationId}/{entityType}`: what the records of an entity type become. */
managementEndpoint<Mapping>(
  {
    name: "put-mapping",
    method: "PUT",
    route: "mappings/{integrationId}/{entityType}",
    summary: "Set a mapping",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter, entityType: entityTypeParameter } },
    body: mappingSchema,
    responses: { 200: { description: "The mapping as it is now.", schema: mappingViewSchema } },
    errors: ["invalid_request", "invalid_json", "unknown_integration", "store_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const { integrationId = "", entityType = "" } = params;
    const { tenantId, subject } = caller;
    return { jsonBody: await putMapping(services, { tenantId, subject, integrationId, entityType }, body) };
  },
);
