import type { JsonObject } from "./json";
import type { RetryPolicy } from "./registration";
import type { EventVersion } from "./version";

/** What happened to an entity; `occurred` where nothing was created or changed. */
export const eventTypes = ["created", "updated", "deleted", "restored", "occurred"] as const;

/** One of {@link eventTypes}. */
export type EventType = (typeof eventTypes)[number];

/** Which attempt of its provider a delivery was. Mostly told by headers that nobody signed: to be read, never to decide by. */
export interface DeliveryAttempt {
  /** Repetitions before this one, from 1. */
  readonly number: number;
  /** Why the attempt before it failed, in the provider's word. */
  readonly reason?: string | undefined;
}

/** One change that a provider reports, in our words: what `parse` makes of a delivery. */
export interface ProviderEvent {
  /**
   * The provider's own id of this one event, where a delivery may hold other events beside it when it is repeated. It
   * makes the event's id; without one, the delivery's id and the place within the delivery do.
   */
  readonly id?: string | undefined;
  /** Singular snake_case, `issue`; Salesforce keeps its API name, `Contact`. */
  readonly entityType: string;
  readonly eventType: EventType;
  /** The provider's id as text; composite keys joined with `:`. */
  readonly entityId: string;
  /** The provider's own name of the event: `issues.opened`, `page.content_updated`. */
  readonly nativeType: string;
  /** The provider's own word for what happened, where it differs from `eventType`: `opened`. */
  readonly nativeAction?: string | undefined;
  /** ISO 8601 time of the change as the provider states it; absent where the provider states none. */
  readonly occurredAt?: string | undefined;
  /** The provider's order of changes; absent where it states none, and then the order of receipt counts. */
  readonly version?: EventVersion | undefined;
  /** Tenant on the provider's side: organisation, workspace, team, repository, subscription. */
  readonly scope?: string | undefined;
  /** Set where `entityId` is unique only within it (a branch within its repository). */
  readonly idScope?: string | undefined;
  /** `full`: `data` is the whole record; `partial`: only some fields, merged; `hint`: says only that something changed. */
  readonly completeness: "full" | "partial" | "hint";
  /** True for what somebody has to want: matched only by patterns that name its kind, never by `*`. */
  readonly onlyByName?: boolean | undefined;
  /** The record's fields as the provider sent them. Never a credential. */
  readonly data: JsonObject;
  /** The provider says that it left something out: the record must be read again. */
  readonly gap?: boolean | undefined;
}

/** A provider event that a registration asked for, ready for the queue: everything the drain needs to know. */
export interface WebhookEvent extends Omit<ProviderEvent, "id" | "onlyByName"> {
  /** The same on every redelivery and on every copy of the message. */
  readonly eventId: string;
  readonly deliveryId: string;
  readonly tenantId: string;
  readonly registrationId: string;
  readonly integrationId: string;
  readonly connectionId: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  /** Grows with each accepted event of a process: microseconds since 1970, for order of receipt. */
  readonly receivedOrder: number;
  /** Absent for a first attempt. */
  readonly attempt?: DeliveryAttempt | undefined;
  /** Set on a copy that somebody asked for: it has its effect once more. */
  readonly replayId?: string | undefined;
  /** The registration's, as it was at receipt: the drain must not depend on a registration that may be gone. */
  readonly retryPolicy: RetryPolicy;
}

const entityTypeForm = /^[A-Za-z0-9_-]{1,100}$/;
const MAX_NAME_LENGTH = 200;
/** Characters of an id that records can hold. */
export const MAX_ID_LENGTH = 1000;

/**
 * True if an event can be asked for by name and fits the records that will be kept of it. Names and ids are a stranger's
 * text: a provider that sends a megabyte for an id sends no id.
 */
export function isSoundEvent({ entityType, nativeType, nativeAction = "", ...ids }: ProviderEvent): boolean {
  if (!entityTypeForm.test(entityType) || ids.entityId === "") return false;
  if (nativeType.length > MAX_NAME_LENGTH || nativeAction.length > MAX_NAME_LENGTH) return false;
  return [ids.entityId, ids.id, ids.scope, ids.idScope].every((id) => (id ?? "").length <= MAX_ID_LENGTH);
}

/** `Contact.created`: the name that the seed's `events` lists match. */
export function eventNameOf(event: Pick<ProviderEvent, "entityType" | "eventType">): string {
  return `${event.entityType}.${event.eventType}`;
}
