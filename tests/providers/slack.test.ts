import { createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { ParsedDelivery } from "../../shared/core/provider";
import { slack } from "../../shared/providers/slack";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";

const EVENT_ID = "Ev0PV52K25";
const EVENT_TIME = 1_795_510_000;

function requestOf(body: string, contentType = "application/json"): DeliveryRequest {
  return new DeliveryRequest(new Headers({ "Content-Type": contentType }), Buffer.from(body));
}

function envelope(event: object, differences: object = {}): string {
  const ids = { team_id: "T1", api_app_id: "A1", event_id: EVENT_ID, event_time: EVENT_TIME };
  return JSON.stringify({ type: "event_callback", ...ids, event, ...differences });
}

function parse(event: object, differences: object = {}): ParsedDelivery {
  return slack.parse(trust(requestOf(envelope(event, differences))), contractNow);
}

for (const scheme of slack.schemes) {
  describe(`Slack's scheme ${scheme}`, () => {
    describeScheme({
      provider: slack,
      scheme,
      body: Buffer.from(envelope({ type: "message", channel: "C1", ts: "1795510000.000100", text: "Grüße ☃" })),
      headers: (body, secret, now) => {
        const time = String(now / 1000);
        const base = Buffer.concat([Buffer.from(`v0:${time}:`), body]);
        const hex = createHmac("sha256", secret).update(base).digest("hex");
        return { "x-slack-signature": `v0=${hex}`, "x-slack-request-timestamp": time };
      },
      proofHeader: "x-slack-signature",
      timestampHeader: "x-slack-request-timestamp",
      corruptProof: (value) => value.slice(0, -1) + (value.endsWith("0") ? "1" : "0"),
    });
  });
}

describe("Slack's signature", () => {
  it("is the one that Slack publishes as an example", () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      "X-Slack-Request-Timestamp": "1531420618",
    };
    const request = new DeliveryRequest(new Headers(headers), Buffer.from(body));
    const proof = {
      scheme: "native",
      secrets: ["8f742231b10e8888abcd99yyyzzz85a5"],
      settings: { scheme: "native" },
      toleranceSeconds: 300,
      now: 1_531_420_618_000,
    };
    expect(slack.verify(request, proof)).toBe(request);
  });
});

type Case = [
  event: { type: string; [field: string]: unknown },
  entityType: string,
  eventType: string,
  entityId: string,
  nativeType: string,
];

/** Event types that share a row of the catalogue: each is read alike. */
function alike(types: string, fields: object, entityType: string, eventType: string, entityId: string): Case[] {
  return types.split(" ").map((type) => [{ type, ...fields }, entityType, eventType, entityId, type]);
}

function ofMessage(subtype: string, fields: object, eventType: string): Case {
  const event = { type: "message", subtype, channel: "C1", ...fields };
  return [event, "message", eventType, "C1:1.5", `message.${subtype}`];
}

const item = { type: "message", channel: "C1", ts: "1.5", message: { ts: "1.5" } };
const reaction = { user: "U1", reaction: "tada", item };

