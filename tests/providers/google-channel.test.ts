import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof } from "../../shared/core/provider";
import { DeliveryRefused } from "../../shared/core/refusal";
import type { VerificationSettings } from "../../shared/core/registration";
import { createGoogleProvider } from "../../shared/providers/google";
import { trust } from "../../shared/providers/trust";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";
import { contractNow, describeScheme } from "../contracts/provider";
import { codeOf, openTestApp, type TestApp } from "../support/test-app";

const google = createGoogleProvider({ certificatesUrl: "http://127.0.0.1:1/" });
const nothing = Buffer.alloc(0);
const calendarUri = "https://www.googleapis.com/calendar/v3/calendars/ada%40example.com/events?alt=json";

const headersOf = (token: string, overrides: Record<string, string> = {}) => ({
  "X-Goog-Channel-ID": "01234567-89ab-cdef",
  "X-Goog-Channel-Token": token,
  "X-Goog-Channel-Expiration": "Tue, 01 Dec 2026 09:00:00 GMT",
  "X-Goog-Resource-ID": "ret08u3rv24htgh289g",
  "X-Goog-Resource-URI": calendarUri,
  "X-Goog-Resource-State": "exists",
  "X-Goog-Message-Number": "10",
  ...overrides,
});

const parse = (overrides: Record<string, string> = {}) =>
  google.parse(trust(new DeliveryRequest(new Headers(headersOf("t", overrides)), nothing)), contractNow, {
    scheme: "channel",
  });

describe("Google, scheme channel", () => {
  describeScheme({
    provider: google,
    scheme: "channel",
    body: nothing,
    headers: (_, secret) =>
      Object.fromEntries(Object.entries(headersOf(secret)).map(([name, value]) => [name.toLowerCase(), value])),
    proofHeader: "x-goog-channel-token",
    coversBody: false,
    encoding: "none",
    mismatch: "secret_mismatch",
    corruptProof: (value) => value.replace(/.$/, "!"),
  });

  const reasonOf = async (settings: VerificationSettings, overrides: Record<string, string> = {}) => {
    const request = new DeliveryRequest(new Headers(headersOf("secret", overrides)), nothing);
    const proof: Proof = { scheme: "channel", secrets: ["secret"], settings, toleranceSeconds: 300, now: contractNow };
    const error: unknown = await Promise.resolve(google.verify(request, proof)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof DeliveryRefused)) return { reason: "accepted" };
    return { reason: error.reason, ...google.explain?.(request, proof, error.reason) };
  };

  it("takes the channel and the resource that are set, and no other", async () => {
    const both = { channelId: "01234567-89ab-cdef", resourceId: "ret08u3rv24htgh289g" };
    expect(await reasonOf(both)).toEqual({ reason: "accepted" });
    expect(await reasonOf({ channelId: "another" })).toEqual({
      reason: "channel_mismatch",
      detail: "It is of the channel 01234567-89ab-cdef and the resource ret08u3rv24htgh289g.",
    });
    expect(await reasonOf({ resourceId: "another" })).toMatchObject({ reason: "channel_mismatch" });
    expect(await reasonOf({ channelId: "another" }, { "X-Goog-Channel-ID": "<b>" })).toEqual({
      reason: "channel_mismatch",
    });
  });

  it("tells what came in place of the token", async () => {
    const settings = { scheme: "channel" };
    const overrides = { "X-Goog-Channel-Token": "", authorization: "Bearer x.y.z" };
    expect(await reasonOf(settings, overrides)).toMatchObject({ reason: "other_scheme" });
    expect(await reasonOf(settings, { "X-Goog-Channel-Token": "wrong" })).toEqual({ reason: "secret_mismatch" });
  });
});

