import { managementEndpoint } from "../shared/http/endpoint";
import { mappingPageSchema } from "../shared/http/mapping-schemas";
import { pageParameters, readPage } from "../shared/http/schemas";
import { listMappings } from "../shared/usecases/get-mapping";

/** `GET /mappings`: the tenant's own mappings, and what those that come with the product are for. */
managementEndpoint(
  {
    name: "list-mappings",
    method: "GET",
    route: "mappings",
    summary: "List mappings",
    access: "webhooks.read",
    parameters: { query: pageParameters },
    responses: { 200: { description: "One page.", schema: mappingPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const page = await listMappings(services, caller.tenantId, {
      ...readPage(query),
    });
    return { jsonBody: page };
  },
);
