import type { JsonObject } from "./json";
import type { ConnectionKey, RecordReference } from "./record-reader";
import type { EventVersion } from "./version";

/** Which changes of a collection (a mailbox, a calendar) to tell. */
export interface ChangesQuery {
  readonly collection: RecordReference;
  /** As an earlier page said; absent where there is none to go on from. */
  readonly position?: string;
  /** ISO 8601: without a position, what changed from then on. */
  readonly since: string;
}

/** A record that changed: all of it, its deletion, or its name alone, so that it has to be read by itself. */
export type RecordChange =
  | {
      readonly kind: "found";
      readonly reference: RecordReference;
      readonly record: JsonObject;
      readonly version?: EventVersion;
    }
  | { readonly kind: "deleted"; readonly reference: RecordReference; readonly version?: EventVersion }
  | {
      readonly kind: "named";
      readonly reference: RecordReference;
      /** Tells this change of the record from its others. */
      readonly changeId: string;
    };

/**
 * What a provider tells of a collection. `expired`: it goes on from this position no more; `unsupported`: it tells nothing
 * of this collection, or the credentials may not see it.
 */
export type ChangesOutcome =
  | {
      readonly kind: "page";
      readonly changes: readonly RecordChange[];
      /** Where the next page begins, or what changes later. */
      readonly position: string;
      /** There is more by now. */
      readonly hasMore: boolean;
    }
  | { readonly kind: "expired" }
  | { readonly kind: "unsupported" }
  | { readonly kind: "no_credentials" };

/** What changed within collections of which events only say that something did. */
export interface CollectionChanges {
  /** Whether entities of this type are such collections. Asks nobody. */
  covers(integrationId: string, entityType: string): boolean;
  /**
   * A page of changes, in their order.
   * @throws {SyncFailure} @throws {SyncDelay} @throws {WebhookError} as `RecordReader` does
   */
  read(connection: ConnectionKey, query: ChangesQuery): Promise<ChangesOutcome>;
}
