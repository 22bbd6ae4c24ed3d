import { demandOperator } from "../shared/http/caller";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter, newWebhookSchema, registerBodySchema } from "../shared/http/schemas";
import { providerNamed } from "../shared/usecases/provider-of";
import { registerWebhook, type RegisterRequest } from "../shared/usecases/register-webhook";

/** `POST /integrations/{integrationId}/webhooks`: a URL and a secret for a connection and its events. */
managementEndpoint<Omit<RegisterRequest, "tenantId" | "integrationId">>(
  {
    name: "register-webhook",
    method: "POST",
    route: "integrations/{integrationId}/webhooks",
    summary: "Register a webhook",
    access: "webhooks.write",
    parameters: { path: { integrationId: integrationIdParameter } },
    body: {
      schemaOf: registerBodySchema,
      providerOf: ({ services, params }) => providerNamed(services, params["integrationId"] ?? ""),
    },
    creates: "/webhooks/{registrationId}",
    responses: { 201: { description: "The webhook, and its secret this once.", schema: newWebhookSchema } },
    errors: [
      "invalid_request",
      "invalid_json",
      "unknown_integration",
      "connection_not_found",
      "credentials_missing",
      "store_unavailable",
      "secrets_unavailable",
    ],
  },
  async ({ services, caller, params, body }) => {
    const { tenantId } = caller;
    if (body.routing !== undefined) demandOperator(caller);
    const jsonBody = await registerWebhook(services, {
      ...body,
      tenantId,
      integrationId: params["integrationId"] ?? "",
    });
    return { status: 201, jsonBody };
  },
);
