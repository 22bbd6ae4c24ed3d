import { type HealthStatus, healthStatuses } from "../shared/core/health";
import { managementEndpoint } from "../shared/http/endpoint";
import { integrationIdParameter, pageParameters, readPage, webhookPageSchema } from "../shared/http/schemas";
import { listWebhooks } from "../shared/usecases/list-webhooks";

/** `GET /webhooks`: the tenant's webhooks, page by page; `health=degraded,failed` is the list of unhealthy ones. */
managementEndpoint(
  {
    name: "list-webhooks",
    method: "GET",
    route: "webhooks",
    summary: "List webhooks",
    access: "webhooks.read",
    parameters: {
      query: {
        integrationId: integrationIdParameter,
        text: {
          type: "string",
          minLength: 1,
          maxLength: 200,
          description: "Part of an id, event or note, in any case.",
        },
        health: { type: "string", pattern: "^(healthy|degraded|failed)(,(healthy|degraded|failed))*$" },
        ...pageParameters,
      },
    },
    responses: { 200: { description: "One page.", schema: webhookPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const { integrationId, text, health } = query;
    const page = await listWebhooks(services, {
      tenantId: caller.tenantId,
      ...readPage(query),
      ...(typeof integrationId === "string" && { integrationId }),
      ...(typeof text === "string" && { text }),
      ...(typeof health === "string" && { health: toStatuses(health) }),
    });
    return { jsonBody: page };
  },
);

function toStatuses(list: string): ReadonlySet<HealthStatus> {
  const wanted = list.split(",");
  return new Set(healthStatuses.filter((status) => wanted.includes(status)));
}
