import { createHash, createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import { eventNameOf } from "../../shared/core/webhook-event";
import { twilio } from "../../shared/providers/twilio";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

const formType = { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" };
const jsonType = { "content-type": "application/json" };
const webhookUrl = "https://hooks.example.com/webhooks/webhook-1";
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

/** Twilio's algorithm, written anew. */
function signatureOf(secret: string, url: string, fields: readonly (readonly [string, string])[] = []): string {
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac("sha1", secret)
    .update(url + sorted.map(([name, value]) => name + value).join(""))
    .digest("base64");
}

const status = { MessageSid: "SM1", MessageStatus: "delivered", To: "+15551234567", Body: "Grüße & ☃ +1" };
const corruptProof = (value: string) => (value.startsWith("A") ? "B" : "A") + value.slice(1);

describe("Twilio's signature of a form", () => {
  describeScheme({
    provider: twilio,
    scheme: "native",
    body: Buffer.from(form(status)),
    url: () => webhookUrl,
    headers: (body, secret) => ({
      ...formType,
      "i-twilio-idempotency-token": "token-1",
      "x-twilio-signature": signatureOf(secret, webhookUrl, [...new URLSearchParams(body.toString())]),
    }),
    proofHeader: "x-twilio-signature",
    encoding: "base64",
    corruptProof,
  });
});

describe("Twilio's signature of JSON", () => {
  const urlOf = (body: Buffer) => `${webhookUrl}?bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
  const cloudEvent = {
    specversion: "1.0",
    type: "com.twilio.messaging.message.delivered",
    source: "AB1",
    id: "NO1",
    data: { messageSid: "SM1", messageStatus: "DELIVERED" },
  };
  describeScheme({
    provider: twilio,
    scheme: "native",
    body: Buffer.from(JSON.stringify([cloudEvent])),
    url: urlOf,
    headers: (body, secret) => ({ ...jsonType, "x-twilio-signature": signatureOf(secret, urlOf(body)) }),
    proofHeader: "x-twilio-signature",
    encoding: "base64",
    corruptProof,
  });
});

describe("Twilio's signature", () => {
  const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  const published = {
    CallSid: "CA1234567890ABCDE",
    Caller: "+14158675309",
    Digits: "1234",
    From: "+14158675309",
    To: "+18005551212",
  };
  const json = '{"property": "value", "boolean": true}';
  const hashed = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
  const repeated = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";

  function verify(signature: string, at: string, body: string, headers: Record<string, string> = formType) {
    const all = new Headers({ ...headers, "x-twilio-signature": signature });
    const proof = { scheme: "native", secrets: ["12345"], settings: {}, toleranceSeconds: 300, now: contractNow };
    return twilio.verify(new DeliveryRequest(all, Buffer.from(body), () => at), proof);
  }

  // From the tests of Twilio's own libraries (twilio-php `RequestValidatorTest`, twilio-python `test_request_validator`).
  it.each([
    ["a form", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", url, form(published), formType],
    ["a form, signed with the port", "kvajT1Ptam85bY51eRf/AJRuM3w=", url, form(published), formType],
    ["a form over http", "0ZXoZLH/DfblKGATFgpif+LLRf4=", url.replace("https", "http"), form(published), formType],
    [
      "a form to another port",
      "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
      url.replace(".com", ".com:1234"),
      form(published),
      formType,
    ],
    ["values of one name", "IK+Dwps556ElfBT0I3Rgjkr1wJU=", url, repeated, formType],
    ["JSON", "a9nBmqA0ju/hNViExpshrM61xv4=", `${url}&${hashed}`, json, jsonType],
    [
      "JSON without other parameters",
      "y77kIzt2vzLz71DgmJGsen2scGs=",
      `https://mycompany.com/myapp.php?${hashed}`,
      json,
      jsonType,
    ],
  ])("is the one that Twilio publishes for %s", (_, signature, at, body, headers) => {
    expect(verify(signature, at, body, headers)).toBeInstanceOf(DeliveryRequest);
  });

  it.each([
    ["another host", url.replace("mycompany", "yourcompany")],
    ["another path", url.replace("myapp", "yourapp")],
    ["another query", `${url}&baz=3`],
    ["no query", "https://mycompany.com/myapp.php"],
    ["another protocol", url.replace("https", "http")],
    ["no URL at all", ""],
  ])("is refused for %s", (_, at) => {
    expect(() => verify("RSOYDt4T1cUTdK1PDd93/VVr8B8=", at, form(published))).toThrow("signature_mismatch");
  });

  it("that covers no body is refused, although it is right", () => {
    expect(() => verify(signatureOf("12345", url), url, json, jsonType)).toThrow("content_unsigned");
    expect(() => verify(signatureOf("12345", url), url, json, {})).toThrow("content_unsigned");
    const twice = `${url}&${hashed}&${hashed}`;
    expect(() => verify(signatureOf("12345", twice), twice, json, jsonType)).toThrow("content_unsigned");
    const empty = `${url}&bodySHA256=`;
    expect(() => verify(signatureOf("12345", empty), empty, json, jsonType)).toThrow("content_unsigned");
  });

  it("of JSON is not taken for that of a form with another body", () => {
    const at = `${url}&${hashed}`;
    expect(() => verify("a9nBmqA0ju/hNViExpshrM61xv4=", at, form(published))).toThrow("signature_mismatch");
  });

  it("is made for the query as it was sent, not for what it stands for", () => {
    const at = `${webhookUrl}?q=a%20b+c%2F`;
    expect(verify(signatureOf("12345", at), at, "")).toBeInstanceOf(DeliveryRequest);
    expect(() => verify(signatureOf("12345", `${webhookUrl}?q=a+b+c/`), at, "")).toThrow("signature_mismatch");
  });
});

