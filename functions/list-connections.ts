import { connectionPageSchema } from "../shared/http/connection-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter, pageParameters, readPage } from "../shared/http/schemas";
import { listConnections } from "../shared/usecases/list-connections";

/** `GET /integrations/{integrationId}/connections`: the tenant's connections, page by page. */
managementEndpoint(
  {
    name: "list-connections",
    method: "GET",
    route: "integrations/{integrationId}/connections",
    summary: "List connections",
    access: "webhooks.read",
    parameters: {
      path: { integrationId: integrationIdParameter },
      query: pageParameters,
    },
    responses: { 200: { description: "One page.", schema: connectionPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, params, query }) => {
    const page = await listConnections(services, {
      tenantId: caller.tenantId,
      integrationId: params["integrationId"] ?? "",
      ...readPage(query),
    });
    return { jsonBody: page };
  },
);