describe("a notification of a channel", () => {
  it("is a hint of what to read, told by its channel, resource, expiration and number", () => {
    expect(parse()).toEqual({
      deliveryId: "01234567-89ab-cdef:ret08u3rv24htgh289g:Tue, 01 Dec 2026 09:00:00 GMT:10",
      events: [
        {
          entityType: "calendar",
          eventType: "updated",
          entityId: "ada@example.com",
          nativeType: "calendar.exists",
          nativeAction: "exists",
          scope: "01234567-89ab-cdef",
          completeness: "hint",
          data: { state: "exists", changed: "", resourceId: "ret08u3rv24htgh289g", resourceUri: calendarUri },
        },
      ],
    });
  });

  const drive = "https://www.googleapis.com/drive/v3";
  it.each([
    [calendarUri, "not_exists", "calendar", "deleted", "ada@example.com"],
    [calendarUri.replace("events", "acl"), "exists", "calendar_acl", "updated", "ada@example.com"],
    [`${drive}/files/F1?acknowledgeAbuse=false`, "add", "file", "created", "F1"],
    [`${drive}/files/F1`, "update", "file", "updated", "F1"],
    [`${drive}/files/F1`, "remove", "file", "deleted", "F1"],
    [`${drive}/files/F1`, "trash", "file", "deleted", "F1"],
    [`${drive}/files/F1`, "untrash", "file", "restored", "F1"],
    [`${drive}/changes?pageToken=7`, "change", "drive_changes", "updated", "ret08u3rv24htgh289g"],
    [`${drive}/changes`, "changed", "drive_changes", "updated", "ret08u3rv24htgh289g"],
    [
      "https://www.googleapis.com/calendar/v3/users/me/settings",
      "exists",
      "watched_resource",
      "updated",
      "ret08u3rv24htgh289g",
    ],
    ["no address", "polished", "watched_resource", "occurred", "ret08u3rv24htgh289g"],
    [calendarUri.replace("%40", "%zz"), "exists", "calendar", "updated", "ada%zzexample.com"],
  ])("%s %s: a %s was %s", (uri, state, entityType, eventType, entityId) => {
    const { events } = parse({ "X-Goog-Resource-URI": uri, "X-Goog-Resource-State": state });
    expect(events).toMatchObject([{ entityType, eventType, entityId, nativeType: `${entityType}.${state}` }]);
  });

  it("is another one where a channel was opened anew under the same id, and counts from 1 again", () => {
    const anew = [{}, { "X-Goog-Channel-Expiration": "Tue, 08 Dec 2026 09:00:00 GMT" }, { "X-Goog-Resource-ID": "r2" }];
    expect(new Set(anew.map((headers) => parse(headers).deliveryId)).size).toBe(3);
    expect(parse({ "X-Goog-Channel-Expiration": "" }).deliveryId).toBe("01234567-89ab-cdef:ret08u3rv24htgh289g::10");
  });

  it("keeps what Drive says has changed", () => {
    expect(parse({ "X-Goog-Changed": "content,properties" }).events[0]?.data["changed"]).toBe("content,properties");
  });

  it("tells when the channel is about to expire", () => {
    expect(parse({ "X-Goog-Channel-Expiration": "Tue, 24 Nov 2026 20:00:00 GMT" }).notices).toEqual([
      "subscription_expiring",
    ]);
    expect(parse().notices).toBeUndefined();
    expect(parse({ "X-Goog-Channel-Expiration": "" }).notices).toBeUndefined();
  });

  it("has no id where the channel or the number is missing, and is nothing without resource and state", () => {
    expect(parse({ "X-Goog-Message-Number": "" }).deliveryId).toBeUndefined();
    expect(parse({ "X-Goog-Channel-ID": "" })).toMatchObject({ events: [{ entityType: "calendar" }] });
    for (const header of ["X-Goog-Resource-ID", "X-Goog-Resource-State"]) {
      expect(parse({ [header]: "" })).toEqual({ events: [], ignored: "unknown_shape" });
    }
    expect(parse({ "X-Goog-Resource-State": "a b" })).toEqual({ events: [], ignored: "unknown_shape" });
  });
});

describe("a webhook for a channel", () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await openTestApp();
  });
  afterEach(() => app.close());

  const verification = { scheme: "channel" };

  it("gets a secret to be used as token, waits for nothing, and answers the first message", async () => {
    const webhook = await app.register({ integrationId: "google", verification });
    expect(webhook).toMatchObject({ status: "active", secretOrigin: "generated", verification: { scheme: "channel" } });
    expect(webhook.verification.audience).toBeUndefined();
    expect(webhook.setup.join(" ")).toContain(`"address":"${webhook.webhookUrl}","token":"<webhookSecret>"`);
    const token = webhook.webhookSecret ?? "";
    const deliver = (overrides: Record<string, string>) =>
      app.deliver(webhook.registrationId, "", headersOf(token, overrides));
    const first = await deliver({ "X-Goog-Resource-State": "sync", "X-Goog-Message-Number": "1" });
    expect(first).toEqual({ kind: "handshake", reply: { status: 200 } });
    expect(await deliver({})).toMatchObject({ receipt: { eventName: "calendar.updated", syncTriggered: true } });
    expect(await deliver({})).toMatchObject({ receipt: { duplicate: true } });
    expect(await codeOf(app.deliver(webhook.registrationId, "", headersOf("a guess")))).toBe("delivery_refused");
  });

  it("takes a token of the owner's, later as well, and keeps its scheme", async () => {
    const webhook = await app.register({ integrationId: "google", verification, webhookSecret: "their token" });
    expect(webhook.webhookSecret).toBeUndefined();
    const key = { tenantId: "tenant-123", registrationId: webhook.registrationId };
    const updated = await updateWebhook(app.services, key, { webhookSecret: "their next token" });
    expect(updated.verification.scheme).toBe("channel");
    expect(await app.deliver(webhook.registrationId, "", headersOf("their next token"))).toMatchObject({
      kind: "receipt",
    });
  });

  it("tells its health when the channel is about to expire", async () => {
    const webhook = await app.register({ integrationId: "google", verification });
    const soon = { "X-Goog-Channel-Expiration": "Tue, 24 Nov 2026 20:00:00 GMT" };
    await app.deliver(webhook.registrationId, "", headersOf(webhook.webhookSecret ?? "", soon));
    const stored = await app.services.registrations.find(webhook.registrationId);
    if (!stored) throw new Error("the webhook is gone");
    const health = await healthOf(app.services, stored.value);
    expect(health.status).toBe("degraded");
    expect(health.recommendations.join(" ")).toContain("a subscription is about to expire: renew it");
  });

  it("is told apart from a webhook for Pub/Sub, which takes no secret", async () => {
    const refused = app.register({ integrationId: "google", webhookSecret: "something of theirs" });
    expect(await codeOf(refused)).toBe("invalid_request");
  });
});
