import { listableTypes, type RecordReader } from "../../core/record-reader";
import type { VendorSessions } from "./vendor-sessions";

/**
 * Reads and writes the records of all vendors by the credentials of a connection.
 *
 * A record counts as deleted only where the vendor says so: by a mark in the record, by 410, or by a 404 that cannot
 * mean "you may not see it". Of any other 404 the outcome is `unsupported`, because credentials that lost a permission
 * must not delete what is known of every record that they cannot see any more.
 */
export function createRecordReader({ apis, open, demand, logged }: VendorSessions): RecordReader {
  return {
    read: (key, reference, options) =>
      logged(key, async () => {
        const opened = await open(key);
        return opened ? opened.api.read(opened.session, reference, options?.etag) : { kind: "no_credentials" };
      }),
    list: (key, query) =>
      logged(key, async () => {
        const { api, session } = await demand(key);
        return api.list(session, { ...query, since: new Date(query.since).toISOString() });
      }),
    listable: (integrationId) => apis.get(integrationId)?.listable ?? listableTypes([]),
    write: (key, change) =>
      logged(key, async () => {
        const { api, session } = await demand(key);
        return api.write(session, change);
      }),
  };
}
