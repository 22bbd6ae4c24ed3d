import { managementEndpoint } from "../shared/http/endpoint";
import { overviewSchema } from "../shared/http/overview-schemas";
import { overviewOf } from "../shared/usecases/overview";

/** `GET /overview`: all webhooks of the tenant at a glance. */
managementEndpoint(
  {
    name: "get-overview",
    method: "GET",
    route: "overview",
    summary: "See all webhooks at a glance",
    access: "webhooks.read",
    responses: { 200: { description: "Counts, and what needs attention.", schema: overviewSchema } },
    errors: ["store_unavailable"],
  },
  async ({ services, caller }) => ({ jsonBody: await overviewOf(services, caller.tenantId) }),
);
