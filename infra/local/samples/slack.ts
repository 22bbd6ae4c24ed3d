import { randomUUID } from "node:crypto";
import { type Content, hmacHex, jsonContent, type SampleProvider, unixSeconds } from "./sample";

const CHANNEL = "C123ABC456";
const USER = "U123ABC456";
/** One message all along, so that the events tell a story. */
const MESSAGE = { type: "message", user: USER, text: "Live long and prosper.", ts: "1700000000.000100" };
const EDITED = { ...MESSAGE, text: "Live longer and prosper." };

/** A message and what happens to it, and the check of the URL. */
export const slackSamples: SampleProvider = {
  integrationId: "slack",
  schemes: ["seed", "native"],
  events: new Map([
    ["message", () => callback({ ...MESSAGE, channel: CHANNEL, channel_type: "channel" })],
    ["message_changed", () => subtype("message_changed", { message: EDITED, previous_message: MESSAGE })],
    ["message_deleted", () => subtype("message_deleted", { deleted_ts: MESSAGE.ts, previous_message: EDITED })],
    ["reaction_added", () => callback({ type: "reaction_added", user: USER, reaction: "vulcan_salute", ...reacted })],
    ["app_mention", () => callback({ ...MESSAGE, type: "app_mention", text: "<@U0LAN0Z89> hello", channel: CHANNEL })],
    ["url_verification", urlVerification],
  ]),
  sign: ({ body }, { secret }) => {
    const timestamp = String(unixSeconds());
    const signature = `v0=${hmacHex(secret, `v0:${timestamp}:`, body)}`;
    return { headers: { "x-slack-request-timestamp": timestamp, "x-slack-signature": signature } };
  },
};

const reacted = { item_user: USER, item: { type: "message", channel: CHANNEL, ts: MESSAGE.ts } };

function callback(event: object): Content {
  return jsonContent({
    type: "event_callback",
    team_id: "T123ABC456",
    api_app_id: "A123ABC456",
    event: { ...event, event_ts: slackTime() },
    event_id: `Ev${randomUUID().replaceAll("-", "").toUpperCase()}`,
    event_time: unixSeconds(),
  });
}

/** A message about a message, which has a time of its own. */
function subtype(name: string, fields: object): Content {
  const about = { type: "message", subtype: name, hidden: true, channel: CHANNEL, channel_type: "channel" };
  return callback({ ...about, ts: slackTime(), ...fields });
}

function urlVerification(): Content {
  return { ...jsonContent({ type: "url_verification", challenge: randomUUID() }), isHandshake: true };
}

/** Seconds with six decimals, as Slack writes times. */
function slackTime(): string {
  return (Date.now() / 1000).toFixed(6);
}
