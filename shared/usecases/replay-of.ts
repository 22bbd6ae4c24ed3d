import type { DeliveryRecord, DoorRecord, DoorReplay, ReplayMark } from "../core/delivery";
import { isWebhookError, WebhookError } from "../core/errors";
import type { QueueMessage } from "../core/ports";
import { lineIdOf } from "../repositories/delivery-lines";
import type { Tenant } from "../repositories/shards";
import { toReplayMessage } from "./replay-message";
import { reverifyDelivery, type SecondLook, sendPart } from "./reverify-delivery";
import type { Services } from "./services";

const MAX_REPLAYS = 10;

/** What replays a record: the message of its event or, of a delivery that ended at the door, what it is now. */
export type ReplayOf = { readonly message: QueueMessage } | (SecondLook & { readonly record: DoorRecord });

/**
 * What a replay of a record queues: its event or, of a delivery that ended at the door, the events of what is kept of it.
 * @throws {WebhookError} `delivery_not_kept`; for a delivery that ended at the door as `reverifyDelivery`
 */
export async function replayOf(services: Services, record: DeliveryRecord, mark: ReplayMark): Promise<ReplayOf> {
  if (record.verdict !== "accepted") return { record, ...(await reverifyDelivery(services, record, mark)) };
  const message = toReplayMessage(record, mark);
  if (message === undefined) throw new WebhookError("delivery_not_kept");
  return { message };
}

/**
 * Queues the events that replay a delivery that had ended at the door, and notes at it where they are. A webhook that is
 * paused and can hold no more keeps no other from its part. False where no part could be queued or held.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`
 */
export async function sendDoorReplay(
  services: Services,
  tenant: Tenant,
  { record, parts, deliveries }: SecondLook & { readonly record: DoorRecord },
  mark: ReplayMark,
): Promise<boolean> {
  let sent = 0;
  for (const part of parts) {
    try {
      await sendPart(services, part);
      sent++;
    } catch (error) {
      if (!isWebhookError(error, "hold_full")) throw error;
    }
  }
  if (sent > 0) await noteDoorReplay(services, tenant, record, { ...mark, deliveries });
  return sent > 0;
}

/** The events are queued by then, and that is what counts. */
async function noteDoorReplay(
  { deliveries: log, log: write }: Services,
  tenant: Tenant,
  record: DoorRecord,
  replay: DoorReplay,
): Promise<void> {
  const change = (current: DeliveryRecord): DeliveryRecord =>
    current.verdict === "accepted" ? current : { ...current, replays: replaysAfter(current, replay) };
  await log.update(tenant, lineIdOf(record), change).catch((error: unknown) => {
    write("warn", "replay.not_noted", { registrationId: record.registrationId, error: String(error) });
  });
}

function replaysAfter({ replays = [] }: DoorRecord, replay: DoorReplay): readonly DoorReplay[] {
  return [replay, ...replays.filter(({ replayId }) => replayId !== replay.replayId)].slice(0, MAX_REPLAYS);
}
