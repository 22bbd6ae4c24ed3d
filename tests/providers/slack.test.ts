import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { ParsedDelivery } from "../../shared/core/provider";
import { eventNameOf } from "../../shared/core/webhook-event";
import { slack } from "../../shared/providers/slack";
import { slackEvents } from "../../shared/providers/slack-events";
import { trust } from "../../shared/providers/trust";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

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
  return parseAs(slack, envelope(event, differences));
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

/** The catalogue, a line an event: type[.subtype of a message] | other fields | entityType.eventType | entityId. */
const catalogue = readFileSync(join(__dirname, "../fixtures/slack/events.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | "));

describe("Slack's events", () => {
  it.each(catalogue)("reads %s %s as %s of %s", (nativeType = "", fields = "", eventName, entityId) => {
    const [type, subtype] = nativeType.split(".");
    const { events, deliveryId } = parse({ type, subtype, ...JSON.parse(fields) });
    expect(deliveryId).toBe(EVENT_ID);
    expect(events).toMatchObject([{ entityId, nativeType, scope: "T1", idScope: "T1" }]);
    expect(events.map((event) => [eventNameOf(event), event.nativeAction])).toEqual([[eventName, subtype]]);
  });

  it("are all in that list", () => {
    const typesOf = (names: Iterable<string | undefined>) =>
      new Set([...names].map((name) => name?.replace(/\..*/, "")));
    const listed = typesOf(catalogue.map(([nativeType]) => nativeType));
    expect([...typesOf(slackEvents.keys())].sort()).toEqual([...listed].sort());
  });

  it.each([
    ["canvas_created", { id: "Cv1", channel: "C1" }, "created", "Cv1"],
    ["canvas_deleted", { channel: { id: "C1" } }, "deleted", "C1"],
    ["canvas_changed", { channel: "C1", ts: "1.5" }, "updated", "C1:1.5"],
    ["canvas_restored", { user: "U1" }, "restored", "U1"],
    ["canvas_polished", {}, "occurred", EVENT_ID],
  ])("that are new are read by their name: %s %j as %s of %s", (type, fields, eventType, entityId) => {
    const expected = { entityType: type, eventType, entityId, nativeType: type, completeness: "hint" };
    expect(parse({ type, ...fields }).events).toMatchObject([expected]);
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
      version: { kind: "time", value: 1_795_510_001_000.2 },
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
    ["1795510001.123456", 1_795_510_001_123.456],
    ["1795510001123456", 1_795_510_001_123.456],
    ["1795510001.12", 1_795_510_001_120],
    ["1795510001", 1_795_510_001_000],
    ["soon", EVENT_TIME * 1000],
    [undefined, EVENT_TIME * 1000],
  ])("reads the event time %j as milliseconds, for deletions too", (event_ts, value) => {
    const [event] = parse({ type: "file_deleted", file_id: "F1", event_ts }).events;
    expect(event?.version).toEqual({ kind: "time", value });
    expect(event?.occurredAt).toBe(new Date(value).toISOString());
  });

  it("does without the team where Slack names none", () => {
    const [event] = parse({ type: "file_deleted", file_id: "F1" }, { team_id: undefined }).events;
    expect(event?.scope).toBeUndefined();
    expect(event?.idScope).toBeUndefined();
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
    expect(slack.parse(trust(requestOf(body)), contractNow)).toEqual({
      events: [],
      ignored: "app_rate_limited",
      notices: ["events_dropped"],
    });
  });

  it.each([
    ["app_uninstalled", {}, ["app_uninstalled"]],
    ["tokens_revoked", { tokens: { oauth: ["U1"] } }, ["tokens_revoked"]],
    ["team_rename", {}, undefined],
  ])("tells the owner what becomes of the connection: %s", (type, fields, notices) => {
    const parsed = parse({ type, ...fields });
    expect(parsed.events).toHaveLength(1);
    expect(parsed.notices).toEqual(notices);
  });

  it.each([
    [
      { "x-slack-retry-num": "2", "x-slack-retry-reason": "http_timeout" },
      { number: 2, reason: "http_timeout" },
    ],
    [{ "x-slack-retry-num": "1" }, { number: 1 }],
    [{ "x-slack-retry-num": "1", "x-slack-retry-reason": "<b>" }, { number: 1 }],
    [{ "x-slack-retry-num": "0" }, undefined],
    [{ "x-slack-retry-num": "many", "x-slack-retry-reason": "http_error" }, undefined],
    [{}, undefined],
  ])("notes the attempt that the headers %j tell, and parses all the same", (headers, attempt) => {
    const parsed = parseAs(slack, envelope({ type: "message", channel: "C1", ts: "1.5" }), headers);
    expect(parsed.attempt).toEqual(attempt);
    expect(parsed.events).toHaveLength(1);
  });
});

describe("Slack's url_verification", () => {
  const verification = (challenge: unknown): DeliveryRequest =>
    requestOf(JSON.stringify({ type: "url_verification", token: "old", challenge }));

  it("is answered with its challenge, and is no event", () => {
    const request = trust(verification("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"));
    expect(slack.handshake?.(request)).toMatchObject({
      status: 200,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    });
    expect(slack.parse(request, contractNow)).toEqual({ events: [] });
  });

  it("is answered before anything is verified, as text that no browser sniffs, and offers no secret", () => {
    const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
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

describe("Slack's set-up steps", () => {
  const webhookUrl = "https://hooks.example.com/webhooks/whr_1";
  const stepsFor = (scheme: string) =>
    slack.setupSteps({ webhookUrl, scheme, settings: { scheme }, missingSettings: [] }).join("\n");

  it.each(slack.schemes)("give the URL to enter, scheme %s", (scheme) => {
    expect(stepsFor(scheme)).toContain(`enter ${webhookUrl} as Request URL`);
  });

  it("ask for the signing secret where there is only one of ours", () => {
    expect(stepsFor("seed")).toContain("copy Basic Information > App Credentials > Signing Secret");
    expect(stepsFor("native")).not.toContain("copy");
  });
});
