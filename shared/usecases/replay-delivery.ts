import { WebhookError } from "../core/errors";
import { toReplayMessage } from "./replay-message";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/** Which line of the delivery log, and who asks. */
export interface DeliveryKey {
  readonly tenantId: string;
  readonly deliveryId: string;
}

/** A replay on its way: the delivery says what became of it. */
export interface QueuedReplay {
  readonly replayId: string;
  readonly deliveryId: string;
  /** ISO 8601. */
  readonly requestedAt: string;
}

/**
 * Queues an event once more. It has all that it needs with it, as it was at receipt, so that its webhook may be deleted by
 * now. What was recorded of it does not keep it from having its effect; that the record is newer by now does.
 * @throws {WebhookError} `delivery_not_found`, also where it is another tenant's; `delivery_not_kept`;
 *   `store_unavailable`, `queue_unavailable`
 */
export async function replayDelivery(
  services: Services,
  { tenantId, deliveryId }: DeliveryKey,
  requestedBy: string,
): Promise<QueuedReplay> {
  const record = await services.deliveries.get(tenantOf(services, tenantId), deliveryId);
  if (!record) throw new WebhookError("delivery_not_found");
  const replayId = services.newId();
  const requestedAt = new Date(services.now()).toISOString();
  const message = toReplayMessage(record, { replayId, requestedAt, requestedBy });
  if (message === undefined) throw new WebhookError("delivery_not_kept");
  const { dataref } = message.body;
  if (dataref !== undefined && (await services.payloads.get(dataref)) === undefined) {
    throw new WebhookError("delivery_not_kept", { detail: "payload_lost" });
  }
  await services.queue.send([message]);
  services.log("info", "delivery.replayed", { registrationId: record.registrationId, replayId, by: requestedBy });
  return { replayId, deliveryId, requestedAt };
}
