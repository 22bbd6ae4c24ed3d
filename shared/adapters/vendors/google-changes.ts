import { calendarChanges } from "./google-calendar";
import { driveChanges } from "./google-drive";
import { mailboxChanges } from "./google-mailbox";
import { segment } from "./google-records";
import type { ReadChanges, VendorChanges } from "./vendor-changes";

/** Google's notices that something in a mailbox, in a calendar or among the files of Drive changed, and never what. */
export const googleChanges: VendorChanges = new Map([
  ["mailbox", ofCollection(mailboxChanges)],
  ["calendar", ofCollection(calendarChanges)],
  ["drive_changes", ofCollection(driveChanges)],
]);

/** Ids of collections are parts of addresses. */
function ofCollection(read: ReadChanges): ReadChanges {
  return async (opened, query) =>
    segment(query.collection.entityId) === undefined ? { kind: "unsupported" } : read(opened, query);
}
