import type { CollectionChanges } from "../../core/collection-changes";
import { googleChanges } from "./google-changes";
import type { VendorChanges } from "./vendor-changes";
import type { VendorSessions } from "./vendor-sessions";

const vendors: ReadonlyMap<string, VendorChanges> = new Map([["google", googleChanges]]);

/** The changes within collections of all vendors that have some, by the credentials of a connection. */
export function createCollectionChanges({ open, logged }: VendorSessions): CollectionChanges {
  return {
    covers: (integrationId, entityType) => vendors.get(integrationId)?.has(entityType) === true,
    read: (key, query) =>
      logged(key, async () => {
        const read = vendors.get(key.integrationId)?.get(query.collection.entityType);
        if (read === undefined) return { kind: "unsupported" };
        const opened = await open(key);
        const since = new Date(query.since).toISOString();
        return opened ? read(opened, { ...query, since }) : { kind: "no_credentials" };
      }),
  };
}
