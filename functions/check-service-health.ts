import { openEndpoint } from "../shared/http/endpoint";
import { serviceHealthSchema } from "../shared/http/schemas";
import { serviceHealth, unreachable } from "../shared/usecases/service-health";

/**
 * `GET /webhooks/health`: status and counts, for anyone; what is missing in the configuration, for an operator. Its name
 * sorts before `get-webhook`, and so it is found first.
 */
openEndpoint(
  {
    name: "check-service-health",
    method: "GET",
    route: "webhooks/health",
    summary: "Check the health of the service",
    access: "anonymous",
    responses: {
      200: { description: "The service works, if perhaps not all of it.", schema: serviceHealthSchema },
      503: { description: "A store does not answer.", schema: serviceHealthSchema },
    },
    errors: [],
    whenNotReady: ({ problems }) => ({ status: 503, jsonBody: unreachable(problems) }),
  },
  async ({ services }) => {
    const health = await serviceHealth(services);
    return { status: health.status === "unhealthy" ? 503 : 200, jsonBody: health };
  },
);
