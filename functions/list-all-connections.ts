import { connectionPageSchema, connectionStatusParameter } from "../shared/http/connection-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter, pageParameters, readPage } from "../shared/http/schemas";
import { type ConnectionSearch, listConnections } from "../shared/usecases/list-connections";

/** `GET /connections`: the tenant's connections of all integrations; `status=needs_reauth` are those that need new credentials. */
managementEndpoint(
  {
    name: "list-all-connections",
    method: "GET",
    route: "connections",
    summary: "List connections of all integrations",
    access: "webhooks.read",
    parameters: {
      query: { integrationId: integrationIdParameter, status: connectionStatusParameter, ...pageParameters },
    },
    responses: { 200: { description: "One page.", schema: connectionPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    // The schema lets only these through.
    const search = query as ConnectionSearch;
    const page = await listConnections(services, { ...search, ...readPage(query), tenantId: caller.tenantId });
    return { jsonBody: page };
  },
);
