import type { DeliveryRecord, DoorRecord, DoorReplay, ReplayMark } from "../core/delivery";
import { WebhookError } from "../core/errors";
import type { QueueMessage } from "../core/ports";
import { lineIdOf } from "../repositories/delivery-lines";
import type { Tenant } from "../repositories/shards";
import { toReplayMessage } from "./replay-message";
import { reverifyDelivery } from "./reverify-delivery";
import type { Services } from "./services";

const MAX_REPLAYS = 10;

/** The messages that replay what a record stands for. */
export interface ReplayOf {
  readonly messages: readonly QueueMessage[];
  /** Set for a delivery that ended at the door: the lines of the log that its events will have. */
  readonly deliveries?: readonly string[];
}

/**
 * What a replay of a record queues: its event or, of a delivery that ended at the door, the events of what is kept of it.
 * @throws {WebhookError} `delivery_not_kept`; for a delivery that ended at the door as `reverifyDelivery`
 */
export async function replayOf(services: Services, record: DeliveryRecord, mark: ReplayMark): Promise<ReplayOf> {
  if (record.verdict !== "accepted") return reverifyDelivery(services, record, mark);
  const message = toReplayMessage(record, mark);
  if (message === undefined) throw new WebhookError("delivery_not_kept");
  return { messages: [message] };
}

/** Notes where the events of a delivery are that had ended at the door. They are queued by then, and that is what counts. */
export async function noteDoorReplay(
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
