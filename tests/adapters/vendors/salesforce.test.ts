import type { ConnectionKey, RecordPage, RecordWrite } from "../../../shared/core/record-reader";
import { describeRecordReader, failureOf, type ReaderSubject } from "../../contracts/record-reader";
import { connect } from "../../support/connections";
import { noon } from "../../support/make";
import { openTestApp, type TestApp } from "../../support/test-app";
import { SalesforceStandIn } from "../../support/vendors/salesforce";

const at = (minutes: number): string =>
  new Date(noon - 3_600_000 + minutes * 60_000).toISOString().replace("Z", "+0000");
const contact = (entityId: string) => ({ entityType: "Contact", entityId });

async function openSalesforce(): Promise<ReaderSubject & { readonly salesforce: SalesforceStandIn }> {
  const salesforce = await SalesforceStandIn.start();
  const { server, tokens } = salesforce;
  salesforce.add("003A", at(1), { LastName: "Lovelace" });
  salesforce.add("003D", at(2), { IsDeleted: true });
  const many = Array.from({ length: 250 }, (_, index) => `003L${String(index).padStart(4, "0")}`);
  for (const [index, id] of many.entries()) salesforce.add(id, at(10 + Math.floor(index / 100)));
  return {
    salesforce,
    integrationId: "salesforce",
    server,
    tokens,
    env: {},
    baseUrl: server.url,
    present: {
      reference: contact("003A"),
      field: { Id: "003A", LastName: "Lovelace" },
      version: { kind: "time", value: noon - 59 * 60_000 },
    },
    deleted: contact("003D"),
    invisible: contact("003X"),
    unreadable: [
      contact("001*"),
      contact("*"),
      contact("../Account/001"),
      contact(""),
      { entityType: "Order_Shipped__e", entityId: "1" },
      { entityType: "Contact/003A/x", entityId: "1" },
    ],
    limits: [
      [
        "the daily limit",
        {
          status: 403,
          headers: { "sforce-limit-info": "api-usage=15000/15000" },
          json: [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }],
        },
        900_000,
      ],
      [
        "too many calls at a time",
        {
          status: 403,
          headers: { "sforce-limit-info": "api-usage=18/15000" },
          json: [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "ConcurrentRequests Limit exceeded." }],
        },
        30_000,
      ],
      ["a limit without figures", { status: 403, json: [{ errorCode: "REQUEST_LIMIT_EXCEEDED" }] }, 900_000],
    ],
    forbidden: [
      { status: 403, json: [{ errorCode: "INSUFFICIENT_ACCESS", message: "…" }] },
      { status: 403, json: [{ errorCode: "API_DISABLED_FOR_ORG", message: "…" }] },
    ],
    unavailable: [{ status: 503, json: [{ errorCode: "SERVER_UNAVAILABLE", message: "…" }] }],
    listed: { entityType: "Contact", since: at(5), ids: many },
    writes: {
      create: { action: "create", reference: contact(""), fields: { LastName: "Hopper" } },
      update: { action: "update", reference: contact("003A"), fields: { LastName: "Byron" } },
      delete: { action: "delete", reference: contact("003A"), fields: {} },
      refused: { action: "create", reference: contact(""), fields: { FirstName: "Grace" } },
    },
    stop: () => server.stop(),
  };
}

describe("Salesforce's records", () => {
  describeRecordReader(openSalesforce);
});

