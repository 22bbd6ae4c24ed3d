import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter } from "../shared/http/schemas";
import { unregisterWebhook } from "../shared/usecases/unregister-webhook";

/** `DELETE /webhooks/{registrationId}`: nothing is received any more; what is queued is still synchronised. */
managementEndpoint(
  {
    name: "unregister-webhook",
    method: "DELETE",
    route: "webhooks/{registrationId:minlength(7)}",
    summary: "Unregister a webhook",
    access: "webhooks.write",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 204: { description: "Gone." } },
    errors: ["registration_not_found", "store_unavailable", "secrets_unavailable"],
  },
  async ({ services, caller, params }) => {
    const { tenantId, isOperator } = caller;
    await unregisterWebhook(services, { tenantId, isOperator, registrationId: params["registrationId"] ?? "" });
    return { status: 204 };
  },
);
