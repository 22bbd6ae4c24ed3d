import type { JsonObject } from "./json";
import type { EventVersion } from "./version";

/** A tenant's link to a provider account, as far as it has to be named. */
export interface ConnectionKey {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly integrationId: string;
  readonly connectionId: string;
}

/** What names a record at its provider. */
export interface RecordReference {
  readonly entityType: string;
  readonly entityId: string;
  readonly idScope?: string;
  readonly scope?: string;
  /** The event's own data, for what a vendor's API wants besides the id (an issue's number, a message's channel). */
  readonly hint?: JsonObject;
}

/**
 * What a read found. `version` orders it against events (DESIGN 11, Versions). Some vendors' times are coarse (Notion's are
 * in whole minutes), so it may be a little older than that of the event which led to the read; the record is not.
 */
export type ReadOutcome =
  | {
      readonly kind: "found";
      readonly record: JsonObject;
      readonly version?: EventVersion;
      readonly etag?: string;
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "deleted" }
  | { readonly kind: "unsupported" } // this entity type cannot be read: the event's own data is all there is
  | { readonly kind: "no_credentials" }; // likewise, because the connection has none

/** One page of a list; `cursor` is absent on the last. A page may be empty and still have one. */
export interface RecordPage {
  readonly records: readonly {
    readonly reference: RecordReference;
    readonly record: JsonObject;
    readonly version?: EventVersion;
    readonly deleted?: boolean;
  }[];
  readonly cursor?: string;
}

/** What to list: the records of a type that changed since a moment. Times in ISO 8601. */
export interface ListQuery {
  readonly entityType: string;
  readonly since: string;
  /**
   * The end of the time that is of interest. Only what cannot have changed before it is left out: a record that changed
   * again afterwards shows no other time than the last one.
   */
  readonly until?: string;
  readonly cursor?: string;
}

/** Which entity types of a provider can be listed. */
export interface Listable {
  /** Those that are known by name. */
  readonly types: readonly string[];
  readonly includes: (entityType: string) => boolean;
}

/** These types, and no others. */
export function listableTypes(types: readonly string[]): Listable {
  return { types, includes: (entityType) => types.includes(entityType) };
}

/** A change to make at the provider; `fields` are in the provider's own words. */
export interface RecordWrite {
  readonly action: "create" | "update" | "delete";
  readonly reference: RecordReference;
  readonly fields: JsonObject;
}

/**
 * The providers' records. Reading, listing and writing throw:
 * `SyncDelay` for a rate limit of the provider, or while another instance refreshes the access token;
 * `SyncFailure` with `needs_reauth`, `provider_unreachable`, `provider_answer_unknown`, `provider_host_not_allowed`, and, as
 * permanent ones, `provider_forbidden`; where it lists or writes also `no_credentials`, `unsupported` (permanent) and
 * `provider_rejected` (permanent);
 * `WebhookError` for outages of ours, and `invalid_cursor`.
 */
export interface RecordReader {
  read(
    connection: ConnectionKey,
    reference: RecordReference,
    options?: { readonly etag?: string },
  ): Promise<ReadOutcome>;
  list(connection: ConnectionKey, query: ListQuery): Promise<RecordPage>;
  /** Asks nobody: what the client for this provider can do. Throws nothing. */
  listable(integrationId: string): Listable;
  write(
    connection: ConnectionKey,
    change: RecordWrite,
  ): Promise<{ readonly entityId: string; readonly version?: EventVersion }>;
}
