import { managementEndpoint } from "../shared/http/endpoint";
import { confirmBodySchema, confirmReplySchema, registrationIdParameter } from "../shared/http/schemas";
import { confirmWebhook, type ConfirmRequest } from "../shared/usecases/confirm-webhook";

/** `POST /webhooks/{registrationId}/confirm`: the owner's step where the provider brings the secret (Notion). */
managementEndpoint<ConfirmRequest>(
  {
    name: "confirm-webhook",
    method: "POST",
    route: "webhooks/{registrationId:minlength(7)}/confirm",
    summary: "Show the secrets that a provider offered, or make one of them the secret",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    body: confirmBodySchema,
    responses: { 200: { description: "The candidates, each shown once, or the webhook.", schema: confirmReplySchema } },
    errors: ["invalid_request", "invalid_json", "registration_not_found", "invalid_candidate", "secrets_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const { tenantId, isOperator } = caller;
    const key = { tenantId, isOperator, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: await confirmWebhook(services, key, body) };
  },
);
