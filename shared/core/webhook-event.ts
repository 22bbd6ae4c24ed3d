import type { JsonObject } from "./json";
import type { RetryPolicy } from "./registration";
import type { EventVersion } from "./version";

/** What happened to an entity; `occurred` where nothing was created or changed. */
export const eventTypes = ["created", "updated", "deleted", "restored", "occurred"] as const;

/** One of {@link eventTypes}. */
export type EventType = (typeof eventTypes)[number];

/** One change that a provider reports, in our words: what `parse` makes of a delivery. */
export interface ProviderEvent {
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
  /** The record's fields as the provider sent them. Never a credential. */
  readonly data: JsonObject;
  /** The provider says that it left something out: the record must be read again. */
  readonly gap?: boolean | undefined;
}

/** A provider event that a registration asked for, ready for the queue: everything the drain needs to know. */
export interface WebhookEvent extends ProviderEvent {
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
  /** The registration's, as it was at receipt: the drain must not depend on a registration that may be gone. */
  readonly retryPolicy: RetryPolicy;
}

/** `Contact.created`: the name that the seed's `events` lists match. */
export function eventNameOf(event: Pick<ProviderEvent, "entityType" | "eventType">): string {
  return `${event.entityType}.${event.eventType}`;
}
