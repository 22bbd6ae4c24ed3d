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

/**
 * A copy of a recorded event for the queue: the same event, under a message id of its own, with no attempt used up. The
 * same replay has the same id, so that whoever repeats it asks once. `undefined` where too little is kept.
 */
export function toReplayMessage(
  record: DeliveryRecord,
  mark: ReplayMark,
): (QueueMessage & { readonly body: EventMessage }) | undefined {
  if (record.verdict !== "accepted" || record.event === undefined) return undefined;
  const { request, dataref, redacted = [], traceparent } = record;
  const { eventId, registrationId, ...event } = record.event;
  const data = withoutFields(event, redacted);
  const message = toEventMessage(eventId, registrationId, { data, ...(request && { request }) });
  return toReplayedMessage(
    markAsReplay({ ...message, ...(dataref === undefined ? {} : { dataref }) }, mark, traceparent),
  );
}

/** The event as one of a replay, which will link to the trace of the delivery. */
export function markAsReplay(
  message: EventMessage,
  { replayId, requestedAt, requestedBy }: ReplayMark,
  traceparent?: string,
): EventMessage {
  const trace = traceparent === undefined ? {} : { traceparent };
  return { ...message, replayid: replayId, replayedat: requestedAt, replayedby: requestedBy, ...trace };
}

/** A replayed event for the queue, under an id of its own. */
export function toReplayedMessage(body: EventMessage): QueueMessage & { readonly body: EventMessage } {
  return { messageId: `${body.id}~${body.replayid ?? ""}`, body };
}
