import { channelIdParameter, channelSchema } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { requireChannel, toChannelView } from "../shared/usecases/alert-channel-view";

/** `GET /alert-channels/{channelId}`: its settings and how telling it goes; of where it leads only the kind. */
managementEndpoint(
  {
    name: "get-alert-channel",
    method: "GET",
    route: "alert-channels/{channelId}",
    summary: "Get an alert channel",
    access: "webhooks.read",
    parameters: { path: { channelId: channelIdParameter } },
    responses: { 200: { description: "The channel.", schema: channelSchema } },
    errors: ["invalid_request", "alert_channel_not_found", "store_unavailable"],
  },
  async ({ services, caller: { tenantId }, params }) => ({
    jsonBody: toChannelView(await requireChannel(services, { tenantId, channelId: params["channelId"] ?? "" })),
  }),
);
