import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter, webhookSchema } from "../shared/http/schemas";
import { pauseWebhook } from "../shared/usecases/pause-webhook";

/** `POST /webhooks/{registrationId}/pause`: deliveries are taken and held. */
managementEndpoint(
  {
    name: "pause-webhook",
    method: "POST",
    route: "webhooks/{registrationId:minlength(7)}/pause",
    summary: "Hold the deliveries of a webhook",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 200: { description: "The webhook, paused.", schema: webhookSchema } },
    errors: ["invalid_request", "registration_not_found", "document_changed", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const { tenantId, isOperator, subject } = caller;
    const key = { tenantId, isOperator, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: await pauseWebhook(services, key, subject) };
  },
);