const cases: Case[] = [
  ...alike("message app_mention", { channel: "C1", ts: "1.5" }, "message", "created", "C1:1.5"),
  ...["bot_message", "file_share", "me_message", "thread_broadcast", "channel_join", "channel_topic"].map((subtype) =>
    ofMessage(subtype, { ts: "1.5" }, "created"),
  ),
  ofMessage("message_changed", { message: { ts: "1.5" }, ts: "2.5" }, "updated"),
  ofMessage("message_replied", { message: { ts: "1.5" }, ts: "2.5" }, "updated"),
  ofMessage("message_deleted", { deleted_ts: "1.5", ts: "2.5" }, "deleted"),
  ...alike("reaction_added", reaction, "reaction", "created", "C1:1.5:tada:U1"),
  ...alike("reaction_removed", reaction, "reaction", "deleted", "C1:1.5:tada:U1"),
  ...alike("reaction_added", { ...reaction, item: { file: "F1" } }, "reaction", "created", "F1:tada:U1"),

  ...alike("channel_created im_created", { channel: { id: "C1" } }, "channel", "created", "C1"),
  ...alike("channel_deleted group_deleted", { channel: "C1" }, "channel", "deleted", "C1"),
  ...alike("channel_rename group_rename", { channel: { id: "C1" } }, "channel", "updated", "C1"),
  ...alike(
    "channel_archive channel_unarchive channel_shared channel_unshared channel_left channel_history_changed",
    { channel: "C1" },
    "channel",
    "updated",
    "C1",
  ),
  ...alike(
    "group_archive group_unarchive group_left group_history_changed",
    { channel: "C1" },
    "channel",
    "updated",
    "C1",
  ),
  ...alike("group_open group_close im_open im_close im_history_changed", { channel: "C1" }, "channel", "updated", "C1"),
  ...alike("channel_id_changed", { old_channel_id: "G1", new_channel_id: "C1" }, "channel", "updated", "C1"),
  ...alike("member_joined_channel", { channel: "C1", user: "U1" }, "channel_member", "created", "C1:U1"),
  ...alike("member_left_channel", { channel: "C1", user: "U1" }, "channel_member", "deleted", "C1:U1"),
  ...alike("pin_added", { channel_id: "C1", item }, "pin", "created", "C1:1.5"),
  ...alike("pin_removed", { channel_id: "C1", item }, "pin", "deleted", "C1:1.5"),
  ...alike("star_added", { user: "U1", item }, "star", "created", "C1:1.5"),
  ...alike("star_removed", { user: "U1", item }, "star", "deleted", "C1:1.5"),

  ...alike("file_created", { file_id: "F1", file: { id: "F1" } }, "file", "created", "F1"),
  ...alike("file_deleted", { file_id: "F1" }, "file", "deleted", "F1"),
  ...alike("file_shared file_change file_public file_unshared", { file_id: "F1" }, "file", "updated", "F1"),
  ...alike("file_change", { file: { id: "F1" } }, "file", "updated", "F1"),

  ...alike("team_join", { user: { id: "U1" } }, "user", "created", "U1"),
  ...alike(
    "user_change user_profile_changed user_status_changed user_huddle_changed",
    { user: { id: "U1" } },
    "user",
    "updated",
    "U1",
  ),
  ...alike("dnd_updated dnd_updated_user", { user: "U1" }, "user", "updated", "U1"),
  ...alike("subteam_created", { subteam: { id: "S1" } }, "usergroup", "created", "S1"),
  ...alike("subteam_updated", { subteam: { id: "S1" } }, "usergroup", "updated", "S1"),
  ...alike(
    "subteam_members_changed subteam_self_added subteam_self_removed",
    { subteam_id: "S1" },
    "usergroup",
    "updated",
    "S1",
  ),
  [{ type: "emoji_changed", subtype: "add", name: "party" }, "emoji", "created", "party", "emoji_changed"],
  [{ type: "emoji_changed", subtype: "remove", names: ["party"] }, "emoji", "deleted", "party", "emoji_changed"],
  [
    { type: "emoji_changed", subtype: "rename", old_name: "a", new_name: "b" },
    "emoji",
    "updated",
    "b",
    "emoji_changed",
  ],
  ...alike("team_rename team_domain_change email_domain_changed", {}, "team", "updated", "T1"),
  ...alike("grid_migration_started grid_migration_finished", { enterprise_id: "E1" }, "team", "updated", "T1"),
  ...alike("team_access_granted", { team_ids: ["T2"] }, "team_access", "created", "T2"),
  ...alike("team_access_revoked", { team_ids: ["T2"] }, "team_access", "deleted", "T2"),
  ...alike("app_home_opened", { user: "U1", channel: "D1" }, "app_home", "occurred", "U1"),
  ...alike("app_uninstalled", {}, "app", "deleted", "A1"),
  ...alike("tokens_revoked", { tokens: { oauth: ["U1"], bot: ["U2"] } }, "token", "deleted", "U1"),
  ...alike("tokens_revoked", { tokens: { bot: ["U2"] } }, "token", "deleted", "U2"),
  ...alike("link_shared", { channel: "COMPOSER", message_ts: "1.5" }, "link", "occurred", "COMPOSER:1.5"),
  ...alike("message_metadata_posted", { channel_id: "C1", message_ts: "1.5" }, "message_metadata", "created", "C1:1.5"),
  ...alike(
    "message_metadata_updated",
    { channel_id: "C1", message_ts: "1.5" },
    "message_metadata",
    "updated",
    "C1:1.5",
  ),
  ...alike(
    "message_metadata_deleted",
    { channel_id: "C1", message_ts: "1.5" },
    "message_metadata",
    "deleted",
    "C1:1.5",
  ),
  ...alike("function_executed", { function_execution_id: "Fx1" }, "function", "occurred", "Fx1"),
  ...alike("workflow_published workflow_unpublished", { workflow_id: "Wf1" }, "workflow", "updated", "Wf1"),
  ...alike("workflow_deleted", { workflow_id: "Wf1" }, "workflow", "deleted", "Wf1"),
  ...alike(
    "assistant_thread_started",
    { assistant_thread: { channel_id: "D1", thread_ts: "1.5" } },
    "assistant_thread",
    "created",
    "D1:1.5",
  ),
  ...alike(
    "assistant_thread_context_changed",
    { assistant_thread: { channel_id: "D1", thread_ts: "1.5" } },
    "assistant_thread",
    "updated",
    "D1:1.5",
  ),
  ...alike("shared_channel_invite_received", { invite: { id: "I1" } }, "shared_channel_invite", "created", "I1"),
  ...alike(
    "shared_channel_invite_accepted shared_channel_invite_approved shared_channel_invite_declined",
    { invite: { id: "I1" } },
    "shared_channel_invite",
    "updated",
    "I1",
  ),
  ...alike("app_requested", { app_request: { id: "Ar1" } }, "app_request", "created", "Ar1"),
  ...alike("invite_requested", { invite_request: { id: "Ir1" } }, "invite_request", "created", "Ir1"),
  ...alike("call_rejected", { call_id: "R1" }, "call", "updated", "R1"),

  ...alike("canvas_created", { id: "Cv1" }, "canvas_created", "created", "Cv1"),
  ...alike("canvas_deleted", { channel: { id: "C1" } }, "canvas_deleted", "deleted", "C1"),
  ...alike("canvas_restored", { user: "U1" }, "canvas_restored", "restored", "U1"),
  ...alike("canvas_polished", {}, "canvas_polished", "updated", "T1"),
];

