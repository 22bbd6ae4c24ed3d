import { endpoint, endpointSpecs } from "../shared/http/endpoint";
import { buildOpenApi } from "../shared/http/openapi";

/** `GET /openapi.json`: the API as it validates itself. */
endpoint(
  {
    name: "get-openapi",
    method: "GET",
    route: "openapi.json",
    summary: "This document",
    access: "anonymous",
    responses: { 200: { description: "OpenAPI 3.1.", schema: { type: "object" } } },
    errors: [],
  },
  ({ services }) =>
    Promise.resolve({
      jsonBody: buildOpenApi({ specs: endpointSpecs(), publicBaseUrl: services.rules.publicBaseUrl }),
    }),
);
