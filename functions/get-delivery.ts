import { deliveryIdParameter, deliverySchema } from "../shared/http/delivery-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { getDelivery } from "../shared/usecases/list-deliveries";

/** `GET /deliveries/{deliveryId}`: one delivery, with all that is kept of it. */
managementEndpoint(
  {
    name: "get-delivery",
    method: "GET",
    route: "deliveries/{deliveryId}",
    summary: "Get a delivery",
    access: "webhooks.read",
    parameters: { path: { deliveryId: deliveryIdParameter } },
    responses: { 200: { description: "The delivery.", schema: deliverySchema } },
    errors: ["invalid_request", "delivery_not_found", "store_unavailable", "secrets_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, deliveryId: params["deliveryId"] ?? "" };
    return { jsonBody: await getDelivery(services, key) };
  },
);
