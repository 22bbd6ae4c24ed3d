import { type DeliveryRecord, type EventRecord, withoutKept } from "../core/delivery";
import { WebhookError } from "../core/errors";
import { type DeliveryDetails, toDeliveryDetails } from "./delivery-view";
import type { DeliveryKey } from "./replay-delivery";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";

/**
 * Lets go of an event that was given up: its record says so, and the event and its payload are deleted. What was discarded
 * before is only cleared up after.
 * @throws {WebhookError} `delivery_not_found`, also where it is another tenant's; `delivery_not_dead`; `document_changed`;
 *   `store_unavailable`
 */
export async function discardDelivery(
  services: Services,
  { tenantId, deliveryId }: DeliveryKey,
): Promise<DeliveryDetails> {
  let dataref: string | undefined;
  const discardedAt = new Date(services.now()).toISOString();
  const record = await services.deliveries.update(tenantOf(services, tenantId), deliveryId, (current) => {
    const dead = demandDead(current);
    dataref = dead.dataref;
    return dead.outcome === "discarded" ? dead : withoutEvent(dead, discardedAt);
  });
  if (!record) throw new WebhookError("delivery_not_found");
  // What cannot be deleted now disappears by itself.
  if (dataref !== undefined) await services.payloads.delete(dataref).catch(() => false);
  services.log("info", "delivery.discarded", { registrationId: record.registrationId });
  return toDeliveryDetails(record);
}

function demandDead(record: DeliveryRecord): EventRecord {
  if (record.verdict !== "accepted") throw new WebhookError("delivery_not_dead");
  if (record.outcome !== "dead" && record.outcome !== "discarded") throw new WebhookError("delivery_not_dead");
  return record;
}

/** A body that is kept is the whole delivery's, and runs out by itself. */
function withoutEvent({ event: _, dataref: __, request, ...record }: EventRecord, settledAt: string): EventRecord {
  return { ...record, ...(request && { request: withoutKept(request) }), outcome: "discarded", settledAt };
}
