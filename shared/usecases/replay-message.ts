import type { DeliveryRecord, ReplayMark } from "../core/delivery";
import type { QueueMessage } from "../core/ports";
import { type EventMessage, toEventMessage } from "./event-message";

/** True for a record of which a copy can be queued. */
export function isKept(record: DeliveryRecord | undefined): boolean {
  return record?.verdict === "accepted" && record.event !== undefined;
}

/**
 * A copy of a recorded event for the queue: the same event, under a message id of its own, with no attempt used up. The
 * same replay has the same id, so that whoever repeats it asks once. `undefined` where too little is kept.
 */
export function toReplayMessage(
  record: DeliveryRecord,
  { replayId, requestedAt, requestedBy }: ReplayMark,
): (QueueMessage & { readonly body: EventMessage }) | undefined {
  if (record.verdict !== "accepted" || record.event === undefined) return undefined;
  const { request, dataref } = record;
  const { eventId, registrationId, ...data } = record.event;
  const body = {
    ...toEventMessage(eventId, registrationId, { data, ...(request && { request }) }),
    ...(dataref === undefined ? {} : { dataref }),
    replayid: replayId,
    replayedat: requestedAt,
    replayedby: requestedBy,
  };
  return { messageId: `${eventId}~${replayId}`, body };
}