describe("Slack's events", () => {
  it.each(cases)("reads %j as %s.%s of %s (%s)", (event, entityType, eventType, entityId, nativeType) => {
    const { events, deliveryId } = parse(event);
    expect(deliveryId).toBe(EVENT_ID);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ entityType, eventType, entityId, nativeType, scope: "T1", idScope: "T1" });
  });

  it("takes a new message along as it is, without the old verification token", () => {
    const event = {
      type: "message",
      channel: "C1",
      ts: "1795510001.000200",
      text: "Hello",
      event_ts: "1795510001.000200",
    };
    expect(parse({ ...event, token: "old" }, { token: "old" }).events[0]).toEqual({
      entityType: "message",
      eventType: "created",
      entityId: "C1:1795510001.000200",
      nativeType: "message",
      occurredAt: new Date(1_795_510_001_000).toISOString(),
      version: { kind: "time", value: 1_795_510_001_000 },
      scope: "T1",
      idScope: "T1",
      completeness: "full",
      data: event,
    });
  });

  it("takes a changed message from within the event and adds its channel", () => {
    const message = { type: "message", ts: "1.5", text: "Hello again" };
    const [event] = parse({ type: "message", subtype: "message_changed", channel: "C1", ts: "2.5", message }).events;
    expect(event).toMatchObject({ nativeAction: "message_changed", completeness: "full" });
    expect(event?.data).toEqual({ ...message, channel: "C1" });
  });

  it("does not keep what a deleted message said", () => {
    const fields = { channel: "C1", deleted_ts: "1.5", previous_message: { text: "secret" } };
    const [event] = parse({ type: "message", subtype: "message_deleted", ...fields }).events;
    expect(event).toMatchObject({ completeness: "hint", data: { channel: "C1", deleted_ts: "1.5" } });
    expect(event?.data).not.toHaveProperty("previous_message");
  });

  it("calls an event a hint where the record in it is missing", () => {
    expect(parse({ type: "user_change", user: "U1" }).events[0]).toMatchObject({
      entityId: "U1",
      completeness: "hint",
    });
    expect(parse({ type: "user_change", user: { id: "U1" } }).events[0]?.completeness).toBe("full");
  });

  it("never passes on the token of a function", () => {
    const fields = { function_execution_id: "Fx1", bot_access_token: "xwfp-1", inputs: { secret: "s" } };
    expect(parse({ type: "function_executed", ...fields }).events[0]?.data).toEqual({ function_execution_id: "Fx1" });
    expect(parse({ type: "canvas_created", id: "Cv1", bot_access_token: "xwfp-1" }).events[0]?.data).toEqual({
      type: "canvas_created",
      id: "Cv1",
    });
  });

  it.each([
    ["1795510001.123456", 1_795_510_001_123],
    ["1795510001123456", 1_795_510_001_123],
    ["1795510001", 1_795_510_001_000],
    ["soon", EVENT_TIME * 1000],
    [undefined, EVENT_TIME * 1000],
  ])("reads the event time %j as milliseconds, for deletions too", (event_ts, value) => {
    const [event] = parse({ type: "file_deleted", file_id: "F1", event_ts }).events;
    expect(event?.version).toEqual({ kind: "time", value });
  });

  it("states no time where Slack states none", () => {
    const [event] = parse({ type: "file_deleted", file_id: "F1" }, { event_time: undefined }).events;
    expect(event).not.toHaveProperty("version");
  });

  it.each([
    ["no JSON"],
    ["[]"],
    ["{}"],
    ['{"type":"event_callback"}'],
    ['{"type":"event_callback","event":{"type":"message"}}'],
    ['{"type":"event_callback","event":{"type":"not a name","id":"1"}}'],
    ['{"type":"else","event":{"type":"message","channel":"C1","ts":"1.5"}}'],
  ])("finds nothing in %s, and says so", (body) => {
    expect(slack.parse(trust(requestOf(body)), contractNow)).toEqual({ events: [], ignored: "unknown_shape" });
  });

  it("says when Slack limits the rate of events", () => {
    const body = '{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820}';
    expect(slack.parse(trust(requestOf(body)), contractNow)).toEqual({ events: [], ignored: "app_rate_limited" });
  });

  it.each(["payload=%7B%7D", "command=%2Fhi&text=", "ssl_check=1"])("leaves the form %s to others", (body) => {
    const request = trust(requestOf(body, "application/x-www-form-urlencoded"));
    expect(slack.parse(request, contractNow)).toEqual({ events: [], ignored: "interactivity" });
  });
});

