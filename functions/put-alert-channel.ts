import { channelBodySchema, channelIdParameter, channelSchema } from "../shared/http/alert-schemas";
import { managementEndpoint } from "../shared/http/endpoint";
import { putAlertChannel, type PutChannelRequest } from "../shared/usecases/put-alert-channel";

/** `PUT /alert-channels/{channelId}`: where a tenant is told of changes, which ones, and when. */
managementEndpoint<PutChannelRequest>(
  {
    name: "put-alert-channel",
    method: "PUT",
    route: "alert-channels/{channelId}",
    summary: "Create or replace an alert channel",
    access: "webhooks.write",
    parameters: { path: { channelId: channelIdParameter } },
    body: channelBodySchema,
    responses: {
      200: { description: "The channel as it is now.", schema: channelSchema },
      201: { description: "The new channel.", schema: channelSchema },
    },
    errors: [
      "invalid_request",
      "invalid_json",
      "alert_channel_not_found",
      "document_changed",
      "store_unavailable",
      "secrets_unavailable",
    ],
  },
  async ({ services, caller: { tenantId, isOperator }, params, body }) => {
    const key = { tenantId, isOperator, channelId: params["channelId"] ?? "" };
    const { channel, created } = await putAlertChannel(services, key, body);
    return { status: created ? 201 : 200, jsonBody: channel };
  },
);
