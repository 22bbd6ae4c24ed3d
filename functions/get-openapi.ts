import { endpointSpecs, openEndpoint } from "../shared/http/endpoint";
import { buildOpenApi } from "../shared/http/openapi";

/** `GET /openapi.json`: the API, from the schemas by which it checks requests. */
openEndpoint(
  {
    name: "get-openapi",
    method: "GET",
    route: "openapi.json",
    summary: "This document",
    access: "anonymous",
    responses: { 200: { description: "OpenAPI 3.1.", schema: { type: "object" } } },
    errors: [],
  },
  ({ services }) => {
    const { publicBaseUrl, version } = services.rules;
    const providers = [...services.providers.values()];
    return { jsonBody: buildOpenApi({ specs: endpointSpecs(), providers, publicBaseUrl, version }) };
  },
);
