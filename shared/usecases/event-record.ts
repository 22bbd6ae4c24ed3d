import type { EventOutcome, EventRecord, ReplayMark, ReplayNote } from "../core/delivery";
import { redact } from "../core/redaction";
import type { SyncTask } from "../core/sync-task";
import { eventNameOf } from "../core/webhook-event";
import { sampledTraceId } from "../core/tracing";
import { recordIdOf } from "../repositories/deliveries";
import { type OpenedMessage, replayMarkOf, turnOf } from "./event-message";
import type { RedactedPayload } from "./redact-payload";
import type { Services } from "./services";

/** What is recorded of an event besides what it says itself. */
export interface Settlement {
  readonly outcome: Exclude<EventOutcome, "held" | "discarded">;
  readonly attempts: number;
  readonly task?: SyncTask;
  readonly reason?: string;
  /** The record as it was before this attempt. */
  readonly earlier: EventRecord | undefined;
  /** What is kept in the place of the event's payload. */
  readonly redactedPayload?: RedactedPayload;
}

const MAX_REPLAYS = 10;

/** The record of an event that was handled. */
export function toEventRecord(services: Services, opened: OpenedMessage, settlement: Settlement): EventRecord {
  const { event, message } = opened;
  const now = services.now();
  const { outcome, attempts, task, reason, earlier } = settlement;
  const replay = replayMarkOf(message);
  const traceparent = replay ? settlement.earlier?.traceparent : message.traceparent;
  const replays = replaysAfter(settlement, noteOf(opened, now));
  const remembered = services.providers.get(event.integrationId)?.rememberSeconds ?? 0;
  return {
    id: recordIdOf(event.eventId),
    pk: event.registrationId,
    tenantId: event.tenantId,
    schemaVersion: 1,
    ttl: Math.max(services.rules.retentionSeconds, remembered),
    registrationId: event.registrationId,
    integrationId: event.integrationId,
    connectionId: event.connectionId,
    deliveryId: event.deliveryId,
    // One that is delivered again is the same event, with the same line in the log.
    receivedAt: earlier?.receivedAt ?? event.receivedAt,
    verdict: "accepted",
    eventName: eventNameOf(event),
    nativeType: event.nativeType,
    entityType: event.entityType,
    entityId: event.entityId,
    ...(event.scope === undefined ? {} : { scope: event.scope }),
    outcome,
    attempts,
    settledAt: new Date(now).toISOString(),
    latencyMs: now - Date.parse(turnOf(opened)),
    ...(replays.length > 0 && { replays }),
    ...(task && { syncTaskId: task.id }),
    ...(task?.result && { change: task.result.change }),
    ...(reason !== undefined && { reason }),
    ...(event.attempt && { attempt: event.attempt }),
    ...(message.request && { request: message.request }),
    ...(traceparent !== undefined && { traceparent }),
    ...keptEvent(services, opened, settlement),
  };
}

/** The record of an event that is held: not to be replayed, because its turn is still to come. */
export function toHeldRecord(services: Services, opened: OpenedMessage): EventRecord {
  const record = toEventRecord(services, opened, { outcome: "retrying", attempts: 0, earlier: undefined });
  const { event: _, redacted: __, dataref: ___, ...held } = record;
  return { ...held, outcome: "held" };
}

/** The record as it was, but for what became of this replay. */
export function withReplayNote(
  services: Services,
  opened: OpenedMessage,
  { earlier, ...settlement }: Settlement & { readonly earlier: EventRecord },
): EventRecord {
  return { ...earlier, replays: replaysAfter({ ...settlement, earlier }, noteOf(opened, services.now())) };
}

type Noted = ReplayMark & Pick<ReplayNote, "settledAt" | "traceId">;

/** Absent where the message is no replay. */
function noteOf({ message }: OpenedMessage, now: number): Noted | undefined {
  const mark = replayMarkOf(message);
  const traceId = sampledTraceId(message.traceparent);
  return mark && { ...mark, settledAt: new Date(now).toISOString(), ...(traceId !== undefined && { traceId }) };
}

type Kept = Pick<EventRecord, "event" | "redacted" | "dataref">;

/**
 * What a replay goes by: the event as its message held it, but for what the webhook's owner wants nobody to keep. Fields
 * that did not fit the message are in their payload, which is kept for an event that is dead and goes with one that had
 * its effect.
 */
function keptEvent(
  { rules }: Services,
  opened: OpenedMessage,
  { outcome, earlier, redactedPayload }: Settlement,
): Kept {
  const { dataref } = opened.message;
  if (outcome !== "dead") return rules.keepsEvents && dataref === undefined ? redactedEvent(opened, earlier) : {};
  if (dataref === undefined) return redactedEvent(opened, earlier);
  const kept = redactedEvent(opened, earlier);
  if (redactedPayload === undefined) return { ...kept, dataref };
  return { ...kept, redacted: redactedPayload.fields, dataref: redactedPayload.dataref };
}

/** A replay brings less than was recorded before: what could not be replayed is not in it. */
function redactedEvent({ event: { replayId, ...event }, message }: OpenedMessage, earlier?: EventRecord): Kept {
  if (replayId !== undefined && earlier?.event !== undefined) {
    return { event: earlier.event, ...(earlier.redacted && { redacted: earlier.redacted }) };
  }
  const { data, redacted } = redact(event.data, message.redact ?? []);
  return { event: { ...event, data }, ...(redacted.length > 0 && { redacted }) };
}

/** The replays so far, with the present one, where this is one, in the state that it is in. */
function replaysAfter(
  { outcome, attempts, reason, earlier }: Settlement,
  mark: Noted | undefined,
): readonly ReplayNote[] {
  const known = earlier?.replays ?? [];
  if (mark === undefined) return known;
  const others = known.filter(({ replayId }) => replayId !== mark.replayId);
  const note = { ...mark, outcome, attempts, ...(reason === undefined ? {} : { reason }) };
  return [note, ...others].slice(0, MAX_REPLAYS);
}
