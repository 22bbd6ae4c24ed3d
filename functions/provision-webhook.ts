import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter, webhookSchema } from "../shared/http/schemas";
import { provisionWebhook } from "../shared/usecases/provision-webhook";

/** `POST /webhooks/{registrationId}/provision`: sets a webhook up at its provider without waiting for the timer. */
managementEndpoint(
  {
    name: "provision-webhook",
    method: "POST",
    route: "webhooks/{registrationId:minlength(7)}/provision",
    summary: "Set a webhook up at its provider at once",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 200: { description: "The webhook, and how it stands at the provider.", schema: webhookSchema } },
    errors: ["registration_not_found", "forbidden", "not_provisioned", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const { tenantId, isOperator } = caller;
    const key = { tenantId, isOperator, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: await provisionWebhook(services, key) };
  },
);
