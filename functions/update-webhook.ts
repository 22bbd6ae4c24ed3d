import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter, updateBodySchema, webhookSchema } from "../shared/http/schemas";
import { providerOf } from "../shared/usecases/provider-of";
import { updateWebhook, type UpdateRequest } from "../shared/usecases/update-webhook";

/** `PATCH /webhooks/{registrationId}`: events, secret, scheme, active or inactive. */
managementEndpoint<UpdateRequest>(
  {
    name: "update-webhook",
    method: "PATCH",
    route: "webhooks/{registrationId:minlength(7)}",
    summary: "Change a webhook",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    body: {
      schemaOf: updateBodySchema,
      providerOf: ({ services, caller, params }) =>
        providerOf(services, { tenantId: caller.tenantId, registrationId: params["registrationId"] ?? "" }),
    },
    responses: { 200: { description: "The webhook as it is now.", schema: webhookSchema } },
    errors: ["invalid_request", "invalid_json", "registration_not_found", "document_changed", "store_unavailable"],
  },
  async ({ services, caller, params, body }) => {
    const { tenantId, isOperator } = caller;
    const key = { tenantId, isOperator, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: await updateWebhook(services, key, body) };
  },
);
