import type { ChangesOutcome, ChangesQuery } from "../../core/collection-changes";
import type { OpenedConnection } from "./vendor-sessions";

/** Reads a page of the changes of a collection. */
export type ReadChanges = (opened: OpenedConnection, query: ChangesQuery) => Promise<ChangesOutcome>;

/** How a vendor's collections are read, by the entity type of the collection. */
export type VendorChanges = ReadonlyMap<string, ReadChanges>;
