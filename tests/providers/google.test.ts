import { createHash, createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { OAuth2Client } from "google-auth-library";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Provider } from "../../shared/core/provider";
import { createGoogleProvider } from "../../shared/providers/google";
import { contractNow, describeScheme } from "../contracts/provider";
import { GoogleIssuer } from "../support/google-issuer";
import { parseAs } from "../support/parse";
import { codeOf } from "../support/test-app";

const audience = "https://hooks.example.com/webhooks/webhook-1";
const serviceAccountEmail = "push@project.iam.gserviceaccount.com";
const settings = { scheme: "seed", audience, serviceAccountEmail };
const gmail = { emailAddress: "ada@example.com", historyId: 9876543210 };

function push(message: object): object {
  const times = { messageId: "2070443601311540", publishTime: "2026-11-24T08:59:58.123Z" };
  return { message: { ...times, ...message }, subscription: "projects/p/subscriptions/s", deliveryAttempt: 5 };
}
const encoded = (json: unknown) => Buffer.from(JSON.stringify(json)).toString("base64");
const body = Buffer.from(JSON.stringify(push({ data: encoded(gmail) })));

function ellipticKey(): string {
  return generateKeyPairSync("ec", { namedCurve: "P-256" })
    .publicKey.export({ type: "spki", format: "pem" })
    .toString();
}

let issuer: GoogleIssuer;
let google: Provider;
beforeAll(async () => {
  issuer = await GoogleIssuer.start();
  google = createGoogleProvider({ certificatesUrl: issuer.certificatesUrl });
});
afterAll(() => issuer.close());

/** The suite wants a provider when it is defined, and the issuer has an address only when it runs. */
const late: Provider = {
  ...createGoogleProvider({ certificatesUrl: "http://127.0.0.1:1/" }),
  verify: (request, proof) => google.verify(request, proof),
};

describe.each(["seed", "native"])("Google, scheme %s", (scheme) => {
  describeScheme({
    provider: late,
    scheme,
    settings,
    body,
    headers: (_, __, now) => ({ authorization: `Bearer ${issuer.mint({ audience, serviceAccountEmail, now })}` }),
    proofHeader: "authorization",
    sharedSecret: false,
    coversBody: false,
    // Not the last character: of that, base64url leaves bits unused.
    corruptProof: (value) =>
      value.replace(/(.)(.{9})$/, (_, changed: string, rest: string) => (changed === "A" ? "B" : "A") + rest),
  });
});

