import { generateKeyPairSync } from "node:crypto";
import type { ConnectionKey, RecordReference, RecordWrite } from "../../../shared/core/record-reader";
import { requireConnection } from "../../../shared/usecases/connection-view";
import { saveConnection } from "../../../shared/usecases/save-connection";
import { describeRecordReader, failureOf, type ReaderSubject } from "../../contracts/record-reader";
import { connect } from "../../support/connections";
import { noon } from "../../support/make";
import { openTestApp, type TestApp } from "../../support/test-app";
import { GoogleStandIn } from "../../support/vendors/google";
import type { Answer } from "../../support/vendors/stand-in";

const at = (minutes: number): string => new Date(noon - 3_600_000 + minutes * 60_000).toISOString();
const file = (entityId: string) => ({ entityType: "file", entityId });
const refused = (status: number, reason: string): Answer => ({
  status,
  json: { error: { code: status, message: "…", errors: [{ reason }] } },
});

async function openGoogle(): Promise<ReaderSubject & { readonly google: GoogleStandIn }> {
  const google = await GoogleStandIn.start();
  const { server, tokens } = google;
  google.addFile("file-1", at(1), { name: "Plan" });
  google.addFile("file-2", at(2), { trashed: true });
  const many = Array.from({ length: 150 }, (_, index) => `file-${1000 + index}`);
  for (const [index, id] of many.entries()) google.addFile(id, at(10 + (index % 40)));
  return {
    google,
    integrationId: "google",
    server,
    tokens,
    env: { GOOGLE_API_URL: `${server.url}/{service}`, GOOGLE_TOKEN_URL: `${server.url}/token` },
    present: {
      reference: file("file-1"),
      field: { id: "file-1", name: "Plan" },
      version: { kind: "time", value: Date.parse(at(1)) },
    },
    deleted: file("file-2"),
    invisible: file("file-3"),
    unreadable: [
      file(".."),
      file(""),
      { entityType: "pubsub_message", entityId: "1" },
      { entityType: "message", entityId: "spaces/S/../x" },
      { entityType: "message", entityId: "users/me" },
      { entityType: "object", entityId: "bucket" },
      { entityType: "object", entityId: "../b/o" },
      { entityType: "calendar_event", entityId: "event-1" },
      { entityType: "calendar_event", entityId: "event-1", idScope: ".." },
      { entityType: "mail_message", entityId: "", idScope: "ada@acme.example" },
    ],
    limits: [
      ["429", { status: 429 }, 60_000],
      ["a limit of Drive", refused(403, "rateLimitExceeded"), 60_000],
      ["a user's limit", refused(403, "userRateLimitExceeded"), 60_000],
      ["a limit of the newer services", { status: 403, json: { error: { status: "RESOURCE_EXHAUSTED" } } }, 60_000],
      ["a day's limit", refused(403, "dailyLimitExceeded"), 3_600_000],
      ["503 with a time", { status: 503, headers: { "retry-after": "3" } }, 3000],
    ],
    forbidden: [
      refused(403, "insufficientPermissions"),
      { status: 403, json: { error: { status: "PERMISSION_DENIED" } } },
    ],
    unavailable: [refused(503, "backendError")],
    listed: { entityType: "file", since: at(10), ids: many },
    writes: {
      create: { action: "create", reference: file(""), fields: { name: "Minutes" } },
      update: { action: "update", reference: file("file-1"), fields: { name: "Plan B" } },
      delete: { action: "delete", reference: file("file-1"), fields: {} },
      refused: { action: "update", reference: file("file-3"), fields: { name: "Plan B" } },
    },
    stop: () => server.stop(),
  };
}

describe("Google's records", () => {
  describeRecordReader(openGoogle);
});

