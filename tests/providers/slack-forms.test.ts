import { DeliveryRequest } from "../../shared/core/delivery-request";
import { slack } from "../../shared/providers/slack";
import { parseForm } from "../../shared/providers/slack-forms";
import { parseAs } from "../support/parse";

const parse = (fields: Record<string, string>) =>
  parseForm(new DeliveryRequest(new Headers(), Buffer.from(new URLSearchParams(fields).toString())));
const interaction = (payload: unknown) => parse({ payload: JSON.stringify(payload) });

describe("an interaction", () => {
  it("is told by its trigger, keeps its time and loses its credentials", () => {
    const actions = [{ action_id: "a", action_ts: "1795510002.000300" }];
    const payload = { type: "block_actions", trigger_id: "t.1", team: { id: "T1" }, token: "x", actions };
    expect(interaction(payload)).toEqual({
      deliveryId: "interaction:t.1",
      events: [
        {
          entityType: "interaction",
          eventType: "occurred",
          entityId: "t.1",
          nativeType: "interaction.block_actions",
          nativeAction: "block_actions",
          occurredAt: new Date(1_795_510_002_000).toISOString(),
          version: { kind: "time", value: 1_795_510_002_000.3 },
          scope: "T1",
          idScope: "T1",
          completeness: "full",
          onlyByName: true,
          data: { type: "block_actions", team: { id: "T1" }, actions },
        },
      ],
    });
  });

  it("is told by the state of its view, or by its time, where there is no trigger", () => {
    const closed = { type: "view_closed", view: { id: "V1", hash: "h1" } };
    expect(interaction(closed).events).toMatchObject([{ entityId: "V1:h1", nativeType: "interaction.view_closed" }]);
    const timed = { type: "shortcut", action_ts: "1795510002.000300" };
    expect(interaction(timed).events).toMatchObject([{ entityId: "1795510002.000300" }]);
  });

  it.each([[{}], [[]], [null], ["x"], [{ type: "x y", trigger_id: "t" }], [{ type: "view_closed" }], [{ type: 7 }]])(
    "is not %j",
    (payload) => {
      expect(interaction(payload)).toEqual({ events: [], ignored: "unknown_shape" });
    },
  );

  it("is not a payload that is no JSON", () => {
    expect(parse({ payload: "{" })).toEqual({ events: [], ignored: "unknown_shape" });
  });
});

describe("a slash command", () => {
  it("is told by its trigger and named by its word", () => {
    const fields = { command: "/weather", text: "94070", trigger_id: "t.1", user_id: "U1", user_name: "ada" };
    expect(parse(fields)).toEqual({
      deliveryId: "slash_command:t.1",
      events: [
        {
          entityType: "slash_command",
          eventType: "occurred",
          entityId: "t.1",
          nativeType: "slash_command.weather",
          nativeAction: "weather",
          completeness: "full",
          onlyByName: true,
          data: { command: "/weather", text: "94070", user_id: "U1" },
        },
      ],
    });
  });

  it("has no name of its own where its word could not be asked for", () => {
    expect(parse({ command: "/größe", trigger_id: "t.1" }).events).toMatchObject([{ nativeType: "slash_command" }]);
  });

  it.each([{}, { command: "" }, { command: "/x" }, { command: "/x", trigger_id: "" }, { other: "x" }])(
    "is not %j",
    (fields) => {
      expect(parse(fields as Record<string, string>)).toEqual({ events: [], ignored: "unknown_shape" });
    },
  );
});

describe("a message with the words of a form in it", () => {
  it("stays a message under any content type, which is not signed", () => {
    const event = {
      type: "message",
      channel: "C1",
      ts: "1795510001.000200",
      text: "&payload=%7B%7D&command=/x&trigger_id=1&",
    };
    const body = { type: "event_callback", event_id: "Ev1", event };
    const asForm = parseAs(slack, body, { "content-type": "application/x-www-form-urlencoded" });
    expect(asForm).toMatchObject({ deliveryId: "Ev1", events: [{ nativeType: "message" }] });
    expect(asForm).toEqual(parseAs(slack, body));
  });
});
