import { alertPageSchema, serviceParameter } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { cursorParameter, limitParameter } from "../shared/http/schemas";
import { listAlerts } from "../shared/usecases/list-alerts";

/** `GET /alerts`: what is wrong with the tenant's webhooks and connections, or, for an operator, with the service. */
managementEndpoint(
  {
    name: "list-alerts",
    method: "GET",
    route: "alerts",
    summary: "List alerts that are not closed",
    access: "webhooks.read",
    parameters: { query: { limit: limitParameter, cursor: cursorParameter, service: serviceParameter } },
    responses: { 200: { description: "One page.", schema: alertPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller: { tenantId, isOperator }, query: { limit, cursor, service } }) => {
    const asked = { tenantId, isOperator, service: service === true };
    const page = await listAlerts(services, asked, {
      limit: typeof limit === "number" ? limit : 50,
      ...(typeof cursor === "string" && { cursor }),
    });
    return { jsonBody: page };
  },
);
