import type { IntegrationLimit } from "../shared/core/rate-limit";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationLimitBodySchema, integrationLimitSchema } from "../shared/http/rate-limit-schemas";
import { integrationIdParameter } from "../shared/http/schemas";
import { setRateLimit } from "../shared/usecases/set-rate-limit";

/** `PUT /rate-limits/{integrationId}/limit`: the tenant's own limits of calls to a provider. */
managementEndpoint<IntegrationLimit>(
  {
    name: "set-rate-limit",
    method: "PUT",
    route: "rate-limits/{integrationId}/limit",
    summary: "Set the limits of calls to a provider",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter } },
    body: integrationLimitBodySchema,
    responses: { 200: { description: "The limits as they are now.", schema: integrationLimitSchema } },
    errors: ["invalid_request", "invalid_json", "unknown_integration", "document_changed", "store_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const source = { tenantId: caller.tenantId, integrationId: params["integrationId"] ?? "" };
    return { jsonBody: await setRateLimit(services, source, body) };
  },
);
