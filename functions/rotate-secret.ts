import { managementEndpoint } from "../shared/http/endpoint";
import { newWebhookSchema, registrationIdParameter, rotateBodySchema } from "../shared/http/schemas";
import { type RotateRequest, rotateSecret } from "../shared/usecases/rotate-secret";

/** `POST /webhooks/{registrationId}/rotate-secret`: a new secret, while the old one verifies on for a time. */
managementEndpoint<RotateRequest>(
  {
    name: "rotate-secret",
    method: "POST",
    route: "webhooks/{registrationId:minlength(7)}/rotate-secret",
    summary: "Change the secret of a webhook without losing a delivery",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    body: rotateBodySchema,
    responses: { 200: { description: "The webhook, and the new secret this once.", schema: newWebhookSchema } },
    errors: [
      "invalid_request",
      "invalid_json",
      "registration_not_found",
      "secret_not_used",
      "rotation_open",
      "rotation_not_open",
      "secret_not_taken",
      "document_changed",
      "store_unavailable",
      "secrets_unavailable",
    ],
  },
  async ({ services, caller, params, body }) => {
    const { tenantId, isOperator } = caller;
    const key = { tenantId, isOperator, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: await rotateSecret(services, key, body) };
  },
);
