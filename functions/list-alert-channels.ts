import { channelPageSchema } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { cursorParameter, limitParameter } from "../shared/http/schemas";
import { listAlertChannels } from "../shared/usecases/list-alert-channels";

/** `GET /alert-channels`: the tenant's channels, page by page. */
managementEndpoint(
  {
    name: "list-alert-channels",
    method: "GET",
    route: "alert-channels",
    summary: "List alert channels",
    access: "webhooks.read",
    parameters: { query: { limit: limitParameter, cursor: cursorParameter } },
    responses: { 200: { description: "One page.", schema: channelPageSchema } },
    errors: ["invalid_request", "invalid_cursor", "store_unavailable"],
  },
  async ({ services, caller, query: { limit, cursor } }) => {
    const page = await listAlertChannels(services, caller.tenantId, {
      limit: typeof limit === "number" ? limit : 50,
      ...(typeof cursor === "string" && { cursor }),
    });
    return { jsonBody: page };
  },
);
