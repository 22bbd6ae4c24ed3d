import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter, webhookSchema } from "../shared/http/schemas";
import { toRegistrationView } from "../shared/usecases/registration-view";
import { requireOwn } from "../shared/usecases/require-own";

/** `GET /webhooks/{registrationId}`: one webhook, with the steps to set it up at its provider. */
managementEndpoint(
  {
    name: "get-webhook",
    method: "GET",
    // The host takes the first route by function name; a constraint that `health` cannot meet is the second defence.
    route: "webhooks/{registrationId:minlength(7)}",
    summary: "Get a webhook",
    access: "webhooks.read",
    parameters: { path: { registrationId: registrationIdParameter } },
    responses: { 200: { description: "The webhook.", schema: webhookSchema } },
    errors: ["registration_not_found", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: toRegistrationView(services, await requireOwn(services, key)) };
  },
);
