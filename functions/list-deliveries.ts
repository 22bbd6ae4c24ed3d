import { deliveryPageSchema, deliveryParameters, toDeliveryQuery } from "../shared/http/delivery-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { listDeliveries } from "../shared/usecases/list-deliveries";

/** `GET /deliveries`: the tenant's delivery log, searched. */
managementEndpoint(
  {
    name: "list-deliveries",
    method: "GET",
    route: "deliveries",
    summary: "Search the delivery log",
    access: "webhooks.read",
    parameters: { query: deliveryParameters },
    responses: { 200: { description: "One page, newest first.", schema: deliveryPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => ({
    jsonBody: await listDeliveries(services, caller.tenantId, toDeliveryQuery(query)),
  }),
);
