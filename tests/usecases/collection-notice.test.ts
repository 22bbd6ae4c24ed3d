import { listShards } from "../../shared/usecases/list-shards";
import { connect } from "../support/connections";
import { GoogleIssuer } from "../support/google-issuer";
import { noon } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";
import { GoogleStandIn } from "../support/vendors/google";
import { CALENDAR, MAILBOX } from "../support/vendors/google-collections";

/** From a notice as Google sends it to the records that it does not name. */
let app: TestApp;
let google: GoogleStandIn;
let issuer: GoogleIssuer;
beforeEach(async () => {
  google = await GoogleStandIn.start();
  issuer = await GoogleIssuer.start();
  app = await openTestApp({
    OUTBOUND_ALLOW_LOOPBACK: "true",
    GOOGLE_API_URL: `${google.server.url}/{service}`,
    GOOGLE_CERTIFICATES_URL: issuer.certificatesUrl,
  });
  await connect(app, "google", { kind: "bearer", token: google.tokens.accessToken });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
  await google.server.stop();
});

const minutesAgo = (minutes: number): string => new Date(noon - minutes * 60_000).toISOString();
const shown = async (shardTypeId: string) =>
  (await listShards(app.services, "tenant-123", { shardTypeId, limit: 10 })).shards;

it("a push of Gmail has the new messages saved", async () => {
  const serviceAccountEmail = "push@acme-1.iam.gserviceaccount.com";
  const webhook = await app.register({
    integrationId: "google",
    events: ["mailbox.*"],
    verification: { serviceAccountEmail },
  });
  google.collections.putMail("m1", minutesAgo(1));
  const token = issuer.mint({ audience: webhook.webhookUrl, serviceAccountEmail, now: noon });
  const data = Buffer.from(JSON.stringify({ emailAddress: MAILBOX, historyId: 1010 })).toString("base64");
  const push = JSON.stringify({
    message: { messageId: "1", data, publishTime: minutesAgo(0) },
    subscription: "projects/acme-1/subscriptions/s",
  });
  await app.deliver(webhook.registrationId, push, { authorization: `Bearer ${token}` });
  expect(await app.drain()).toBe(2);
  expect(await shown("mailbox")).toMatchObject([{ structuredData: { address: MAILBOX } }]);
  expect(await shown("mail_message")).toMatchObject([{ externalId: "m1", structuredData: { subject: "Mail m1" } }]);
});

it("a notification of a calendar's channel has the changed events saved", async () => {
  const webhook = await app.register({
    integrationId: "google",
    events: ["calendar.*"],
    verification: { scheme: "channel" },
  });
  google.collections.putEvent("e1", minutesAgo(1), { summary: "Planning" });
  await app.deliver(webhook.registrationId, "", {
    "x-goog-channel-id": "channel-1",
    "x-goog-channel-token": webhook.webhookSecret ?? "",
    "x-goog-message-number": "2",
    "x-goog-resource-id": "resource-1",
    "x-goog-resource-state": "exists",
    "x-goog-resource-uri": `https://www.googleapis.com/calendar/v3/calendars/${encodeURIComponent(CALENDAR)}/events?alt=json`,
  });
  expect(await app.drain()).toBe(1);
  expect(await shown("calendar_event")).toMatchObject([{ externalId: "e1", structuredData: { title: "Planning" } }]);
});
