import type { ConnectionKey } from "../../../shared/core/record-reader";
import { describeRecordReader, failureOf, type ReaderSubject } from "../../contracts/record-reader";
import { connect } from "../../support/connections";
import { noon } from "../../support/make";
import { openTestApp, type TestApp } from "../../support/test-app";
import { NotionStandIn } from "../../support/vendors/notion";

const at = (minutes: number): string => new Date(noon - 3_600_000 + minutes * 60_000).toISOString();
const uuid = (number: number): string => `be633bf1-dfa0-436d-b259-${String(number).padStart(12, "0")}`;
const page = (number: number) => ({ entityType: "page", entityId: uuid(number) });

async function openNotion(): Promise<ReaderSubject & { readonly notion: NotionStandIn }> {
  const notion = await NotionStandIn.start();
  const { server, tokens } = notion;
  notion.add("page", uuid(1), at(1), { properties: { Name: "Ada" } });
  notion.add("page", uuid(2), at(2), { in_trash: true });
  const many = Array.from({ length: 150 }, (_, index) => uuid(1000 + index));
  for (const [index, id] of many.entries()) notion.add("page", id, at(10 + (index % 40)));
  return {
    notion,
    integrationId: "notion",
    server,
    tokens,
    env: { NOTION_API_URL: server.url },
    present: {
      reference: page(1),
      field: { id: uuid(1), properties: { Name: "Ada" } },
      version: { kind: "time", value: Date.parse(at(1)) },
    },
    deleted: page(2),
    invisible: page(3),
    unreadable: [
      { entityType: "workspace", entityId: uuid(1) },
      { entityType: "page", entityId: "../users/me" },
      { entityType: "page", entityId: "" },
    ],
    limits: [
      ["the limit", { status: 429, headers: { "retry-after": "7" }, json: { code: "rate_limited" } }, 7000],
      ["an overload", { status: 529, headers: { "retry-after": "120" }, json: { code: "service_overload" } }, 120_000],
    ],
    forbidden: [{ status: 403, json: { object: "error", code: "restricted_resource" } }],
    unavailable: [
      { status: 409, json: { object: "error", code: "conflict_error" } },
      { status: 504, json: { object: "error", code: "gateway_timeout" } },
    ],
    listed: { entityType: "page", since: at(10), ids: many },
    writes: {
      create: {
        action: "create",
        reference: { entityType: "page", entityId: "" },
        fields: { parent: { page_id: uuid(1) } },
      },
      update: { action: "update", reference: page(1), fields: { properties: { Name: "Eve" } } },
      delete: { action: "delete", reference: page(1), fields: {} },
      refused: { action: "create", reference: { entityType: "page", entityId: "" }, fields: { properties: {} } },
    },
    stop: () => server.stop(),
  };
}

describe("Notion's records", () => {
  describeRecordReader(openNotion);
});

describe("Notion", () => {
  let subject: ReaderSubject & { readonly notion: NotionStandIn };
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await openNotion();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
    key = await connect(app, "notion", { kind: "bearer", token: subject.tokens.accessToken });
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });

  it.each(["page", "database", "data_source", "comment", "view", "file_upload", "block", "user"])(
    "reads a %s",
    async (entityType) => {
      subject.notion.add(entityType, uuid(9), at(5), { upload_url: "https://api.notion.com/upload/hunter2" });
      const outcome = await app.services.records.read(key, { entityType, entityId: uuid(9) });
      expect(outcome).toMatchObject({ kind: "found", record: { id: uuid(9) } });
      expect(JSON.stringify(outcome)).not.toMatch(/hunter2|request_id/);
    },
  );

  it("knows an id without dashes, and a record that was only created", async () => {
    const id = uuid(9).replaceAll("-", "");
    subject.server.interrupt({ json: { id: uuid(9), created_time: at(3) } });
    expect(await app.services.records.read(key, { entityType: "comment", entityId: id })).toMatchObject({
      version: { kind: "time", value: Date.parse(at(3)) },
    });
  });

  it("counts a change within the minute that began before the moment asked for", async () => {
    const { records } = await app.services.records.list(key, { entityType: "page", since: "2026-11-24T11:49:30.000Z" });
    expect(records.map(({ version }) => version?.value)).toEqual(
      [at(49), at(49), at(49)].map((time) => Date.parse(time)),
    );
  });

  it("lists all people, who have no time of change", async () => {
    for (let number = 1; number <= 120; number++) subject.notion.add("user", uuid(2000 + number), at(0));
    const first = await app.services.records.list(key, { entityType: "user", since: at(50) });
    const second = await app.services.records.list(key, {
      entityType: "user",
      since: at(50),
      ...(first.cursor !== undefined && { cursor: first.cursor }),
    });
    expect([first.records.length, second.records.length, second.cursor]).toEqual([100, 20, undefined]);
  });

  it("takes a page that is to be created again out of the trash", async () => {
    const fields = { properties: { Name: "Ada" } };
    const written = await app.services.records.write(key, { action: "create", reference: page(2), fields });
    expect(written).toMatchObject({ entityId: uuid(2) });
    expect(await app.services.records.read(key, page(2))).toMatchObject({ kind: "found", record: fields });
  });

  it("makes a page that is gone for good anew, where it stood", async () => {
    const reference = { ...page(3), hint: { parent: { page_id: uuid(1) } } };
    const fields = { properties: { Name: "Ada" } };
    const { entityId } = await app.services.records.write(key, { action: "create", reference, fields });
    expect(entityId).not.toBe(uuid(3));
    const made = await app.services.records.read(key, { entityType: "page", entityId });
    expect(made).toMatchObject({ kind: "found", record: { ...fields, parent: { page_id: uuid(1) } } });
  });

  it("writes pages alone", async () => {
    const write = (entityType: string, entityId: string) =>
      app.services.records.write(key, { action: "update", reference: { entityType, entityId }, fields: {} });
    expect(await failureOf(write("database", uuid(1)))).toMatchObject({ reason: "unsupported" });
    expect(await failureOf(write("page", "../users"))).toMatchObject({ reason: "unsupported" });
    expect(await failureOf(write("page", uuid(3)))).toMatchObject({ reason: "provider_rejected" });
    subject.server.interrupt({ json: {} }, { status: 418 });
    expect(await failureOf(write("page", uuid(1)))).toMatchObject({ reason: "provider_answer_unknown" });
    const list = app.services.records.list(key, { entityType: "page", since: at(0) });
    expect(await failureOf(list)).toMatchObject({ reason: "provider_answer_unknown" });
  });
});
