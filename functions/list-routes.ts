import { managementEndpoint } from "../shared/http/endpoint";
import { routePageSchema } from "../shared/http/route-schemas";
import { pageParameters, readPage, registrationIdParameter } from "../shared/http/schemas";
import { listRoutes } from "../shared/usecases/list-routes";

/** `GET /webhooks/{registrationId}/routes`: which accounts of a shared webhook are mapped to which webhooks. */
managementEndpoint(
  {
    name: "list-routes",
    method: "GET",
    route: "webhooks/{registrationId:minlength(7)}/routes",
    summary: "List the routes of a shared webhook",
    access: "webhooks.read",
    operatorOnly: true,
    parameters: {
      path: { registrationId: registrationIdParameter },
      query: pageParameters,
    },
    responses: { 200: { description: "One page.", schema: routePageSchema } },
    errors: ["invalid_request", "invalid_cursor", "registration_not_found", "webhook_not_shared", "store_unavailable"],
  },
  async ({ services, params, query }) => {
    const page = await listRoutes(services, params["registrationId"] ?? "", {
      ...readPage(query),
    });
    return { jsonBody: page };
  },
);