describe("Google's token", () => {
  const verify = (token: string, overrides: object = {}, now = contractNow) =>
    Promise.resolve().then(() =>
      google.verify(new DeliveryRequest(new Headers({ authorization: token }), body), {
        scheme: "seed",
        secrets: [],
        settings: { ...settings, ...overrides },
        toleranceSeconds: 300,
        now,
      }),
    );
  const mint = (claims: object = {}, header: object = {}) =>
    `Bearer ${issuer.mint({ audience, serviceAccountEmail, now: contractNow, claims: { ...claims }, header: { ...header } })}`;
  const reasonOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => "accepted",
      (error: unknown) => (error as { reason?: string }).reason,
    );

  it.each([
    ["another audience", { aud: "https://evil.example.com" }, "audience_mismatch"],
    ["a list of audiences", { aud: [audience] }, "audience_mismatch"],
    ["another service account", { email: "evil@project.iam.gserviceaccount.com" }, "service_account_mismatch"],
    ["an address that is not verified", { email_verified: false }, "service_account_mismatch"],
    ["no address", { email: undefined }, "service_account_mismatch"],
    ["another issuer", { iss: "https://evil.example.com" }, "token_invalid"],
    ["an end in the past", { iat: contractNow / 1000 - 7200, exp: contractNow / 1000 - 3600 }, "token_expired"],
  ])("is refused with %s", async (_, claims, reason) => {
    expect(await reasonOf(verify(mint(claims)))).toBe(reason);
  });

  it.each([
    ["no algorithm", { alg: "none" }],
    ["an HMAC", { alg: "HS256" }],
    ["another RSA algorithm", { alg: "RS512" }],
    ["a key that Google does not have", { kid: "made-up" }],
  ])("is refused with %s", async (_, header) => {
    expect(await reasonOf(verify(mint({}, header)))).toBe("token_invalid");
  });

  it("is refused where it is an HMAC with the public key, which everybody has", async () => {
    const signed = issuer.mint({ audience, serviceAccountEmail, now: contractNow, header: { alg: "HS256" } });
    const content = signed.split(".").slice(0, 2).join(".");
    const { certificate, keyId } = issuer.signingKey;
    const publicKey = createPublicKey(certificate).export({ type: "spki", format: "pem" });
    for (const key of [certificate, publicKey, keyId]) {
      const hmac = createHmac("sha256", key).update(content).digest("base64url");
      expect(await reasonOf(verify(`Bearer ${content}.${hmac}`))).toBe("token_invalid");
    }
  });

  it("is refused where it has no signature at all", async () => {
    const [header, claims] = issuer
      .mint({ audience, serviceAccountEmail, now: contractNow, header: { alg: "none" } })
      .split(".");
    for (const signature of ["", "AA"]) {
      expect(["token_malformed", "token_invalid"]).toContain(
        await reasonOf(verify(`Bearer ${header}.${claims}.${signature}`)),
      );
    }
  });

  it("is accepted from the issuer without its scheme, too", async () => {
    await expect(verify(mint({ iss: "accounts.google.com" }))).resolves.toBeDefined();
  });

  it.each(["Basic Zm9v", "Bearer", "Bearer x.y", "Bearer not.a.token"])("is not %j", async (header) => {
    expect(["token_missing", "token_malformed"]).toContain(await reasonOf(verify(header)));
  });

  it.each([
    [{}, {}],
    [{ aud: "https://evil.example.com" }, {}],
    [{ iss: "https://evil.example.com" }, {}],
    [{ iss: "accounts.google.com" }, {}],
    [{ exp: "soon" }, {}],
    [{ iat: undefined }, {}],
    [{ exp: undefined }, {}],
    [{ iat: contractNow / 1000 - 7200, exp: contractNow / 1000 - 3600 }, {}],
    [{ iat: contractNow / 1000 + 3600, exp: contractNow / 1000 + 7200 }, {}],
    [{ exp: contractNow / 1000 + 90_000 }, {}],
    [{}, { kid: "made-up" }],
    [{}, { kid: undefined }],
  ])("with the claims %j and the header %j is judged as google-auth-library judges it", async (claims, header) => {
    const token = issuer.mint({ audience, serviceAccountEmail, now: contractNow, claims, header });
    const issuers = ["accounts.google.com", "https://accounts.google.com"];
    jest.useFakeTimers({ now: contractNow, doNotFake: ["nextTick", "setImmediate", "setTimeout"] });
    const theirs = await new OAuth2Client()
      .verifySignedJwtWithCertsAsync(token, { ...issuer.certificates }, audience, issuers)
      .then(
        () => "accepted",
        () => "refused",
      )
      .finally(() => jest.useRealTimers());
    const ours = await reasonOf(verify(`Bearer ${token}`));
    expect(ours === "accepted" ? ours : "refused").toBe(theirs);
  });

  it("is worth nothing while the service account or the audience is not set", async () => {
    expect(await reasonOf(verify(mint(), { serviceAccountEmail: undefined }))).toBe("pending_verification");
    expect(await reasonOf(verify(mint(), { audience: undefined }))).toBe("pending_verification");
    expect(google.missingSettings?.({ scheme: "seed", audience })).toEqual(["serviceAccountEmail"]);
  });

  it("costs one fetch of the certificates, however many are verified at the same time", async () => {
    const own = await GoogleIssuer.start();
    google = createGoogleProvider({ certificatesUrl: own.certificatesUrl });
    const token = `Bearer ${own.mint({ audience, serviceAccountEmail, now: contractNow })}`;
    await Promise.all(Array.from({ length: 50 }, () => verify(token)));
    expect(own.fetches).toBe(1);
    own.rotate();
    const rotated = `Bearer ${own.mint({ audience, serviceAccountEmail, now: contractNow })}`;
    await verify(rotated, {}, contractNow + 61_000);
    expect(own.fetches).toBe(2);
    await own.close();
  });

  it("is neither accepted nor called wrong while the certificates cannot be had", async () => {
    google = createGoogleProvider({ certificatesUrl: "http://127.0.0.1:1/certs" });
    expect(await codeOf(verify(mint()))).toBe("keys_unavailable");
    google = createGoogleProvider({ certificatesUrl: issuer.certificatesUrl });
  });

  it.each([
    ["no object", "[]"],
    ["no key at all", "{}"],
    ["nothing readable", JSON.stringify({ a: 7, b: "not a key", c: null })],
    ["a key of another kind", JSON.stringify({ "key-1": ellipticKey() })],
  ])("is judged by RSA keys alone: an answer with %s is as good as none", async (_, answer) => {
    const own = await GoogleIssuer.start();
    own.respondWith((response) => response.writeHead(200, { "content-type": "application/json" }).end(answer));
    google = createGoogleProvider({ certificatesUrl: own.certificatesUrl });
    expect(await codeOf(verify(mint()))).toBe("keys_unavailable");
    google = createGoogleProvider({ certificatesUrl: issuer.certificatesUrl });
    await own.close();
  });

  it("is still accepted where one of the keys cannot be read", async () => {
    const own = await GoogleIssuer.start();
    const answer = JSON.stringify({ ...issuer.certificates, broken: "not a key" });
    own.respondWith((response) => response.writeHead(200, { "content-type": "application/json" }).end(answer));
    google = createGoogleProvider({ certificatesUrl: own.certificatesUrl });
    await expect(verify(mint())).resolves.toBeDefined();
    google = createGoogleProvider({ certificatesUrl: issuer.certificatesUrl });
    await own.close();
  });
});

