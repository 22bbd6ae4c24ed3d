import type { CollectionChanges } from "../core/collection-changes";
import { type CallLimits, limitCalls } from "./limited-calls";

/** Changes of collections within the same limits as the reading of records. */
export function limitedChanges(changes: CollectionChanges, limits: CallLimits): CollectionChanges {
  const limited = limitCalls(limits);
  return {
    covers: (integrationId, entityType) => changes.covers(integrationId, entityType),
    read: (connection, query) => limited(connection, "fetch", () => changes.read(connection, query)),
  };
}
