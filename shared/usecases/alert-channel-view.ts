import type { AlertChannel, ChannelSettings } from "../core/alert-channel";
import { WebhookError } from "../core/errors";
import type { ChannelKey } from "../repositories/alert-channels";
import type { Services } from "./services";

/** A channel as its tenant reads it: of where it leads only the kind. */
export interface AlertChannelView extends Omit<ChannelSettings, "isService"> {
  readonly channelId: string;
  readonly kind: AlertChannel["kind"];
  /** It is told what concerns the service, and nothing else. */
  readonly service: boolean;
  /** `failing`: what was tried last was not taken. */
  readonly status: "ready" | "failing";
  /** Changes that wait to be told. */
  readonly waiting: number;
  /** Changes that were given up. */
  readonly lost: number;
  readonly lastDeliveredAt?: string;
  readonly lastFailure?: { readonly at: string; readonly reason: string };
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What the API shows of a channel. */
export function toChannelView(channel: AlertChannel): AlertChannelView {
  const { channelId, kind, conditions, integrations, webhooks, quietHours, groupSeconds, isService } = channel;
  const { failures, pending, lost, lastDeliveredAt, lastFailure, createdAt, updatedAt } = channel;
  return {
    channelId,
    kind,
    service: isService,
    groupSeconds,
    ...(conditions && { conditions }),
    ...(integrations && { integrations }),
    ...(webhooks && { webhooks }),
    ...(quietHours && { quietHours }),
    status: failures > 0 ? "failing" : "ready",
    waiting: pending.length,
    lost,
    ...(lastDeliveredAt !== undefined && { lastDeliveredAt }),
    ...(lastFailure && { lastFailure }),
    createdAt,
    updatedAt,
  };
}

/**
 * The tenant's own channel.
 * @throws {WebhookError} `alert_channel_not_found`
 */
export async function requireChannel({ alertChannels }: Services, key: ChannelKey): Promise<AlertChannel> {
  const found = await alertChannels.find(key);
  if (!found) throw new WebhookError("alert_channel_not_found");
  return found;
}

/**
 * The same, for a change: channels of the service are operators' affair.
 * @throws {WebhookError} `alert_channel_not_found`, `forbidden`
 */
export async function requireChangeableChannel(
  services: Services,
  key: ChannelKey,
  isOperator: boolean,
): Promise<AlertChannel> {
  const channel = await requireChannel(services, key);
  demandOperatorFor(channel, isOperator);
  return channel;
}

/** @throws {WebhookError} `forbidden` */
export function demandOperatorFor({ isService }: Pick<AlertChannel, "isService">, isOperator: boolean): void {
  if (isService && !isOperator) throw new WebhookError("forbidden", { detail: "operator" });
}
