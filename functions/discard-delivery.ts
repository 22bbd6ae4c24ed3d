import { deliveryIdParameter, deliverySchema } from "../shared/http/delivery-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { discardDelivery } from "../shared/usecases/discard-delivery";

/** `POST /deliveries/{deliveryId}/discard`: lets go of an event that was given up. */
managementEndpoint(
  {
    name: "discard-delivery",
    method: "POST",
    route: "deliveries/{deliveryId}/discard",
    summary: "Discard an event that was given up",
    access: "webhooks.write",
    parameters: { path: { deliveryId: deliveryIdParameter } },
    responses: { 200: { description: "The delivery, without its event.", schema: deliverySchema } },
    errors: ["invalid_request", "delivery_not_found", "delivery_not_dead", "document_changed", "store_unavailable"],
  },
  async ({ services, caller, params }) => {
    const key = { tenantId: caller.tenantId, deliveryId: params["deliveryId"] ?? "" };
    return { jsonBody: await discardDelivery(services, key) };
  },
);