describe("Salesforce", () => {
  let subject: ReaderSubject & { readonly salesforce: SalesforceStandIn };
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await openSalesforce();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true" });
    key = await connect(
      app,
      "salesforce",
      { kind: "bearer", token: subject.tokens.accessToken },
      { baseUrl: subject.server.url },
    );
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });

  it("gives the fields of a record as events do, without where it was read", async () => {
    const outcome = await app.services.records.read(key, contact("003A"));
    expect(outcome).toMatchObject({ record: { Id: "003A", LastName: "Lovelace" } });
    expect(outcome).not.toHaveProperty("record.attributes");
  });

  it("falls back to LastModifiedDate for the version", async () => {
    subject.server.interrupt({ json: { Id: "003A", LastModifiedDate: at(7) } }, { json: { Id: "003A" } });
    expect(await app.services.records.read(key, contact("003A"))).toMatchObject({
      version: { kind: "time", value: noon - 53 * 60_000 },
    });
    expect(await app.services.records.read(key, contact("003A"))).not.toHaveProperty("version");
  });

  it("lists deleted records as such", async () => {
    const { records } = await app.services.records.list(key, { entityType: "Contact", since: at(0) });
    expect(records.slice(0, 2)).toMatchObject([
      { reference: contact("003A"), record: { LastName: "Lovelace" } },
      { reference: contact("003D"), deleted: true },
    ]);
    expect(records[0]).not.toHaveProperty("deleted");
  });

  it("lists, for a window, what is in no query any more first: deleted within it, page by page", async () => {
    for (let n = 0; n < 201; n++) subject.salesforce.deletions?.set(`003G${n}`, at(30));
    subject.salesforce.deletions?.set("003OLD", at(-5));
    subject.salesforce.deletions?.set("003NEW", at(55));
    const query = { entityType: "Contact", since: at(0), until: at(50) };
    const pages: RecordPage[] = [];
    let cursor: string | undefined;
    do {
      const page = await app.services.records.list(key, { ...query, ...(cursor !== undefined && { cursor }) });
      pages.push(page);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(pages.map(({ records }) => records.length)).toEqual([200, 1, 200, 52]);
    expect(pages[0]?.records[0]).toEqual({
      reference: contact("003G0"),
      record: {},
      deleted: true,
      version: { kind: "time", value: noon - 30 * 60_000 },
    });
    expect(subject.server.requests[0]?.query).toEqual({
      start: "2026-11-24T11:00:00+00:00",
      end: "2026-11-24T11:52:00+00:00",
    });
  });

  it("goes without the list of deletions for a type that has none", async () => {
    subject.salesforce.deletions = undefined;
    const first = await app.services.records.list(key, { entityType: "Contact", since: at(0), until: at(50) });
    expect(first.records).toEqual([]);
    const query = { entityType: "Contact", since: at(0), until: at(50), cursor: first.cursor ?? "" };
    expect((await app.services.records.list(key, query)).records).toHaveLength(200);
    subject.server.interrupt({ status: 418, json: [] });
    const attempt = app.services.records.list(key, { entityType: "Contact", since: at(0), until: at(50) });
    expect(await failureOf(attempt)).toMatchObject({ reason: "provider_answer_unknown" });
  });

  it("lets nothing into a query but times and ids", async () => {
    const list = (query: object) => app.services.records.list(key, { entityType: "Contact", since: at(0), ...query });
    const forged = Buffer.from(JSON.stringify({ time: at(0), id: "x' OR Name != '" })).toString("base64url");
    await list({ cursor: forged });
    expect(subject.server.requests[0]?.query["q"]).not.toContain("OR Name");
    await expect(list({ since: "2026' OR Name != '" })).rejects.toThrow(RangeError);
    expect(await failureOf(list({ entityType: "Contact WHERE Id != null" }))).toMatchObject({ reason: "unsupported" });
  });

  it("says of an object without the fields that a list needs that no repeat can help", async () => {
    subject.server.interrupt({ status: 400, json: [{ errorCode: "INVALID_FIELD", message: "No such column" }] });
    const attempt = app.services.records.list(key, { entityType: "Contact", since: at(0) });
    expect(await failureOf(attempt)).toEqual({ reason: "provider_rejected", permanent: true });
  });

  it("says of a change to a record that is not there that no repeat can help", async () => {
    const update: RecordWrite = { action: "update", reference: contact("003X"), fields: {} };
    expect(await failureOf(app.services.records.write(key, update))).toMatchObject({ reason: "provider_rejected" });
    subject.server.interrupt({ status: 418, json: [] });
    expect(await failureOf(app.services.records.write(key, update))).toMatchObject({
      reason: "provider_answer_unknown",
    });
    const unnamed: RecordWrite = { ...update, reference: contact("001*") };
    expect(await failureOf(app.services.records.write(key, unnamed))).toMatchObject({ reason: "unsupported" });
  });
});