describe("Slack's url_verification", () => {
  const verification = (challenge: unknown): DeliveryRequest =>
    requestOf(JSON.stringify({ type: "url_verification", token: "old", challenge }));

  it("is answered with its challenge, and is no event", () => {
    const request = trust(verification("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"));
    expect(slack.handshake?.(request)).toMatchObject({
      status: 200,
      headers: { "content-type": "text/plain" },
      body: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    });
    expect(slack.parse(request, contractNow)).toEqual({ events: [] });
  });

  it("is answered before anything is verified, as text that no browser sniffs, and offers no secret", () => {
    const headers = { "content-type": "text/plain", "x-content-type-options": "nosniff" };
    const challenge = "c".repeat(256);
    expect(slack.openHandshake?.(verification(challenge))).toEqual({
      reply: { status: 200, headers, body: challenge },
    });
  });

  it.each([["c".repeat(257)], [""], [7], [null], [{ a: 1 }]])(
    "is not answered unverified with the challenge %j",
    (challenge) => {
      expect(slack.openHandshake?.(verification(challenge))).toBeUndefined();
    },
  );

  it("is the only handshake", () => {
    const request = requestOf(envelope({ type: "message", channel: "C1", ts: "1.5", challenge: "c" }));
    expect(slack.openHandshake?.(request)).toBeUndefined();
    expect(slack.handshake?.(trust(request))).toBeUndefined();
  });
});

it("tells the operator of Slack the URL to enter", () => {
  const context = { scheme: "seed", settings: { scheme: "seed" }, missingSettings: [] };
  const steps = slack.setupSteps({ ...context, webhookUrl: "https://hooks.example.com/webhooks/whr_1" });
  expect(steps.join("\n")).toContain("https://hooks.example.com/webhooks/whr_1");
});
