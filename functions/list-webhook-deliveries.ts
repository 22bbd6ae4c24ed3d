import { deliveryPageSchema, toDeliveryQuery, webhookDeliveryParameters } from "../shared/http/delivery-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { registrationIdParameter } from "../shared/http/schemas";
import { listWebhookDeliveries } from "../shared/usecases/list-deliveries";

/** `GET /webhooks/{registrationId}/deliveries`: the delivery log of one webhook. */
managementEndpoint(
  {
    name: "list-webhook-deliveries",
    method: "GET",
    route: "webhooks/{registrationId:minlength(7)}/deliveries",
    summary: "List deliveries of a webhook",
    access: "webhooks.read",
    parameters: { path: { registrationId: registrationIdParameter }, query: webhookDeliveryParameters },
    responses: { 200: { description: "One page, newest first.", schema: deliveryPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "registration_not_found", "store_unavailable"],
  },
  async ({ services, caller, params, query }) => {
    const key = { tenantId: caller.tenantId, registrationId: params["registrationId"] ?? "" };
    return { jsonBody: await listWebhookDeliveries(services, key, toDeliveryQuery(query)) };
  },
);
