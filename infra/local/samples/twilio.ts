import { createHash, createHmac, randomUUID } from "node:crypto";
import { type Content, jsonContent, type Proof, type SampleProvider, type Signing } from "./sample";

const ACCOUNT = "AC1234567890abcdef1234567890abcdef";
const MESSAGE = "SM1234567890abcdef1234567890abcdef";
const CALL = "CA1234567890abcdef1234567890abcdef";
const parties = { From: "+14155550100", To: "+14155550199" };

/** An SMS, a call, and an event of Event Streams, which is JSON (twilio.com/docs/usage/webhooks/webhooks-security). */
export const twilioSamples: SampleProvider = {
  integrationId: "twilio",
  schemes: ["native"],
  events: new Map([
    ["message.received", () => form({ MessageSid: MESSAGE, SmsStatus: "received", ...parties, Body: "Grüße & ☃" })],
    ["message.delivered", () => form({ MessageSid: MESSAGE, MessageStatus: "delivered", ...parties })],
    ["call.completed", () => form({ CallSid: CALL, CallStatus: "completed", ...parties, Direction: "inbound" })],
    ["event_stream", () => jsonContent([streamed()])],
  ]),
  sign,
};

function form(fields: Readonly<Record<string, string>>): Content {
  const body = Buffer.from(
    new URLSearchParams({ AccountSid: ACCOUNT, ApiVersion: "2010-04-01", ...fields }).toString(),
  );
  const type = "application/x-www-form-urlencoded; charset=UTF-8";
  const headers = { "content-type": type, "i-twilio-idempotency-token": randomUUID() };
  return { body, headers, acknowledgement: "<Response/>" };
}

function streamed(): object {
  return {
    specversion: "1.0",
    type: "com.twilio.messaging.message.delivered",
    source: `/2010-04-01/Accounts/${ACCOUNT}/Messages/${MESSAGE}.json`,
    id: `EZ${randomUUID().replaceAll("-", "")}`,
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data: { accountSid: ACCOUNT, messageSid: MESSAGE, messageStatus: "DELIVERED" },
  };
}

/** HMAC-SHA1 over the URL and the form's parameters, sorted; JSON is covered by its hash in the query. */
function sign({ body, headers }: Content, { secret, webhookUrl }: Signing): Proof {
  const isForm = headers["content-type"]?.includes("form-urlencoded") === true;
  const query = isForm ? "" : `?bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
  const parameters = isForm ? [...new URLSearchParams(body.toString("utf8"))] : [];
  const text = parameters.sort(([one], [other]) => (one < other ? -1 : 1)).flat();
  const signature = createHmac("sha1", secret)
    .update([`${webhookUrl}${query}`, ...text].join(""))
    .digest("base64");
  return { headers: { "x-twilio-signature": signature }, query };
}
