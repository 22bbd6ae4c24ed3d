import type { DeliveryRecord, ReplayMark } from "../core/delivery";
import { omit } from "../core/redaction";
import type { QueueMessage } from "../core/ports";
import { type EventMessage, toEventMessage } from "./event-message";

/** What was left out must not be erased by what is left: the fields are as good as not mentioned. */
function withoutFields(event: EventMessage["data"], redacted: readonly string[]): EventMessage["data"] {
  if (redacted.length === 0) return event;
  const completeness = event.completeness === "full" ? "partial" : event.completeness;
  return { ...event, completeness, data: omit(event.data, redacted) };
}

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
  const { request, dataref, redacted = [] } = record;
  const { eventId, registrationId, ...event } = record.event;
  const data = withoutFields(event, redacted);
  const body = {
    ...toEventMessage(eventId, registrationId, { data, ...(request && { request }) }),
    ...(dataref === undefined ? {} : { dataref }),
    replayid: replayId,
    replayedat: requestedAt,
    replayedby: requestedBy,
  };
  return { messageId: `${eventId}~${replayId}`, body };
}
