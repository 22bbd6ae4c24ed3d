import { alertPageSchema } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { cursorParameter, limitParameter } from "../shared/http/schemas";
import { listAlerts } from "../shared/usecases/list-alerts";

/** `GET /alerts`: what is wrong with the tenant's webhooks and connections. */
managementEndpoint(
  {
    name: "list-alerts",
    method: "GET",
    route: "alerts",
    summary: "List alerts that are not closed",
    access: "webhooks.read",
    parameters: { query: { limit: limitParameter, cursor: cursorParameter } },
    responses: { 200: { description: "One page.", schema: alertPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query: { limit, cursor } }) => {
    const page = await listAlerts(services, caller.tenantId, {
      limit: typeof limit === "number" ? limit : 50,
      ...(typeof cursor === "string" && { cursor }),
    });
    return { jsonBody: page };
  },
);
