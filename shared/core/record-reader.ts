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

/** What a read found. `version` orders it against events (DESIGN 11, Versions). */
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

export interface RecordPage {
  readonly records: readonly {
    readonly reference: RecordReference;
    readonly record: JsonObject;
    readonly version?: EventVersion;
    readonly deleted?: boolean;
  }[];
  readonly cursor?: string;
}

export interface RecordWrite {
  readonly action: "create" | "update" | "delete";
  readonly reference: RecordReference;
  readonly fields: JsonObject;
}

/** The providers' records. Throws `SyncFailure` (codes `provider_unauthorised` …), `SyncDelay`, `WebhookError` for outages of ours. */
export interface RecordReader {
  read(
    connection: ConnectionKey,
    reference: RecordReference,
    options?: { readonly etag?: string },
  ): Promise<ReadOutcome>;
  list(
    connection: ConnectionKey,
    query: { readonly entityType: string; readonly since: string; readonly cursor?: string },
  ): Promise<RecordPage>;
  write(
    connection: ConnectionKey,
    change: RecordWrite,
  ): Promise<{ readonly entityId: string; readonly version?: EventVersion }>;
}
