import type { ConnectionKey, RecordReference, RecordWrite } from "../../../shared/core/record-reader";
import { describeRecordReader, failureOf, type ReaderSubject } from "../../contracts/record-reader";
import { connect } from "../../support/connections";
import { noon } from "../../support/make";
import { openTestApp, type TestApp } from "../../support/test-app";
import { SlackStandIn } from "../../support/vendors/slack";
import type { Answer } from "../../support/vendors/stand-in";

const noonS = noon / 1000;
const message = (ts: string, hint: object = {}): RecordReference => ({
  entityType: "message",
  entityId: `C1:${ts}`,
  hint: { ...hint },
});
const fails = (error: string): Answer => ({ json: { ok: false, error } });

async function openSlack(): Promise<ReaderSubject & { readonly slack: SlackStandIn }> {
  const slack = await SlackStandIn.start();
  const { server, tokens } = slack;
  slack.messages.push(
    { ts: "1700000000.123456", text: "first" },
    { ts: "1700000000.123457", text: "second" },
    { ts: "1700000001.000000", thread_ts: "1700000000.123456", text: "an answer" },
  );
  const people = Array.from({ length: 250 }, (_, index) => `U${1000 + index}`);
  for (const [index, id] of people.entries()) slack.users.set(id, { id, name: `user${index}`, updated: noonS - index });
  return {
    slack,
    integrationId: "slack",
    server,
    tokens,
    env: { SLACK_API_URL: `${server.url}/api` },
    present: {
      reference: message("1700000000.123456"),
      field: { channel: "C1", ts: "1700000000.123456", text: "first" },
      version: { kind: "time", value: 1_700_000_000_123.456 },
    },
    deleted: message("1700000009.000000"),
    invisible: { entityType: "message", entityId: "C2:1700000000.123456" },
    unreadable: [
      { entityType: "reaction", entityId: "C1:1700000000.123456:tada:U1" },
      { entityType: "message", entityId: "C1" },
      { entityType: "message", entityId: "C1:now" },
      { entityType: "user", entityId: "U1&x=1" },
    ],
    limits: [
      ["429", { status: 429, headers: { "retry-after": "30" } }, 30_000],
      [
        "429 with its name",
        { status: 429, headers: { "retry-after": "5" }, json: { ok: false, error: "ratelimited" } },
        5000,
      ],
      ["the name alone", fails("ratelimited"), 60_000],
    ],
    forbidden: [fails("missing_scope"), fails("not_allowed_token_type"), { status: 403 }],
    unavailable: [fails("internal_error"), fails("fatal_error"), fails("service_unavailable")],
    listed: { entityType: "user", since: new Date(noon - 219_000).toISOString(), ids: people.slice(0, 220) },
    writes: {
      create: {
        action: "create",
        reference: { entityType: "message", entityId: "", hint: { channel: "C1" } },
        fields: { text: "hello" },
      },
      update: { action: "update", reference: message("1700000000.123456"), fields: { text: "edited" } },
      delete: { action: "delete", reference: message("1700000000.123456"), fields: {} },
      refused: { action: "update", reference: message("1700000009.000000"), fields: { text: "too late" } },
    },
    stop: () => server.stop(),
  };
}

describe("Slack's records", () => {
  describeRecordReader(openSlack);
});

