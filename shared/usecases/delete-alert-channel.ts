import type { ChannelKey } from "../repositories/alert-channels";
import { requireChangeableChannel } from "./alert-channel-view";
import type { Services } from "./services";

/**
 * Deletes a channel: the document first, so that nothing is told there any more, then its target. What waited is dropped.
 * @throws {WebhookError} `alert_channel_not_found`, `forbidden`, `store_unavailable`, `secrets_unavailable`
 */
export async function deleteAlertChannel(
  services: Services,
  { isOperator, ...key }: ChannelKey & { readonly isOperator: boolean },
): Promise<void> {
  const channel = await requireChangeableChannel(services, key, isOperator);
  await services.alertChannels.delete(key);
  await services.secrets.delete(channel.secretName);
  services.log("info", "alert_channel.deleted", { channelId: key.channelId });
}
