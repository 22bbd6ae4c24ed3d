import { managementEndpoint } from "../shared/http/endpoint";
import { rateLimitStatusSchema } from "../shared/http/rate-limit-schemas";
import { integrationIdParameter } from "../shared/http/schemas";
import { rateLimitStatus } from "../shared/usecases/rate-limit-status";

/** `GET /rate-limits/{integrationId}/status`: how many calls to the provider the tenant has made and has left. */
managementEndpoint(
  {
    name: "get-rate-limit-status",
    method: "GET",
    route: "rate-limits/{integrationId}/status",
    summary: "See where the limits of calls to a provider stand",
    access: "webhooks.read",
    parameters: { path: { integrationId: integrationIdParameter } },
    responses: { 200: { description: "All three levels.", schema: rateLimitStatusSchema } },
    errors: ["unknown_integration", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const source = { tenantId: caller.tenantId, integrationId: params["integrationId"] ?? "" };
    const { view, headers } = await rateLimitStatus(services, source);
    return { headers, jsonBody: view };
  },
);
