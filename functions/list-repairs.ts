import { managementEndpoint } from "../shared/http/endpoint";
import { repairPageSchema } from "../shared/http/repair-schemas";
import { pageParameters, readPage, registrationIdParameter } from "../shared/http/schemas";
import { listRepairs } from "../shared/usecases/list-repairs";

/** `GET /webhooks/{registrationId}/repairs`: the gaps of a webhook, and what was sent, present and repaired. */
managementEndpoint(
  {
    name: "list-repairs",
    method: "GET",
    route: "webhooks/{registrationId:minlength(7)}/repairs",
    summary: "List repairs of gaps",
    access: "webhooks.read",
    parameters: {
      path: { registrationId: registrationIdParameter },
      query: pageParameters,
    },
    responses: { 200: { description: "One page, newest window first.", schema: repairPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "registration_not_found", "store_unavailable"],
  },
  async ({ services, caller, params, query }) => {
    const { registrationId = "" } = params;
    const page = await listRepairs(services, caller.tenantId, {
      registrationId,
      ...readPage(query),
    });
    return { jsonBody: page };
  },
);
