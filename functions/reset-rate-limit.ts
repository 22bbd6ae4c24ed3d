import { managementEndpoint } from "../shared/http/endpoint";
import { rateLimitStatusSchema } from "../shared/http/rate-limit-schemas";
import { integrationIdParameter } from "../shared/http/schemas";
import { resetRateLimit } from "../shared/usecases/reset-rate-limit";

/** `POST /rate-limits/{integrationId}/reset`: the calls of the last minute are forgotten, so that the next may be made. */
managementEndpoint(
  {
    name: "reset-rate-limit",
    method: "POST",
    route: "rate-limits/{integrationId}/reset",
    summary: "Forget the calls to a provider that were counted",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter } },
    changes: "/rate-limits/{integrationId}/calls",
    responses: { 200: { description: "All three levels, after that.", schema: rateLimitStatusSchema } },
    errors: ["unknown_integration", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const source = { tenantId: caller.tenantId, integrationId: params["integrationId"] ?? "" };
    const { view, headers } = await resetRateLimit(services, source);
    return { headers, jsonBody: view };
  },
);