describe("Twilio's forms", () => {
  const parse = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    parseAs(twilio, form(fields), { ...formType, ...headers });

  it("tell what happened to what, under the idempotency token", () => {
    const fields = { ...status, AccountSid: "AC1" };
    expect(parse(fields, { "I-Twilio-Idempotency-Token": "token-1" })).toEqual({
      deliveryId: "token-1",
      events: [
        {
          entityType: "message",
          eventType: "updated",
          entityId: "SM1",
          nativeType: "message.delivered",
          nativeAction: "delivered",
          scope: "AC1",
          completeness: "partial",
          data: fields,
        },
      ],
    });
  });

  it.each([
    [{ MessageSid: "SM1", SmsStatus: "received", Body: "hi" }, "message.created", "SM1", "message.received"],
    [{ SmsSid: "SM1", SmsStatus: "sent" }, "message.updated", "SM1", "message.sent"],
    [{ MessageSid: "SM1" }, "message.updated", "SM1", "message"],
    [{ CallSid: "CA1", CallStatus: "initiated" }, "call.created", "CA1", "call.initiated"],
    [{ CallSid: "CA1", CallStatus: "ringing", Direction: "inbound" }, "call.created", "CA1", "call.ringing"],
    [{ CallSid: "CA1", CallStatus: "ringing", Direction: "outbound-api" }, "call.updated", "CA1", "call.ringing"],
    [{ CallSid: "CA1", CallStatus: "in-progress" }, "call.updated", "CA1", "call.in-progress"],
    [{ CallSid: "CA1", CallStatus: "no answer!" }, "call.updated", "CA1", "call"],
    [
      { CallSid: "CA1", RecordingSid: "RE1", RecordingStatus: "completed" },
      "recording.updated",
      "RE1",
      "recording.completed",
    ],
    [
      { CallSid: "CA1", ConferenceSid: "CF1", StatusCallbackEvent: "conference-start" },
      "conference.created",
      "CF1",
      "conference.conference-start",
    ],
    [
      { EventType: "onMessageAdded", MessageSid: "IM1", ConversationSid: "CH1" },
      "message.created",
      "IM1",
      "conversations.onMessageAdded",
    ],
    [
      { EventType: "onConversationRemoved", ConversationSid: "CH1" },
      "conversation.deleted",
      "CH1",
      "conversations.onConversationRemoved",
    ],
    [
      { EventType: "onConversationStateUpdated", ConversationSid: "CH1" },
      "conversation.updated",
      "CH1",
      "conversations.onConversationStateUpdated",
    ],
    [
      { EventType: "onDeliveryUpdated", MessageSid: "IM1", ConversationSid: "CH1" },
      "message.updated",
      "IM1",
      "conversations.onDeliveryUpdated",
    ],
    [
      { EventType: "onParticipantAdded", ParticipantSid: "MB1", ConversationSid: "CH1" },
      "participant.created",
      "MB1",
      "conversations.onParticipantAdded",
    ],
  ])("with %j are %s of %s", (fields, eventName, entityId, nativeType) => {
    const { events } = parse(fields);
    expect(events.map(eventNameOf)).toEqual([eventName]);
    expect(events).toMatchObject([{ entityId, nativeType }]);
  });

  it("of a call are put in order by their number", () => {
    expect(parse({ CallSid: "CA1", SequenceNumber: "3" }).events[0]?.version).toEqual({ kind: "sequence", value: "3" });
    expect(parse({ CallSid: "CA1", SequenceNumber: "third" }).events[0]).not.toHaveProperty("version");
  });

  it.each([
    [{}],
    [{ Body: "hi" }],
    [{ MessageSid: "" }],
    [{ MessageSid: "x".repeat(2000) }],
    [{ EventType: "onNothing" }],
  ])("are none with %j", (fields) => {
    expect(parse(fields)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Twilio's Event Streams", () => {
  const cloudEvent = (type: string, data: object) => ({ specversion: "1.0", type, source: "AB1", id: "NO1", data });

  it.each([
    ["com.twilio.messaging.message.delivered", { messageSid: "SM1" }, "message.occurred", "SM1"],
    ["com.twilio.voice.status-callback.call.completed", { call_sid: "CA1" }, "call.occurred", "CA1"],
    ["com.twilio.conversations.participant.updated", { ParticipantSid: "MB1" }, "participant.updated", "MB1"],
    ["com.twilio.messaging.message.sent", { messageSid: 7.5 }, "message.occurred", "NO1"],
    ["com.twilio.errorlogs.error.logged", {}, "error.occurred", "NO1"],
  ])("of the type %s with %j are %s of %s", (type, data, eventName, entityId) => {
    for (const body of [[cloudEvent(type, data)], cloudEvent(type, data)]) {
      const { events, deliveryId } = parseAs(twilio, body, jsonType);
      expect(deliveryId).toBe("AB1 NO1");
      expect(events.map(eventNameOf)).toEqual([eventName]);
      expect(events).toMatchObject([{ entityId, nativeType: type, idScope: undefined }]);
    }
  });

  it.each([
    ["no JSON", "{"],
    ["{}", {}],
    ["a list of nothing", [null]],
    ["no entity", [cloudEvent("...", {})]],
  ])("are none in %s", (_, body) => {
    expect(parseAs(twilio, body, jsonType)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Twilio's set-up steps", () => {
  it("ask for the Auth Token and insist on the URL", () => {
    const context = { webhookUrl, scheme: "native", settings: {}, missingSettings: [] };
    const steps = twilio.setupSteps(context).join("\n");
    expect(steps).toContain("Auth Token");
    expect(steps).toContain(`Enter ${webhookUrl} exactly`);
  });
});
