import { managementEndpoint } from "../shared/http/endpoint";
import { entityTypeParameter } from "../shared/http/mapping-schemas";
import { integrationIdParameter } from "../shared/http/schemas";
import { deleteMapping } from "../shared/usecases/delete-mapping";

/** `DELETE /mappings/{integrationId}/{entityType}`: back to the built-in mapping, or to fields as they are. */
managementEndpoint(
  {
    name: "delete-mapping",
    method: "DELETE",
    route: "mappings/{integrationId}/{entityType}",
    summary: "Delete a mapping",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter, entityType: entityTypeParameter } },
    responses: { 204: { description: "Gone." } },
    errors: ["invalid_request", "mapping_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const { integrationId = "", entityType = "" } = params;
    await deleteMapping(services, { tenantId: caller.tenantId, integrationId, entityType });
    return { status: 204 };
  },
);