describe("Google", () => {
  let subject: ReaderSubject & { readonly google: GoogleStandIn };
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await openGoogle();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
    key = await connect(app, "google", { kind: "bearer", token: subject.tokens.accessToken });
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });

  const time = { kind: "time", value: Date.parse(at(4)) };
  it.each([
    [
      "message",
      "spaces/S/messages/M.M",
      "/chat/v1/spaces/S/messages/M.M",
      { lastUpdateTime: at(4), createTime: at(1) },
      time,
    ],
    ["membership", "spaces/S/members/1", "/chat/v1/spaces/S/members/1", { createTime: at(4) }, time],
    ["space", "spaces/S", "/chat/v1/spaces/S", {}, undefined],
    ["conference", "conferenceRecords/c", "/meet/v2/conferenceRecords/c", {}, undefined],
    ["participant", "conferenceRecords/c/participants/p", "/meet/v2/conferenceRecords/c/participants/p", {}, undefined],
    ["recording", "conferenceRecords/c/recordings/r", "/meet/v2/conferenceRecords/c/recordings/r", {}, undefined],
    ["transcript", "conferenceRecords/c/transcripts/t", "/meet/v2/conferenceRecords/c/transcripts/t", {}, undefined],
    [
      "object",
      "bucket/a b/c",
      "/storage/storage/v1/b/bucket/o/a%20b%2Fc",
      { generation: "17" },
      { kind: "sequence", value: "17" },
    ],
    ["form", "form-1", "/forms/v1/forms/form-1", {}, undefined],
    [
      "mailbox",
      "ada@acme.example",
      "/gmail/gmail/v1/users/ada%40acme.example/profile",
      { historyId: "99" },
      { kind: "sequence", value: "99" },
    ],
    ["calendar", "team@group.example", "/www/calendar/v3/calendars/team%40group.example", {}, undefined],
  ])("reads a %s by its address", async (entityType, entityId, path, fields, version) => {
    subject.google.records.set(path, { ...fields, kind: "thing" });
    const outcome = await app.services.records.read(key, { entityType, entityId });
    expect(outcome).toMatchObject({ kind: "found", record: fields });
    expect(outcome.kind === "found" ? outcome.version : undefined).toEqual(version);
  });

  it("reads an event of a calendar, and one that was cancelled as deleted", async () => {
    const path = "/www/calendar/v3/calendars/team%40group.example/events/e1";
    const reference = { entityType: "calendar_event", entityId: "e1", idScope: "team@group.example" };
    const record = { id: "e1", status: "confirmed", summary: "Planning", updated: at(4) };
    subject.google.records.set(path, record);
    expect(await app.services.records.read(key, reference)).toEqual({ kind: "found", record, version: time });
    subject.google.records.set(path, { ...record, status: "cancelled" });
    expect(await app.services.records.read(key, reference)).toEqual({ kind: "deleted" });
    expect(await app.services.records.read(key, { ...reference, entityId: "e2" })).toEqual({ kind: "unsupported" });
  });

  it("reads of a mail some headers and nothing of its body, and one in the trash as deleted", async () => {
    const path = "/gmail/gmail/v1/users/ada%40acme.example/messages/m1";
    const reference = { entityType: "mail_message", entityId: "m1", idScope: "ada@acme.example" };
    const headers = [
      { name: "From", value: "Eve <eve@acme.example>" },
      { name: "Message-ID", value: "<1@acme.example>" },
    ];
    const message = { id: "m1", threadId: "t1", labelIds: ["INBOX"], historyId: "17", payload: { headers } };
    subject.google.records.set(path, message);
    expect(await app.services.records.read(key, reference)).toEqual({
      kind: "found",
      record: {
        id: "m1",
        threadId: "t1",
        labelIds: ["INBOX"],
        historyId: "17",
        headers: { from: "Eve <eve@acme.example>", "message-id": "<1@acme.example>" },
      },
      version: { kind: "sequence", value: "17" },
    });
    expect(subject.server.requests[0]?.query).toMatchObject({
      format: "metadata",
      fields: expect.not.stringMatching(/snippet|parts/),
    });
    subject.google.records.set(path, { ...message, labelIds: ["TRASH"] });
    expect(await app.services.records.read(key, reference)).toEqual({ kind: "deleted" });
    expect(await app.services.records.read(key, { ...reference, entityId: "m2" })).toEqual({ kind: "deleted" });
  });

  it.each([
    ["message", "spaces/S/messages/M", "deleted"],
    ["membership", "spaces/S/members/1", "deleted"],
    ["object", "bucket/name", "deleted"],
    ["space", "spaces/S", "unsupported"],
    ["conference", "conferenceRecords/c", "unsupported"],
    ["calendar", "c", "unsupported"],
    ["mailbox", "ada@acme.example", "unsupported"],
  ])("a 404 of a %s %s means %s", async (entityType, entityId, kind) => {
    expect(await app.services.records.read(key, { entityType, entityId })).toEqual({ kind });
  });

  it("takes 410, and the marks of Chat, for deletions", async () => {
    subject.google.records.set("/www/calendar/v3/calendars/c", undefined);
    subject.google.records.set("/chat/v1/spaces/S/messages/M", { deleteTime: at(3) });
    subject.google.records.set("/chat/v1/spaces/S/members/1", { state: "NOT_A_MEMBER" });
    for (const [entityType, entityId] of [
      ["calendar", "c"],
      ["message", "spaces/S/messages/M"],
      ["membership", "spaces/S/members/1"],
    ] as const) {
      expect(await app.services.records.read(key, { entityType, entityId })).toEqual({ kind: "deleted" });
    }
  });

  it("lists files in the trash as deleted", async () => {
    const { records } = await app.services.records.list(key, { entityType: "file", since: at(2) });
    expect(records[0]).toMatchObject({ reference: file("file-2"), deleted: true });
    expect(records[1]).not.toHaveProperty("deleted");
    subject.server.interrupt({ status: 418 });
    const list = app.services.records.list(key, { entityType: "file", since: at(2) });
    expect(await failureOf(list)).toMatchObject({ reason: "provider_answer_unknown" });
  });

  describe("writing", () => {
    const write = (action: RecordWrite["action"], reference: RecordReference, fields: object = {}) =>
      app.services.records.write(key, { action, reference, fields: { ...fields } });
    const event: RecordReference = { entityType: "calendar_event", entityId: "e1", idScope: "team@group.example" };
    const events = "/www/calendar/v3/calendars/team%40group.example/events";
    const hour = { start: { dateTime: at(60) }, end: { dateTime: at(120) } };

    it("says when a file was changed, and nothing of when it went to the trash", async () => {
      const version = { kind: "time", value: Date.parse("2026-11-24T12:30:00.000Z") };
      expect(await write("update", file("file-1"), { name: "Plan B" })).toEqual({ entityId: "file-1", version });
      expect(await write("delete", file("file-1"))).toEqual({ entityId: "file-1" });
    });

    it("moves a file from folder to folder", async () => {
      subject.google.addFile("file-1", at(1), { parents: ["a", "b"] });
      const reference = { ...file("file-1"), hint: { parents: ["a", "b"] } };
      await write("update", reference, { parents: ["b", "c"] });
      expect(subject.server.requests.at(-1)?.query).toMatchObject({ addParents: "c", removeParents: "a" });
      expect(await app.services.records.read(key, file("file-1"))).toMatchObject({ record: { parents: ["b", "c"] } });
    });

    it("takes a file that is to be created again out of the trash", async () => {
      const fields = { name: "Plan", parents: ["a"], size: "17", webViewLink: "https://drive.google.com/file-2" };
      expect(await write("create", file("file-2"), fields)).toMatchObject({ entityId: "file-2" });
      expect(await app.services.records.read(key, file("file-2"))).toMatchObject({ record: { name: "Plan" } });
    });

    it("makes a file that is gone for good anew, of the same kind and where it stood", async () => {
      const hint = { mimeType: "application/vnd.google-apps.document", parents: ["a"], size: "17" };
      const { entityId } = await write("create", { ...file("file-3"), hint }, { name: "Plan", size: "17" });
      expect(entityId).toBe("made-1");
      const made = { name: "Plan", mimeType: hint.mimeType, parents: ["a"] };
      const outcome = await app.services.records.read(key, file("made-1"));
      expect(outcome).toMatchObject({ kind: "found", record: made });
      expect(outcome).not.toHaveProperty("record.size");
    });

    it("changes an event of a calendar and deletes it, once and again", async () => {
      subject.google.records.set(`${events}/e1`, { id: "e1", status: "confirmed", updated: at(4), ...hour });
      const version = { kind: "time", value: Date.parse("2026-11-24T12:30:00.000Z") };
      expect(await write("update", event, { summary: "Planning" })).toEqual({ entityId: "e1", version });
      expect(await app.services.records.read(key, event)).toMatchObject({ record: { summary: "Planning" } });
      expect([await write("delete", event), await write("delete", event)]).toEqual([
        { entityId: "e1" },
        { entityId: "e1" },
      ]);
      expect(await app.services.records.read(key, event)).toEqual({ kind: "deleted" });
    });

    it("makes an event in the place of one that was cancelled, at its time", async () => {
      const reference = { ...event, hint: { ...hour, status: "cancelled" } };
      const { entityId } = await write("create", reference, { summary: "Planning" });
      expect(entityId).not.toBe("e1");
      const made = { ...hour, summary: "Planning", status: "confirmed" };
      expect(await app.services.records.read(key, { ...event, entityId })).toMatchObject({ record: made });
    });

    it("says what Google will not have, and what it does not know", async () => {
      expect(await failureOf(write("create", event))).toEqual({ reason: "provider_rejected", permanent: true });
      expect(await failureOf(write("delete", event))).toEqual({ reason: "provider_rejected", permanent: true });
      expect(await failureOf(write("create", { ...event, idScope: ".." }))).toMatchObject({ reason: "unsupported" });
      expect(await failureOf(write("update", file("..")))).toMatchObject({ reason: "unsupported" });
      subject.server.interrupt({ json: {} }, { status: 418 });
      expect(await failureOf(write("update", event))).toMatchObject({ reason: "provider_answer_unknown" });
      expect(await failureOf(write("delete", event))).toMatchObject({ reason: "provider_answer_unknown" });
    });
  });

  it("takes a service account's signed assertion for a user, and renews its token before the hour is over", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    subject.google.accountKey = publicKey;
    subject.google.now = app.services.now();
    const account = {
      kind: "google_service_account",
      clientEmail: "robot@acme.example",
      privateKey: String(privateKey.export({ type: "pkcs8", format: "pem" })),
      scopes: ["scope-a", "scope-b"],
      subject: "ada@acme.example",
    } as const;
    await saveConnection(app.services, key, { auth: account });
    const read = () => app.services.records.read(key, file("file-1"));
    expect([await read(), await read()]).toMatchObject([{ kind: "found" }, { kind: "found" }]);
    app.advance(56 * 60_000);
    subject.google.now = app.services.now();
    expect(await read()).toMatchObject({ kind: "found" });
    expect(subject.server.calls.filter((call) => call === "POST /token")).toHaveLength(2);
    await saveConnection(app.services, key, { auth: { ...account, subject: "eve@acme.example" } });
    expect(await failureOf(read())).toMatchObject({ reason: "needs_reauth" });
    expect(await requireConnection(app.services, key)).toMatchObject({ statusReason: "invalid_grant" });
  });
});
