import { deadLetterPageSchema, deadLetterParameters, toDeliveryQuery } from "../shared/http/delivery-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { listDeadLetters } from "../shared/usecases/dead-letters";

/** `GET /dead-letters`: events that were given up, with the reason. */
managementEndpoint(
  {
    name: "list-dead-letters",
    method: "GET",
    route: "dead-letters",
    summary: "List events that were given up",
    access: "webhooks.read",
    parameters: { query: deadLetterParameters },
    responses: { 200: { description: "One page, newest first.", schema: deadLetterPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable", "queue_unavailable"],
  },
  async ({ services, caller, query }) => ({
    jsonBody: await listDeadLetters(services, caller, toDeliveryQuery(query)),
  }),
);
