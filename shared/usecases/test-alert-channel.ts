import { draftTest } from "../core/alert-message";
import type { ChannelKey } from "../repositories/alert-channels";
import { requireChangeableChannel } from "./alert-channel-view";
import { openTarget } from "./channel-target";
import { rateLimited } from "./deliver-to";
import { reasonOf } from "./send-alerts";
import type { Services } from "./services";

/** How a test message went. */
export interface ChannelTest {
  readonly delivered: boolean;
  /** A code, where it was not. */
  readonly reason?: string;
}

/**
 * Sends a test message at once, quiet hours or not, and tells how that went. Nothing of it is kept.
 * @throws {WebhookError} `alert_channel_not_found`, `forbidden`, `rate_limited`, `store_unavailable`
 */
export async function testAlertChannel(
  services: Services,
  { isOperator, ...key }: ChannelKey & { readonly isOperator: boolean },
): Promise<ChannelTest> {
  const channel = await requireChangeableChannel(services, key, isOperator);
  const room = services.limits.testMessages.take(key.tenantId, services.now());
  if (!room.allowed) throw rateLimited(room);
  const context = { publicBaseUrl: services.rules.publicBaseUrl, now: services.now() };
  try {
    await services.alertSender.send(await openTarget(services, channel), draftTest(context, services.newId()));
    return { delivered: true };
  } catch (error) {
    const reason = reasonOf(error);
    services.log("warn", "alert.not_told", { channelId: key.channelId, kind: channel.kind, reason });
    return { delivered: false, reason };
  }
}
