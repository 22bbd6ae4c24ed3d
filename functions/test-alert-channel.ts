import { channelIdParameter, channelTestSchema } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { testAlertChannel } from "../shared/usecases/test-alert-channel";

/** `POST /alert-channels/{channelId}/test`: sends a test message at once. */
managementEndpoint(
  {
    name: "test-alert-channel",
    method: "POST",
    route: "alert-channels/{channelId}/test",
    summary: "Send a test message to an alert channel",
    access: "webhooks.write",
    parameters: { path: { channelId: channelIdParameter } },
    responses: { 200: { description: "How that went.", schema: channelTestSchema } },
    errors: ["invalid_request", "alert_channel_not_found", "rate_limited", "store_unavailable"],
  },
  async ({ services, caller: { tenantId, isOperator }, params }) => ({
    jsonBody: await testAlertChannel(services, { tenantId, isOperator, channelId: params["channelId"] ?? "" }),
  }),
);
