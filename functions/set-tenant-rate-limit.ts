import { managementEndpoint } from "../shared/http/endpoint";
import { tenantIdParameter, tenantLimitBodySchema, tenantLimitSchema } from "../shared/http/rate-limit-schemas";
import { setTenantRateLimit, type TenantLimitRequest } from "../shared/usecases/set-tenant-rate-limit";

/** `PUT /rate-limits/tenant/{tenantId}/limit`: the total of a tenant, by itself or by an operator. */
managementEndpoint<TenantLimitRequest>(
  {
    name: "set-tenant-rate-limit",
    method: "PUT",
    // One segment more than `rate-limits/{integrationId}/limit`, so that neither can swallow the other.
    route: "rate-limits/tenant/{tenantId}/limit",
    summary: "Set the limit of all calls of a tenant",
    access: "webhooks.write",
    parameters: { path: { tenantId: tenantIdParameter } },
    body: tenantLimitBodySchema,
    responses: { 200: { description: "The limit as it is now.", schema: tenantLimitSchema } },
    errors: ["invalid_request", "invalid_json", "document_changed", "store_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const tenantId = params["tenantId"] ?? "";
    return { jsonBody: await setTenantRateLimit(services, { caller, tenantId }, body) };
  },
);
