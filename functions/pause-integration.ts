import { actorOf } from "../shared/core/audit";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter, integrationPauseSchema } from "../shared/http/schemas";
import { pauseIntegration } from "../shared/usecases/pause-webhook";

/** `POST /integrations/{integrationId}/pause`: the deliveries of all the tenant's webhooks of it are taken and held. */
managementEndpoint(
  {
    name: "pause-integration",
    method: "POST",
    route: "integrations/{integrationId}/pause",
    summary: "Hold the deliveries of all webhooks of an integration",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter } },
    responses: { 200: { description: "How many were paused.", schema: integrationPauseSchema } },
    errors: ["invalid_request", "unknown_integration", "document_changed", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, integrationId: params["integrationId"] ?? "" };
    return { jsonBody: await pauseIntegration(services, key, actorOf(caller)) };
  },
);
