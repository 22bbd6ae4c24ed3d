import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter, webhookHealthSchema } from "../shared/http/schemas";
import { requireOwn } from "../shared/usecases/require-own";
import { healthOf } from "../shared/usecases/webhook-health";

/** `GET /webhooks/{registrationId}/health`: computed now, so true right after a delivery. */
managementEndpoint(
  {
    name: "get-webhook-health",
    method: "GET",
    route: "webhooks/{registrationId:minlength(7)}/health",
    summary: "Check the health of a webhook",
    access: "webhooks.read",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 200: { description: "Status, figures and recommendations.", schema: webhookHealthSchema } },
    errors: ["registration_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: await healthOf(services, await requireOwn(services, key)) };
  },
);
