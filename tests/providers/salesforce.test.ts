import { createHmac } from "node:crypto";
import { salesforce } from "../../shared/providers/salesforce";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

const seedBody = { action: "created", sobject: { name: "Contact", fields: { Id: "003xx000004TMM" } } };
const hmac = (secret: string, text: Buffer) => createHmac("sha256", secret).update(text).digest("hex");
const flip = (value: string) => value.replace(/.$/, (last) => (last === "0" ? "1" : "0"));

describe.each(["seed", "native"])("Salesforce, scheme %s", (scheme) => {
  describeScheme({
    provider: salesforce,
    scheme,
    body: Buffer.from(JSON.stringify(seedBody)),
    headers: (bytes, secret) => ({
      "x-salesforce-event-signature": `sha256=${hmac(secret, bytes)}`,
      "x-salesforce-event-id": "e-1",
    }),
    proofHeader: "x-salesforce-event-signature",
    corruptProof: flip,
  });
});

describe("Salesforce, scheme timestamped", () => {
  describeScheme({
    provider: salesforce,
    scheme: "timestamped",
    body: Buffer.from(JSON.stringify(seedBody)),
    headers: (bytes, secret, now) => {
      const seconds = String(Math.floor(now / 1000));
      return {
        "x-salesforce-event-signature": `sha256=${hmac(secret, Buffer.concat([Buffer.from(`${seconds}.`), bytes]))}`,
        "x-salesforce-event-timestamp": seconds,
        "x-salesforce-event-id": "e-1",
      };
    },
    proofHeader: "x-salesforce-event-signature",
    timestampHeader: "x-salesforce-event-timestamp",
    corruptProof: flip,
  });
});

