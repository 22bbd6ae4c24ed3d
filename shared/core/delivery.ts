import type { Document } from "./ports";
import type { Signer } from "./rotation";
import type { DeliveryAttempt, WebhookEvent } from "./webhook-event";

/** What became of a delivery at the door. */
export type Verdict = "accepted" | "duplicate" | "ignored" | "handshake" | "refused" | "rate_limited";

/** What became of an accepted event: waiting for its webhook to be resumed, or for another attempt, done, given up and kept, or let go of by somebody. */
export type EventOutcome = "held" | "retrying" | "synchronised" | "dead" | "discarded";

/** What is kept of the request that brought a delivery. */
export interface ToldRequest {
  /** Lower-case names; the values of those that hold a proof are `***`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  /** Which secret signed it; set while the secret is being changed. */
  readonly signedWith?: Signer;
  /** What all of it was kept as, body included, where the webhook's owner wants that. */
  readonly keptAs?: string;
}

/** What is told of a request of which nothing more is kept, or nobody is to know by what name. */
export function withoutKept({ keptAs: _, ...told }: ToldRequest): ToldRequest {
  return told;
}

/** Who asked for an event to be handled once more, and when. */
export interface ReplayMark {
  readonly replayId: string;
  /** ISO 8601. */
  readonly requestedAt: string;
  /** The caller's subject. */
  readonly requestedBy: string;
}

/** A replay of an event, and what became of it. */
export interface ReplayNote extends ReplayMark {
  readonly outcome: EventOutcome;
  readonly attempts: number;
  /** ISO 8601; when the outcome was recorded. */
  readonly settledAt: string;
  /** The code of the last failure. */
  readonly reason?: string;
  /** Of its own trace, where it was traced and sampled. */
  readonly traceId?: string;
}

/** A replay of a delivery that had ended at the door, and the lines of the log that its events have now. */
export interface DoorReplay extends ReplayMark {
  readonly deliveries: readonly string[];
}

interface RecordBase extends Document {
  readonly registrationId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  readonly deliveryId: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly verdict: Verdict;
  /** Absent for a first attempt. */
  readonly attempt?: DeliveryAttempt;
  readonly request?: ToldRequest;
  /** W3C Trace Context of where it was received, if that was traced. */
  readonly traceparent?: string;
}

/** A delivery that ended at the door. Written in the background, sampled under flood. */
export interface DoorRecord extends RecordBase {
  readonly verdict: Exclude<Verdict, "accepted">;
  /** The refusal code, or why it was ignored; for the owner. */
  readonly reason?: string;
  /** What was found out about the refusal, in a sentence or two. */
  readonly detail?: string;
  readonly eventNames: readonly string[];
  /** The last ten, newest first; absent where there was none. */
  readonly replays?: readonly DoorReplay[];
  /** Of the first event, if there was one. */
  readonly nativeType?: string;
  readonly entityType?: string;
  readonly entityId?: string;
}

/**
 * An accepted event and its outcome, one document an event, `id` = event id. Written by the consumer; it is what makes
 * sure that a repeated delivery has one effect.
 */
export interface EventRecord extends RecordBase {
  readonly verdict: "accepted";
  readonly eventName: string;
  readonly nativeType: string;
  readonly entityType: string;
  readonly entityId: string;
  /** The tenant on the provider's side that it came from: repository, subscription, workspace. */
  readonly scope?: string;
  /** Of the last time that it was handled, which may have been a replay. */
  readonly outcome: EventOutcome;
  readonly attempts: number;
  /** ISO 8601; when the outcome was recorded. */
  readonly settledAt: string;
  /** Milliseconds to outcome from receipt, or from when it was resumed after it was held, or its replay was asked for. */
  readonly latencyMs: number;
  /** The last ten, newest first; absent where there was none. */
  readonly replays?: readonly ReplayNote[];
  readonly syncTaskId?: string;
  /** What the synchronisation did to the shard. */
  readonly change?: string;
  /** The code of the last failure. */
  readonly reason?: string;
  /** The event itself, kept to be replayed; absent where the settings say so and it was not given up. */
  readonly event?: WebhookEvent;
  /** Names of its fields of which something was left out before it was recorded. */
  readonly redacted?: readonly string[];
  /** The payload that holds the event's fields, where they did not fit its message; kept for 45 days. */
  readonly dataref?: string;
}

/** A document of the collection `deliveries`. Partition: the registration id. */
export type DeliveryRecord = DoorRecord | EventRecord;

/**
 * One line of the delivery log: what lists show and search by. Partition: the tenant key and the day of receipt, because a
 * busy tenant's log outgrows one partition. Ids sort newest first.
 */
export interface DeliveryLine
  extends
    Document,
    Pick<RecordBase, "registrationId" | "integrationId" | "connectionId" | "deliveryId" | "receivedAt" | "verdict">,
    Partial<
      Pick<EventRecord, "eventName" | "nativeType" | "entityType" | "entityId" | "outcome" | "attempts" | "latencyMs">
    > {
  /** The record, in the partition of its registration. */
  readonly recordId: string;
  /** Why it was refused or ignored, or why the last attempt failed. */
  readonly reason?: string;
  /** Enough is kept to replay it. */
  readonly replayable?: true;
  /** The last replay that handled it. */
  readonly replayId?: string;
}

/** Fields of a line that a search may name, each with the value that it must have. */
export const searchableFields = [
  "registrationId",
  "integrationId",
  "deliveryId",
  "eventName",
  "entityType",
  "entityId",
  "verdict",
  "outcome",
  "replayId",
] as const satisfies readonly (keyof DeliveryLine)[];

/** One of {@link searchableFields}. */
export type SearchableField = (typeof searchableFields)[number];
