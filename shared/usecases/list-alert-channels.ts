import { type AlertChannelView, toChannelView } from "./alert-channel-view";
import type { Services } from "./services";

/** One page. `nextCursor` is absent on the last. */
export interface AlertChannelPage {
  readonly alertChannels: readonly AlertChannelView[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `invalid_cursor`, `store_unavailable` */
export async function listAlertChannels(
  services: Services,
  tenantId: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<AlertChannelPage> {
  const { items, cursor } = await services.alertChannels.list(tenantId, page);
  return { alertChannels: items.map(toChannelView), ...(cursor === undefined ? {} : { nextCursor: cursor }) };
}