describe("what Google sends", () => {
  const first = (content: unknown, headers?: Record<string, string>) => parseAs(late, content, headers).events[0];
  const cloudEvent = (type: string, data: object, subject = "//chat.googleapis.com/spaces/S") =>
    push({
      data: encoded(data),
      attributes: {
        "ce-id": "1",
        "ce-source": "//source",
        "ce-type": type,
        "ce-subject": subject,
        "ce-time": "2026-11-24T08:00:00Z",
        "ce-specversion": "1.0",
      },
    });

  it("Gmail: the mailbox changed, in the order of its history", () => {
    expect(parseAs(late, push({ data: encoded(gmail) }))).toMatchObject({
      deliveryId: "2070443601311540",
      events: [
        {
          entityType: "mailbox",
          eventType: "updated",
          entityId: "ada@example.com",
          nativeType: "gmail.history",
          version: { kind: "sequence", value: "9876543210" },
        },
      ],
    });
  });

  it.each([
    [
      "google.workspace.chat.message.v1.created",
      { message: { name: "spaces/S/messages/M" } },
      "message",
      "created",
      "spaces/S/messages/M",
    ],
    [
      "google.workspace.chat.membership.v1.deleted",
      { membership: { name: "spaces/S/members/1" } },
      "membership",
      "deleted",
      "spaces/S/members/1",
    ],
    ["google.workspace.chat.space.v1.updated", { space: { name: "spaces/S" } }, "space", "updated", "spaces/S"],
    ["google.workspace.drive.file.v3.contentChanged", { file: { id: "F1" } }, "file", "updated", "F1"],
    ["google.workspace.drive.file.v3.trashed", { file: { id: "F1" } }, "file", "deleted", "F1"],
    ["google.workspace.drive.file.v3.untrashed", { file: { id: "F1" } }, "file", "restored", "F1"],
    [
      "google.workspace.drive.accessProposal.v3.created",
      { accessProposal: { id: "P1" } },
      "access_proposal",
      "created",
      "P1",
    ],
    [
      "google.workspace.meet.recording.v2.fileGenerated",
      { recording: { name: "conferenceRecords/1/recordings/2" } },
      "recording",
      "created",
      "conferenceRecords/1/recordings/2",
    ],
    [
      "google.workspace.meet.conference.v2.ended",
      { conferenceRecord: { name: "conferenceRecords/1" } },
      "conference",
      "updated",
      "conferenceRecords/1",
    ],
    [
      "google.workspace.events.subscription.v1.expirationReminder",
      { subscription: { name: "subscriptions/1" } },
      "subscription",
      "occurred",
      "subscriptions/1",
    ],
  ])("%s", (type, data, entityType, eventType, entityId) => {
    expect(first(cloudEvent(type, data))).toMatchObject({ entityType, eventType, entityId, nativeType: type });
  });

  it.each([
    [{ data: { message: { name: "spaces/S/messages/M" } } }],
    [{ data_base64: encoded({ message: { name: "spaces/S/messages/M" } }) }],
  ])("a CloudEvent in structured mode, too: %j", (content) => {
    const type = "google.workspace.chat.message.v1.created";
    const structured = { specversion: "1.0", id: "1", source: "//s", type, time: "2026-11-24T08:00:00Z", ...content };
    const attributes = { "content-type": "application/cloudevents+json; charset=utf-8" };
    expect(parseAs(late, push({ data: encoded(structured), attributes }))).toMatchObject({
      deliveryId: "//s:1",
      events: [{ entityType: "message", entityId: "spaces/S/messages/M", occurredAt: "2026-11-24T08:00:00.000Z" }],
    });
    const untyped = { ...structured, type: 7 };
    expect(first(push({ data: encoded(untyped), attributes }))).toMatchObject({ entityType: "pubsub_message" });
  });

  it.each([
    ["google.workspace.chat.space.v1.updated", "//chat.googleapis.com/spaces/S", "spaces/S"],
    ["google.workspace.drive.file.v3.trashed", "//drive.googleapis.com/files/F1", "F1"],
  ])("%s without its resource is about what the subscription watches", (type, subject, entityId) => {
    expect(first(cloudEvent(type, {}, subject))).toMatchObject({ entityId, nativeType: type });
    expect(first(cloudEvent(type, {}, "//elsewhere/things/1"))).toMatchObject({ entityType: "pubsub_message" });
  });

  it("one event for each message of a batch", () => {
    const messages = ["M1", "M2"].map((name) => ({ message: { name } }));
    const { events } = parseAs(late, cloudEvent("google.workspace.chat.message.v1.batchCreated", { messages }));
    expect(events.map(({ entityId, eventType }) => `${entityId} ${eventType}`)).toEqual(["M1 created", "M2 created"]);
  });

  it.each([
    ["OBJECT_FINALIZE", "created"],
    ["OBJECT_METADATA_UPDATE", "updated"],
    ["OBJECT_DELETE", "deleted"],
    ["OBJECT_ARCHIVE", "deleted"],
  ])("Cloud Storage %s: an object was %s", (eventType, expected) => {
    const attributes = {
      eventType,
      bucketId: "b",
      objectId: "dir/o.txt",
      objectGeneration: "17",
      payloadFormat: "NONE",
    };
    expect(first(push({ attributes }))).toMatchObject({
      entityType: "object",
      eventType: expected,
      entityId: "b/dir/o.txt",
      nativeType: `storage.${eventType}`,
    });
  });

  it("Cloud Storage: the object's resource is the whole record, and no generation is no version", () => {
    const attributes = { eventType: "OBJECT_FINALIZE", bucketId: "b", objectId: "o", payloadFormat: "JSON_API_V1" };
    const resource = { kind: "storage#object", size: "7" };
    const event = first(push({ attributes, data: encoded(resource) }));
    expect(event).toMatchObject({ completeness: "full", data: resource });
    expect(event?.version).toMatchObject({ kind: "time" });
  });

  it("Drive: an access proposal, however Google spells it", () => {
    for (const resource of ["accessproposal", "accessProposal"]) {
      const event = first(cloudEvent(`google.workspace.drive.${resource}.v3.created`, { [resource]: { id: "P" } }));
      expect(event).toMatchObject({ entityType: "access_proposal", eventType: "created", entityId: "P" });
    }
  });

  it("says that something occurred where it does not know the word for it", () => {
    const event = first(
      cloudEvent("google.workspace.chat.message.v1.translated", { message: { name: "spaces/S/m/1" } }),
    );
    expect(event).toMatchObject({ eventType: "occurred", nativeAction: "translated" });
  });

  it("keeps the ordering key of a message, and takes a structured CloudEvent without a type for a plain message", () => {
    const attributes = { "content-type": "application/cloudevents+json" };
    const event = first(push({ attributes, data: encoded({ id: "1" }), orderingKey: "k" }));
    expect(event).toMatchObject({ entityType: "pubsub_message", data: { orderingKey: "k", json: { id: "1" } } });
  });

  it("Forms: a notice without its watch", () => {
    const event = first(push({ attributes: { eventType: "RESPONSES", formId: "F" } }));
    expect(event?.data).toEqual({ formId: "F" });
  });

  it("Forms: a response, or the form itself", () => {
    const forms = (eventType: string) => push({ attributes: { eventType, formId: "F", watchId: "W" } });
    expect(first(forms("RESPONSES"))).toMatchObject({ entityType: "form_response", eventType: "created" });
    expect(first(forms("SCHEMA"))).toMatchObject({ entityType: "form", eventType: "updated", entityId: "F" });
  });

  it.each([
    ["plain JSON", push({ data: encoded({ hello: "world" }) })],
    ["text", push({ data: Buffer.from("hello").toString("base64") })],
    ["binary data", push({ data: Buffer.from([0xff, 0xfe, 0]).toString("base64") })],
    ["attributes alone", push({ attributes: { a: "1" } })],
  ])("%s: a message, under its own id", (_, content) => {
    expect(first(content)).toMatchObject({
      entityType: "pubsub_message",
      eventType: "occurred",
      entityId: "2070443601311540",
      nativeType: "pubsub.message",
    });
  });

  it("unwrapped: the body is the data and the headers are the rest", () => {
    const headers = {
      "x-goog-pubsub-message-id": "77",
      "x-goog-pubsub-publish-time": "2026-11-24T08:00:00Z",
      "x-goog-pubsub-subscription-name": "projects/p/subscriptions/s",
    };
    expect(parseAs(late, gmail, headers)).toMatchObject({
      deliveryId: "77",
      events: [{ entityType: "mailbox", scope: "projects/p/subscriptions/s" }],
    });
  });

  it("takes either spelling of the message id", () => {
    const message = { message_id: "5", publish_time: "2026-11-24T08:00:00Z", data: encoded(gmail) };
    expect(parseAs(late, { message, subscription: "s" }).deliveryId).toBe("5");
  });

  it.each([[{}], [[]], [{ message: 7 }]])("unwrapped without metadata: %j is a message, told by its bytes", (shape) => {
    const entityId = `sha256:${createHash("sha256").update(JSON.stringify(shape)).digest("hex")}`;
    expect(parseAs(late, shape)).toMatchObject({ events: [{ entityType: "pubsub_message", entityId }] });
  });

  it("finds nothing in an empty body", () => {
    expect(parseAs(late, "")).toEqual({ events: [], ignored: "unknown_shape" });
  });
});

describe("Google's set-up steps", () => {
  it("ask for what is missing, and name the account and audience that are set", () => {
    const context = { webhookUrl: audience, scheme: "seed" };
    const bare = google.setupSteps({ ...context, settings: {}, missingSettings: ["serviceAccountEmail", "audience"] });
    expect(bare.filter((step) => step.includes("PATCH"))).toHaveLength(2);
    const complete = google.setupSteps({ ...context, settings, missingSettings: [] }).join(" ");
    expect(complete).toContain(`choose ${serviceAccountEmail}, and enter ${audience} as audience`);
    expect(complete).not.toContain("PATCH");
  });
});