describe("Slack", () => {
  let subject: ReaderSubject & { readonly slack: SlackStandIn };
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await openSlack();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
    key = await connect(app, "slack", { kind: "bearer", token: subject.tokens.accessToken });
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });
  const read = (reference: RecordReference) => app.services.records.read(key, reference);

  it("finds an answer in a thread, whether the event names the thread or not", async () => {
    const found = { kind: "found", record: { text: "an answer", channel: "C1" } };
    expect(await read(message("1700000001.000000", { thread_ts: "1700000000.123456" }))).toMatchObject(found);
    expect(subject.server.calls).toEqual(["GET /api/conversations.replies"]);
    expect(await read(message("1700000001.000000"))).toMatchObject(found);
  });

  it("says of an answer that is gone that it was deleted, and of one in a thread that is gone", async () => {
    expect(await read(message("1700000002.000000", { thread_ts: "1700000000.123456" }))).toEqual({ kind: "deleted" });
    expect(await read(message("1700000002.000000", { thread_ts: "1600000000.000000" }))).toEqual({ kind: "deleted" });
  });

  it("versions a message by its last edit", async () => {
    subject.slack.messages[0] = { ts: "1700000000.123456", ...{ edited: { ts: "1700000050.000000" } } };
    expect(await read(message("1700000000.123456"))).toMatchObject({
      version: { kind: "time", value: 1_700_000_050_000 },
    });
  });

  it.each([
    [
      "channel",
      "C9",
      "conversations.info C9",
      { channel: { id: "C9", updated: 1_700_000_000_123 } },
      1_700_000_000_123,
    ],
    ["channel", "C9", "conversations.info C9", { channel: { id: "C9" } }, undefined],
    ["file", "F1", "files.info F1", { file: { id: "F1", mode: "hosted" } }, undefined],
    ["team", "T1", "team.info T1", { team: { id: "T1" } }, undefined],
    [
      "usergroup",
      "S1",
      "usergroups.list true",
      { usergroups: [{ id: "S1", date_update: 1_700_000_000 }] },
      1_700_000_000_000,
    ],
    ["emoji", "tada", "emoji.list", { emoji: { tada: "https://emoji.example/tada.png" } }, undefined],
  ])("reads a %s %s by %s", async (entityType, entityId, call, answer, time) => {
    subject.slack.answers.set(call, answer);
    const outcome = await read({ entityType, entityId });
    expect(outcome.kind).toBe("found");
    const version = time === undefined ? undefined : { kind: "time", value: time };
    expect(outcome.kind === "found" ? outcome.version : undefined).toEqual(version);
  });

  it.each([
    ["file", "F1", "files.info F1", "file_deleted", "deleted"],
    ["file", "F1", "files.info F1", { file: { id: "F1", mode: "tombstone" } }, "deleted"],
    ["file", "F1", "files.info F1", "file_not_found", "unsupported"],
    ["channel", "C9", "conversations.info C9", "channel_not_found", "unsupported"],
    ["user", "U9", "users.info U9", "user_not_found", "unsupported"],
    ["team", "T9", "team.info T9", "team_not_found", "unsupported"],
    ["usergroup", "S9", "usergroups.list true", { usergroups: [] }, "deleted"],
    ["emoji", "gone", "emoji.list", { emoji: {} }, "deleted"],
  ])("of a %s %s, %s answering %j, it says %s", async (entityType, entityId, call, answer, kind) => {
    subject.slack.answers.set(call, answer);
    expect(await read({ entityType, entityId: entityId })).toEqual({ kind });
  });

  it("leaves messages alone in channels that the bot is not in", async () => {
    subject.server.interrupt(fails("not_in_channel"));
    expect(await read(message("1700000000.123456"))).toEqual({ kind: "unsupported" });
  });

  it("tells of an error that it does not know, by its name", async () => {
    subject.server.interrupt(fails("a_new_error"), fails("A sentence about Ada."));
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await failureOf(read(message("1700000000.123456")))).toMatchObject({ reason: "provider_answer_unknown" });
    }
    const details = app.logged.map(({ fields }) => fields["detail"]).filter((detail) => detail !== undefined);
    expect(details).toEqual(["slack: 200 a_new_error", "slack: 200 without a code"]);
  });

  it("lists channels and groups as far as they have a time, and all without one", async () => {
    const since = new Date(1_700_000_000_000).toISOString();
    const channels = [
      { id: "C1", updated: 1_600_000_000_000 },
      { id: "C2", updated: 1_700_000_000_001 },
      { id: "C3" },
      {},
    ];
    subject.slack.answers.set("conversations.list 200", { channels });
    subject.slack.answers.set("usergroups.list true", { usergroups: [{ id: "S1", date_update: 1_700_000_001 }] });
    const idsOf = async (entityType: string) => {
      const { records, cursor } = await app.services.records.list(key, { entityType, since });
      expect(cursor).toBeUndefined();
      return records.map(({ reference }) => reference.entityId);
    };
    expect(await idsOf("channel")).toEqual(["C2", "C3"]);
    expect(await idsOf("usergroup")).toEqual(["S1"]);
  });

  it("lists records within the workspace, as the ids of its events are", async () => {
    const { records } = await app.services.records.list(key, { entityType: "user", since: subject.listed.since });
    expect(records[0]?.reference).toMatchObject({ entityId: "U1000", scope: "T1", idScope: "T1" });
  });

  it("lists the messages of a window in the channels that the bot is in, page after page", async () => {
    const channels = [
      { id: "C0", is_member: false },
      { id: "C1", is_member: true },
      { id: "C2", is_member: true }, // it leaves before it is looked into
    ];
    subject.slack.answers.set("conversations.list 200", { channels });
    subject.slack.messages.length = 0;
    for (let n = 0; n < 450; n++) subject.slack.messages.push({ ts: `${1_700_000_000 + n}.000000`, text: `m${n}` });
    const query = {
      entityType: "message",
      since: new Date(1_700_000_010_000).toISOString(),
      until: new Date(1_700_000_419_000).toISOString(),
    };
    const seen: RecordReference[] = [];
    let cursor: string | undefined;
    do {
      const page = await app.services.records.list(key, { ...query, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.records.map(({ reference }) => reference));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(410);
    expect(seen[0]).toEqual({ entityType: "message", entityId: "C1:1700000010.000000", scope: "T1", idScope: "T1" });
    expect(subject.server.calls.filter((call) => call.endsWith("conversations.history"))).toHaveLength(4);
    expect(subject.server.calls.filter((call) => call.endsWith("auth.test"))).toHaveLength(1);
  });

  it("lists the channels page by page too, and is told of a token that names no workspace", async () => {
    const query = { entityType: "message", since: new Date(1_600_000_000_000).toISOString() };
    subject.server.interrupt(
      { json: { ok: true, team_id: "T1" } },
      { json: { ok: true, channels: [], response_metadata: { next_cursor: "more" } } },
    );
    subject.slack.answers.set("conversations.list 200", { channels: [{ id: "C1", is_member: true }] });
    const first = await app.services.records.list(key, query);
    expect(first.records).toEqual([]);
    const second = await app.services.records.list(key, { ...query, cursor: first.cursor ?? "" });
    expect(subject.server.requests.at(-2)?.query["cursor"]).toBe("more");
    expect(second.records.map(({ reference }) => reference.entityId)).toEqual([
      "C1:1700000000.123456",
      "C1:1700000000.123457",
    ]);
    expect(second.cursor).toBeUndefined();
    subject.server.interrupt({ json: { ok: true } });
    expect(await failureOf(app.services.records.list(key, query))).toMatchObject({ reason: "provider_answer_unknown" });
  });

  describe("writing", () => {
    const write = (action: RecordWrite["action"], reference: RecordReference, fields: object = {}) =>
      app.services.records.write(key, { action, reference, fields: { ...fields } });

    it("posts an answer into the thread of the message whose place it takes", async () => {
      const reference = message("1700000001.000000", { thread_ts: "1700000000.123456" });
      const { entityId, version } = await write("create", reference, { text: "again" });
      expect(entityId).toBe("C1:1795521600.000100");
      expect(version).toEqual({ kind: "time", value: 1_795_521_600_000.1 });
      expect(await read({ ...reference, entityId })).toMatchObject({
        record: { text: "again", thread_ts: "1700000000.123456" },
      });
    });

    it("posts the first message of a thread anew into the channel", async () => {
      const first = message("1700000000.123456", { thread_ts: "1700000000.123456" });
      const fields = { text: "again", thread_ts: "1700000000.123456", ts: "1700000000.123456", user: "U1" };
      await write("create", first, fields);
      expect(JSON.parse(subject.server.requests.at(-1)?.body ?? "")).toEqual({ channel: "C1", text: "again" });
    });

    it("versions an edit by its time, and does not move a message", async () => {
      const moved = write("update", message("1700000000.123457"), { text: "edited", channel: "C2" });
      expect(await failureOf(moved)).toMatchObject({ reason: "unsupported" });
      const { version } = await write("update", message("1700000000.123457"), { text: "edited" });
      expect(version).toEqual({ kind: "time", value: 1_795_521_700_000.2 });
      expect(await read(message("1700000000.123457"))).toMatchObject({ record: { text: "edited", channel: "C1" } });
    });

    it("sets the topic and the purpose of a channel", async () => {
      subject.slack.answers.set("conversations.setTopic", {}).set("conversations.setPurpose", {});
      const channel = { entityType: "channel", entityId: "C9" };
      const fields = { purpose: { value: "" }, topic: { value: "Plans" } };
      expect(await write("update", channel, fields)).toEqual({ entityId: "C9" });
      expect(subject.server.requests.map(({ path, body }) => [path, JSON.parse(body) as unknown])).toEqual([
        ["/api/conversations.setTopic", { channel: "C9", topic: "Plans" }],
        ["/api/conversations.setPurpose", { channel: "C9", purpose: "" }],
      ]);
    });

    it("says what Slack will not have, and what it does not write", async () => {
      const channel = { entityType: "channel", entityId: "C9" };
      expect(await failureOf(write("update", channel, { topic: { value: "Plans" }, is_archived: true }))).toMatchObject(
        {
          reason: "unsupported",
        },
      );
      expect(await failureOf(write("delete", channel))).toMatchObject({ reason: "unsupported" });
      expect(await failureOf(write("create", { entityType: "message", entityId: "" }))).toMatchObject({
        reason: "unsupported",
      });
      expect(await failureOf(write("delete", { entityType: "message", entityId: "C1" }))).toMatchObject({
        reason: "unsupported",
      });
      expect(subject.server.calls).toEqual([]);
      subject.server.interrupt(fails("cant_delete_message"), { json: { ok: true } }, { status: 418 });
      const one = message("1700000000.123456");
      expect(await failureOf(write("delete", one))).toMatchObject({ reason: "provider_rejected" });
      expect(await failureOf(write("update", one))).toMatchObject({ reason: "provider_answer_unknown" });
      expect(await failureOf(write("delete", one))).toMatchObject({ reason: "provider_answer_unknown" });
    });
  });
});