describe("the seed's JSON", () => {
  it.each([
    ["created", "created"],
    ["updated", "updated"],
    ["deleted", "deleted"],
    ["restored", "restored"],
    ["undeleted", "restored"],
    ["CREATE", "created"],
    ["insert", "created"],
    ["update", "updated"],
    ["delete", "deleted"],
    ["UNDELETE", "restored"],
    ["exploded", "occurred"],
  ])("%s is %s", (action, eventType) => {
    expect(parseAs(salesforce, { ...seedBody, action })).toMatchObject({
      events: [{ entityType: "Contact", eventType, entityId: "003xx000004TMM", nativeType: `Contact.${action}` }],
    });
  });

  it("keeps the order of changes by SystemModstamp", () => {
    const fields = { Id: "123", SystemModstamp: "2026-11-24T08:00:00.000+0000" };
    const [event] = parseAs(salesforce, { action: "updated", sobject: { name: "Contact", fields } }).events;
    expect(event?.version).toEqual({ kind: "time", value: Date.UTC(2026, 10, 24, 8) });
  });

  it("has a delivery id only where Apex sends one", () => {
    expect(parseAs(salesforce, seedBody).deliveryId).toBeUndefined();
    expect(parseAs(salesforce, seedBody, { "x-salesforce-event-id": "e-7" }).deliveryId).toBe("e-7");
  });

  it.each([
    [{}],
    [[]],
    ["text"],
    [7],
    [{ action: "created" }],
    [{ ...seedBody, sobject: { name: "Contact" } }],
    [{ ...seedBody, action: 1.5e400 }],
  ])("finds nothing in %j", (shape) => {
    expect(parseAs(salesforce, shape)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Change Data Capture", () => {
  const header = (overrides: object = {}) => ({
    entityName: "Account",
    recordIds: ["001xx000003DGb0AAG"],
    changeType: "UPDATE",
    changeOrigin: "com/salesforce/api/soap/67.0;client=SfdcInternalAPI/",
    transactionKey: "000046c7-a642-11e2-c29b-229c6786473e",
    sequenceNumber: 1,
    commitTimestamp: contractNow - 5000,
    changedFields: ["Name"],
    ...overrides,
  });
  const payload = (overrides: object = {}, fields: object = { Name: "Acme" }) => ({
    ChangeEventHeader: header(overrides),
    ...fields,
  });
  const bare = (overrides: object = {}, fields?: object) => ({
    schema: "s",
    payload: payload(overrides, fields),
    event: { replayId: 6 },
  });

  it.each([
    ["bare", bare()],
    ["CometD", { data: bare(), channel: "/data/AccountChangeEvent" }],
    ["a Pub/Sub client's", { id: "e1", schemaId: "s", replayId: 6, payload: payload() }],
    [
      "EventBridge's",
      {
        "detail-type": "AccountChangeEvent",
        source: "aws.partner/salesforce.com/00Dxx0000001gEREAY/ch",
        detail: { payload: payload() },
      },
    ],
  ])("is read from the %s envelope", (_, envelope) => {
    const parsed = parseAs(salesforce, envelope);
    expect(parsed.deliveryId).toBeDefined();
    expect(parsed.events).toMatchObject([
      {
        entityType: "Account",
        eventType: "updated",
        entityId: "001xx000003DGb0AAG",
        nativeType: "Account.UPDATE",
        version: { kind: "time", value: contractNow - 5000 },
        data: { Name: "Acme" },
      },
    ]);
  });

  it.each([
    ["CREATE", "created"],
    ["UPDATE", "updated"],
    ["DELETE", "deleted"],
    ["UNDELETE", "restored"],
  ])("%s is %s, and GAP_%s the same with a gap", (changeType, eventType) => {
    expect(parseAs(salesforce, bare({ changeType })).events).toMatchObject([
      { eventType, nativeType: `Account.${changeType}` },
    ]);
    const [gap] = parseAs(salesforce, bare({ changeType: `GAP_${changeType}` }, {})).events;
    expect(gap).toMatchObject({ eventType, gap: true, nativeType: `Account.GAP_${changeType}` });
  });

  it("is one event for each record of a merged change", () => {
    const { events } = parseAs(salesforce, bare({ recordIds: ["001a", "001b", "001c"] }));
    expect(events.map((event) => event.entityId)).toEqual(["001a", "001b", "001c"]);
  });

  it("says that everything must be read again after an overflow or a wildcard", () => {
    expect(
      parseAs(salesforce, bare({ changeType: "GAP_OVERFLOW", recordIds: ["000000000000000AAA"] }, {})).events,
    ).toMatchObject([{ gap: true }]);
    expect(parseAs(salesforce, bare({ recordIds: ["001*"] }, {})).events).toMatchObject([{ gap: true }]);
  });

  it.each([
    ["bare", (change: object) => ({ schema: "s", payload: change, event: { replayId: 6 } })],
    ["CometD", (change: object) => ({ data: { payload: change }, channel: "/data/AccountChangeEvent" })],
    ["a Pub/Sub client's", (change: object) => ({ id: "e1", schemaId: "s", replayId: 6, payload: change })],
    ["EventBridge's", (change: object) => ({ "detail-type": "AccountChangeEvent", detail: { payload: change } })],
  ])("marks gaps, wildcards and undecoded fields in the %s envelope", (_, envelope) => {
    const of = (overrides: object, fields: object = { Name: "Acme", Phone: null }) =>
      parseAs(salesforce, envelope(payload(overrides, fields))).events;
    expect(of({ changeType: "GAP_DELETE" }, {})).toMatchObject([{ eventType: "deleted", gap: true, data: {} }]);
    expect(of({ changeType: "GAP_OVERFLOW" }, {})).toMatchObject([{ entityId: "*", gap: true, completeness: "hint" }]);
    expect(of({ recordIds: ["001*", "001a"] })).toMatchObject([
      { entityId: "001*", gap: true, completeness: "hint", data: {} },
      { entityId: "001a", data: { Name: "Acme" } },
    ]);
    expect(of({ changedFields: ["0x1200", "4-0x03"] })).toMatchObject([{ gap: true, data: { Name: "Acme" } }]);
    expect(of({ changedFields: ["0x1200"], nulledFields: [] })[0]?.gap).toBeUndefined();
    expect(of({ changedFields: ["0x1200"], nulledFields: ["0x0200"] })).toMatchObject([{ gap: true }]);
  });

  it("takes null for unchanged where every field is sent, and for emptied where it is named so", () => {
    const fields = { Name: "Acme", Phone: null, Fax: null };
    const envelope = {
      id: "e1",
      schemaId: "s",
      payload: payload({ nulledFields: ["Fax"], changedFields: ["Name", "Fax"] }, fields),
    };
    expect(parseAs(salesforce, envelope).events[0]?.data).toEqual({ Name: "Acme", Fax: null });
  });

  it("keeps a null where neither changed nor emptied fields are named, since only what changed is sent", () => {
    const lists = { changedFields: undefined, nulledFields: undefined };
    expect(parseAs(salesforce, bare(lists, { Name: "Acme", Phone: null })).events[0]?.data).toEqual({
      Name: "Acme",
      Phone: null,
    });
  });

  it("leaves out what may be a diff of a long text, and says that something is missing", () => {
    const named = parseAs(salesforce, bare({ diffFields: ["Description"] }, { Name: "Acme", Description: "@@ -1" }));
    expect(named.events).toMatchObject([{ gap: true, data: { Name: "Acme" } }]);
    const bitmaps = { changedFields: ["0x06"], diffFields: ["0x04"] };
    expect(parseAs(salesforce, bare(bitmaps, { Name: "Acme", Description: "@@ -1" })).events).toMatchObject([
      { gap: true, data: {} },
    ]);
  });

  it("keeps the parts of a compound field that changed, and says that the others are missing", () => {
    const fields = { Name: { LastName: "Lovelace", FirstName: null }, MailingAddress: { City: null } };
    const [event] = parseAs(salesforce, bare({ changedFields: ["Name.LastName"] }, fields)).events;
    expect(event).toMatchObject({ gap: true });
    expect(event?.data).toEqual({ Name: { LastName: "Lovelace" } });
  });

  it.each([[{ changeType: undefined }], [{ entityName: undefined }], [{ recordIds: [] }], [{ recordIds: "001" }]])(
    "finds nothing in a header with %j",
    (overrides) => {
      expect(parseAs(salesforce, bare(overrides))).toMatchObject({ events: [], ignored: "unknown_shape" });
    },
  );

  it("takes no change from a snapshot", () => {
    expect(parseAs(salesforce, bare({ changeType: "SNAPSHOT" }))).toMatchObject({ events: [], ignored: "snapshot" });
  });

  it("knows the organisation that EventBridge names, of platform events too", () => {
    const partner = { source: "aws.partner/salesforce.com/00Dxx0000001gEREAY/ch" };
    const platform = { "detail-type": "Order_Shipped__e", detail: { payload: { EventUuid: "u-1" } }, ...partner };
    expect(parseAs(salesforce, platform).events).toMatchObject([{ scope: "00Dxx0000001gEREAY", entityId: "u-1" }]);
  });

  it("carries no data in a deletion", () => {
    expect(parseAs(salesforce, bare({ changeType: "DELETE" }, {})).events).toMatchObject([
      { eventType: "deleted", data: {} },
    ]);
  });

  it("knows a platform event by its channel", () => {
    const platform = {
      data: {
        schema: "s",
        payload: { OrderNumber__c: "7", CreatedDate: "2026-11-24T08:00:00Z" },
        event: { EventUuid: "uuid-1", replayId: 3 },
      },
      channel: "/event/Order_Shipped__e",
    };
    expect(parseAs(salesforce, platform).events).toMatchObject([
      { entityType: "Order_Shipped__e", eventType: "occurred", entityId: "uuid-1" },
    ]);
  });
});

describe("Salesforce's set-up steps", () => {
  it.each([
    ["seed", "body"],
    ["timestamped", "timestamp + '.' + body"],
  ])("say what Apex signs by the scheme %s", (scheme, signed) => {
    const webhookUrl = "https://hooks.example.com/webhooks/webhook-1";
    const steps = salesforce.setupSteps({ webhookUrl, scheme, settings: { scheme }, missingSettings: [] }).join(" ");
    expect(steps).toContain(webhookUrl);
    expect(steps).toContain(signed);
    expect(steps.includes("X-Salesforce-Event-Timestamp")).toBe(scheme === "timestamped");
  });
});
