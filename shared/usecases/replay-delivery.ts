import type { DeliveryRecord } from "../core/delivery";
import { WebhookError } from "../core/errors";
import { replayOf, sendDoorReplay } from "./replay-of";
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
  /** Of a delivery that had ended at the door: the lines of the log that its events will have. */
  readonly deliveries?: readonly string[];
}

/**
 * Queues an event once more, or those of a delivery that had ended at the door and proves its origin now. An event has all that it needs with it, as it was at receipt, so that its webhook may be deleted by
 * now. What was recorded of it does not keep it from having its effect; that the record is newer by now does.
 * @throws {WebhookError} `delivery_not_found`, also where it is another tenant's; `delivery_not_kept`; else as `replayOf`;
 *   `store_unavailable`, `queue_unavailable`
 */
export async function replayDelivery(
  services: Services,
  { tenantId, deliveryId }: DeliveryKey,
  requestedBy: string,
): Promise<QueuedReplay> {
  const tenant = tenantOf(services, tenantId);
  const record = await services.deliveries.get(tenant, deliveryId);
  if (!record) throw new WebhookError("delivery_not_found");
  const replayId = services.newId();
  const requestedAt = new Date(services.now()).toISOString();
  const mark = { replayId, requestedAt, requestedBy };
  const replay = await replayOf(services, record, mark);
  await demandPayload(services, record);
  if ("message" in replay) await services.queue.send([replay.message]);
  else if (!(await sendDoorReplay(services, tenant, replay, mark))) throw new WebhookError("hold_full");
  services.log("info", "delivery.replayed", { registrationId: record.registrationId, replayId, by: requestedBy });
  const queued = { replayId, deliveryId, requestedAt };
  return "message" in replay ? queued : { ...queued, deliveries: replay.deliveries };
}

/** Fields that did not fit the event's message may be gone. */
async function demandPayload({ payloads }: Services, record: DeliveryRecord): Promise<void> {
  const dataref = record.verdict === "accepted" ? record.dataref : undefined;
  if (dataref !== undefined && (await payloads.get(dataref)) === undefined) {
    throw new WebhookError("delivery_not_kept", { detail: "payload_lost" });
  }
}
