import { channelPageSchema } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { pageParameters, readPage } from "../shared/http/schemas";
import { listAlertChannels } from "../shared/usecases/list-alert-channels";

/** `GET /alert-channels`: the tenant's channels, page by page. */
managementEndpoint(
  {
    name: "list-alert-channels",
    method: "GET",
    route: "alert-channels",
    summary: "List alert channels",
    access: "webhooks.read",
    parameters: { query: pageParameters },
    responses: { 200: { description: "One page.", schema: channelPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query }) => {
    const page = await listAlertChannels(services, caller.tenantId, readPage(query));
    return { jsonBody: page };
  },
);
