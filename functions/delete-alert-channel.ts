import { channelIdParameter } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { deleteAlertChannel } from "../shared/usecases/delete-alert-channel";

/** `DELETE /alert-channels/{channelId}`: nothing is told there any more. */
managementEndpoint(
  {
    name: "delete-alert-channel",
    method: "DELETE",
    route: "alert-channels/{channelId}",
    summary: "Delete an alert channel",
    access: "webhooks.write",
    parameters: { path: { channelId: channelIdParameter } },
    responses: { 204: { description: "Gone." } },
    errors: ["invalid_request", "alert_channel_not_found", "store_unavailable", "secrets_unavailable"],
  },
  async ({ services, caller: { tenantId, isOperator }, params }) => {
    await deleteAlertChannel(services, { tenantId, isOperator, channelId: params["channelId"] ?? "" });
    return { status: 204 };
  },
);
