import { type ChangesSubject, describeCollectionChanges } from "../../contracts/collection-changes";
import { GoogleStandIn } from "../../support/vendors/google";
import { CALENDAR, type GoogleCollections, MAILBOX } from "../../support/vendors/google-collections";

async function open(
  make: (collections: GoogleCollections) => Pick<ChangesSubject, "collection" | "invisible" | "change" | "remove">,
): Promise<ChangesSubject & { readonly google: GoogleStandIn }> {
  const google = await GoogleStandIn.start();
  const { server, tokens, collections } = google;
  return {
    google,
    integrationId: "google",
    server,
    tokens,
    env: { GOOGLE_API_URL: `${server.url}/{service}`, GOOGLE_TOKEN_URL: `${server.url}/token` },
    limitPages: (size) => (collections.pageSize = size),
    forget: () => {
      collections.forget();
    },
    stop: () => server.stop(),
    ...make(collections),
  };
}

describe("the changes of a Gmail mailbox", () => {
  describeCollectionChanges(() =>
    open((collections) => ({
      collection: { entityType: "mailbox", entityId: MAILBOX },
      invisible: { entityType: "mailbox", entityId: "eve@acme.example" },
      change: (id, at) => {
        collections.putMail(id, at);
      },
      remove: (id) => {
        collections.deleteMail(id);
      },
    })),
  );
});

describe("the changes of a calendar", () => {
  describeCollectionChanges(() =>
    open((collections) => ({
      collection: { entityType: "calendar", entityId: CALENDAR },
      invisible: { entityType: "calendar", entityId: "eve@acme.example" },
      change: (id, at) => {
        collections.putEvent(id, at);
      },
      remove: (id, at) => {
        collections.putEvent(id, at, { status: "cancelled" });
      },
    })),
  );
});

describe("the changes of Drive", () => {
  describeCollectionChanges(() =>
    open((collections) => ({
      collection: { entityType: "drive_changes", entityId: "resource-1" },
      change: (id, at) => {
        collections.putFile(id, at);
      },
      remove: (id, at) => {
        collections.putFile(id, at, { trashed: true });
      },
    })),
  );
});
