import { alertPageSchema, endedParameter, serviceParameter } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { pageParameters, readPage } from "../shared/http/schemas";
import { listAlerts } from "../shared/usecases/list-alerts";

/** `GET /alerts`: what is wrong with the tenant's webhooks and connections, or, for an operator, with the service. */
managementEndpoint(
  {
    name: "list-alerts",
    method: "GET",
    route: "alerts",
    summary: "List alerts: those that are not closed, or those that ended",
    access: "webhooks.read",
    parameters: { query: { ...pageParameters, ended: endedParameter, service: serviceParameter } },
    responses: { 200: { description: "One page.", schema: alertPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller: { tenantId, isOperator }, query }) => {
    const asked = { tenantId, isOperator, service: query["service"] === true, ended: query["ended"] === true };
    const page = await listAlerts(services, asked, readPage(query));
    return { jsonBody: page };
  },
);
