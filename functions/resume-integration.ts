import { actorOf } from "../shared/core/audit";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter, integrationPauseSchema } from "../shared/http/schemas";
import { resumeIntegration } from "../shared/usecases/pause-webhook";

/** `POST /integrations/{integrationId}/resume`: queues what was held of all the tenant's webhooks of it. */
managementEndpoint(
  {
    name: "resume-integration",
    method: "POST",
    route: "integrations/{integrationId}/resume",
    summary: "Queue what was held of all webhooks of an integration",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter } },
    responses: { 202: { description: "How many are resumed.", schema: integrationPauseSchema } },
    errors: ["invalid_request", "unknown_integration", "document_changed", "store_unavailable", "queue_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, integrationId: params["integrationId"] ?? "" };
    return { status: 202, jsonBody: await resumeIntegration(services, key, actorOf(caller)) };
  },
);
