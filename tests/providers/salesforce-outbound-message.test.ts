import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof } from "../../shared/core/provider";
import { DeliveryRefused } from "../../shared/core/refusal";
import { salesforce } from "../../shared/providers/salesforce";
import { trust } from "../../shared/providers/trust";
import { parseXml } from "../../shared/providers/xml";
import { contractNow } from "../contracts/provider";
import { contactBody, codeOf, openTestApp, seedSignature, type TestApp } from "../support/test-app";
import type { DeliveryReceipt } from "../../shared/usecases/queue-delivery";
import type { DeliveryResult } from "../../shared/usecases/accept-delivery";
import { updateWebhook } from "../../shared/usecases/update-webhook";
import { healthOf } from "../../shared/usecases/webhook-health";

const organizationId = "00Dxx0000001gEREAY";
const settings = { scheme: "outbound-message", organizationId };
const proof: Proof = { scheme: "outbound-message", secrets: [], settings, toleranceSeconds: 300, now: contractNow };

const contact = {
  Id: "003xx000004TMMzAAO",
  CreatedDate: "2026-11-24T08:00:00.000Z",
  LastModifiedDate: "2026-11-24T08:30:00.000Z",
  SystemModstamp: "2026-11-24T08:31:00.000Z",
  LastName: "Lovelace &amp; Söhne",
};

function notification(id: string, fields: Readonly<Record<string, string>> = contact, type = "sf:Contact"): string {
  const children = Object.entries(fields).map(([name, value]) => `<sf:${name}>${value}</sf:${name}>`);
  return `<Notification><Id>${id}</Id><sObject xsi:type="${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">${children.join("")}</sObject></Notification>`;
}

/** A message as Salesforce sends it; `head` stands before the notifications. */
function message(
  notifications: readonly string[],
  head = `<OrganizationId>${organizationId}</OrganizationId>`,
): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   ${head}
   <ActionId>04kxx0000004CGgAAM</ActionId>
   <SessionId>00Dxx!AQ4AQliveCredential</SessionId>
   <EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/67.0/00Dxx</EnterpriseUrl>
   <PartnerUrl>https://example.my.salesforce.com/services/Soap/u/67.0/00Dxx</PartnerUrl>
   ${notifications.join("\n")}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

const requestOf = (body: string, headers: Record<string, string> = {}) =>
  new DeliveryRequest(new Headers(headers), Buffer.from(body));

function parse(body: string) {
  const request = requestOf(body);
  expect(salesforce.verify(request, proof)).toBe(request);
  return salesforce.parse(trust(request), contractNow, settings);
}

function refusalOf(body: string, overrides: Partial<Proof> = {}, headers: Record<string, string> = {}) {
  const request = requestOf(body, headers);
  const used = { ...proof, ...overrides };
  try {
    void salesforce.verify(request, used);
  } catch (error) {
    if (!(error instanceof DeliveryRefused)) throw error;
    return { reason: error.reason, ...salesforce.explain?.(request, used, error.reason) };
  }
  return { reason: "accepted" };
}

describe("an Outbound Message", () => {
  it("is one event for each notification, with the notification's own id", () => {
    const account = { Id: "001xx000003DGb0AAG", Name: "Acme" };
    const parsed = parse(message([notification("04lxx1"), notification("04lxx2", account, "sf:Account")]));
    expect(parsed).toEqual({
      deliveryId: "04lxx1",
      events: [
        {
          id: "04lxx1",
          entityType: "Contact",
          eventType: "updated",
          entityId: "003xx000004TMMzAAO",
          nativeType: "Contact.outbound_message",
          nativeAction: "outbound_message",
          occurredAt: "2026-11-24T08:31:00.000Z",
          version: { kind: "time", value: Date.UTC(2026, 10, 24, 8, 31) },
          scope: organizationId,
          completeness: "partial",
          data: { ...contact, LastName: "Lovelace & Söhne" },
        },
        expect.objectContaining({ id: "04lxx2", entityType: "Account", entityId: "001xx000003DGb0AAG" }),
      ],
    });
  });

  it("tells a new record by its two dates", () => {
    const fresh = { ...contact, LastModifiedDate: contact.CreatedDate };
    expect(parse(message([notification("04lxx1", fresh)])).events).toMatchObject([{ eventType: "created" }]);
    const undated = { Id: "003" };
    expect(parse(message([notification("04lxx1", undated)])).events).toMatchObject([{ eventType: "updated" }]);
  });

  it("is read by namespace and local name, whatever the prefixes are", () => {
    const renamed = message([notification("04lxx1")])
      .replaceAll("soapenv", "S")
      .replaceAll("xsi", "i")
      .replaceAll("sf:", "q:")
      .replaceAll("xmlns:sf", "xmlns:q");
    expect(parse(renamed).events).toMatchObject([{ entityType: "Contact", entityId: "003xx000004TMMzAAO" }]);
  });

  it("never gives away the session, the users' addresses or what is nested in a record", () => {
    const nested = message([notification("04lxx1", { ...contact, Address: "<sf:City>x</sf:City>" })]);
    const text = JSON.stringify(parse(nested));
    expect(text).not.toContain("liveCredential");
    expect(text).not.toContain("my.salesforce.com");
    expect(text).not.toContain("City");
  });

  it("says null for a field that is nil, and takes a notification that came twice once", () => {
    const nil = notification("04lxx1").replace("<sf:LastName>", '<sf:LastName xsi:nil="true">');
    const { events } = parse(message([nil, nil]));
    expect(events).toHaveLength(1);
    expect(events[0]?.data["LastName"]).toBeNull();
  });

  it("has no event for a notification without an id, a record or a type, and still for the others", () => {
    const broken = [
      notification(""),
      "<Notification><Id>04lxx2</Id></Notification>",
      notification("04lxx3", contact, "not a name"),
      notification("04lxx4", { Name: "Acme" }),
      notification("04lxx5").replace("<sf:Id>", '<sf:Id xsi:nil="1">'),
    ];
    expect(parse(message(broken))).toEqual({ events: [], ignored: "unknown_shape" });
    expect(parse(message([...broken, notification("04lxx9")])).events).toHaveLength(1);
  });
});

describe("an Outbound Message is refused", () => {
  it("where it comes from another organisation, and the owner reads from which", () => {
    const other = message([notification("04lxx1")], "<OrganizationId>00Dyy0000009zzzEAA</OrganizationId>");
    expect(refusalOf(other)).toEqual({
      reason: "organization_mismatch",
      detail: "It names the organisation 00Dyy0000009zzzEAA.",
    });
    const short = message([notification("04lxx1")], `<OrganizationId>${organizationId.slice(0, 15)}</OrganizationId>`);
    expect(refusalOf(short).reason).toBe("organization_mismatch");
    const strange = message([notification("04lxx1")], "<OrganizationId>&lt;b&gt;</OrganizationId>");
    expect(refusalOf(strange)).toEqual({ reason: "organization_mismatch" });
  });

  it("where the webhook names no organisation, or only the short form of it", () => {
    for (const bad of [undefined, "", organizationId.slice(0, 15)]) {
      const incomplete = { scheme: "outbound-message", ...(bad === undefined ? {} : { organizationId: bad }) };
      expect(refusalOf(message([notification("04lxx1")]), { settings: incomplete }).reason).toBe(
        "pending_verification",
      );
      expect(salesforce.missingSettings?.(incomplete)).toEqual(["organizationId"]);
    }
    expect(salesforce.missingSettings?.(settings)).toEqual([]);
    expect(salesforce.missingSettings?.({ scheme: "seed" })).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["JSON", "{}"],
    ["no SOAP", "<a/>"],
    [
      "a document type",
      message([notification("04lxx1")]).replace("<soapenv:Envelope", "<!DOCTYPE a><soapenv:Envelope"),
    ],
    ["a bomb", '<!DOCTYPE a [<!ENTITY b "&c;&c;">]><a>&b;</a>'],
    ["no notification", message([])],
    ["101 notifications", message(Array.from({ length: 101 }, (_, index) => notification(`04lxx${index}`)))],
    ["no organisation", message([notification("04lxx1")], "")],
    [
      "two organisations",
      message([notification("04lxx1")], `<OrganizationId>${organizationId}</OrganizationId>`.repeat(2)),
    ],
    ["two messages", message([notification("04lxx1")]).replace(/<notifications[^]*<\/notifications>/, "$&$&")],
    [
      "an organisation of another namespace",
      message([notification("04lxx1")], `<OrganizationId xmlns="urn:x">${organizationId}</OrganizationId>`),
    ],
  ])("where it is %s", (_, body) => {
    expect(refusalOf(body)).toEqual({ reason: "body_malformed" });
  });

  it("takes a hundred notifications", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => notification(`04lxx${index}`));
    expect(parse(message(hundred)).events).toHaveLength(100);
  });

  it("with a word on what came in its place", () => {
    expect(refusalOf("{}", {}, { "x-salesforce-event-signature": "sha256=1" })).toMatchObject({
      reason: "other_scheme",
    });
    const seed = { scheme: "seed", secrets: ["s"], settings: { scheme: "seed" } };
    expect(refusalOf(message([notification("04lxx1")]), seed)).toEqual({
      reason: "other_scheme",
      detail: "The body is an Outbound Message, which the scheme outbound-message takes; this webhook is set to seed.",
    });
  });
});

describe("a webhook for Outbound Messages", () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await openTestApp();
  });
  afterEach(() => app.close());

  const verification = { scheme: "outbound-message", organizationId };
  const receiptOf = (result: DeliveryResult): DeliveryReceipt => {
    if (result.kind !== "receipt") throw new Error("a handshake came instead of a receipt");
    return result.receipt;
  };

  it("has no secret, waits for the organisation, and is called weak in set-up and health", async () => {
    const webhook = await app.register({ verification: { scheme: "outbound-message" } });
    expect(webhook).toMatchObject({ status: "pending_verification", secretOrigin: "none" });
    expect(webhook.webhookSecret).toBeUndefined();
    expect(webhook.setup[0]).toContain('{"verification":{"organizationId":"00D…"}}');
    expect(webhook.setup.at(-1)).toContain("The proof of this webhook is weak");
    const key = { tenantId: "tenant-123", registrationId: webhook.registrationId };
    expect((await updateWebhook(app.services, key, { verification: { organizationId } })).status).toBe("active");
    const stored = await app.services.registrations.find(webhook.registrationId);
    if (!stored) throw new Error("the webhook is gone");
    expect((await healthOf(app.services, stored.value)).recommendations.join(" ")).toContain(
      "The proof of this webhook is weak",
    );
  });

  it("is never the default, and takes no secret", async () => {
    expect((await app.register()).verification.scheme).toBe("seed");
    expect((await app.register({ webhookSecret: "a secret of theirs" })).verification.scheme).toBe("native");
    expect(await codeOf(app.register({ verification, webhookSecret: "a secret of theirs" }))).toBe("invalid_request");
  });

  it("acknowledges in SOAP once the events are queued: new ones, known ones, unwanted and unreadable ones", async () => {
    const webhook = await app.register({ verification, events: ["Contact.updated"] });
    const deliver = (body: string) => app.deliver(webhook.registrationId, body, { "content-type": "text/xml" });
    const wanted = message([notification("04lxx1")]);
    const unwanted = message([notification("04lxx2", { Id: "001" }, "sf:Account")]);
    for (const body of [wanted, wanted, unwanted, message([notification("")])]) {
      const result = await deliver(body);
      if (result.kind !== "receipt") throw new Error("a handshake came instead of a receipt");
      expect(result.reply).toMatchObject({ status: 200, headers: { "content-type": "text/xml; charset=utf-8" } });
      const [soap] = parseXml(Buffer.from(result.reply?.body ?? ""))?.children ?? [];
      expect(soap?.children[0]).toMatchObject({
        namespace: "http://soap.sforce.com/2005/09/outbound",
        name: "notificationsResponse",
        children: [{ name: "Ack", text: "true" }],
      });
    }
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 1 });
  });

  it("acknowledges nothing that is not durably queued", async () => {
    const webhook = await app.register({ verification });
    jest.spyOn(app.services.queue, "send").mockRejectedValueOnce(new Error("down"));
    const attempt = app.deliver(webhook.registrationId, message([notification("04lxx1")]), {});
    await expect(attempt).rejects.toThrow("down");
  });

  it("refuses another organisation without an acknowledgement", async () => {
    const webhook = await app.register({ verification });
    const other = message([notification("04lxx1")], "<OrganizationId>00Dyy0000009zzzEAA</OrganizationId>");
    expect(await codeOf(app.deliver(webhook.registrationId, other, {}))).toBe("delivery_refused");
  });

  it("queues a notification once although it comes back in other company", async () => {
    const webhook = await app.register({ verification });
    const deliver = async (...ids: string[]) =>
      receiptOf(await app.deliver(webhook.registrationId, message(ids.map((id) => notification(id))), {}));
    expect((await deliver("04lxx1", "04lxx2")).events.map(({ syncTriggered }) => syncTriggered)).toEqual([true, true]);
    const regrouped = await deliver("04lxx3", "04lxx2");
    expect(regrouped.events.map(({ syncTriggered }) => syncTriggered)).toEqual([true, false]);
    expect(regrouped.duplicate).toBeUndefined();
    expect(await deliver("04lxx1")).toMatchObject({ duplicate: true, syncTriggered: false });
    expect(await app.lockingQueue.depth()).toMatchObject({ active: 3 });
    const messages = await app.lockingQueue.receive(10, 60_000);
    for (const { messageId } of messages) expect(messageId.length).toBeLessThanOrEqual(128);
    expect(messages.map(({ body }) => JSON.parse(body).data.deliveryId).sort()).toEqual(["04lxx1", "04lxx2", "04lxx3"]);
  });

  it("gives the events of other schemes other ids than a notification of the same id", async () => {
    const webhook = await app.register({ verification });
    await app.deliver(webhook.registrationId, message([notification("e-1")]), {});
    const key = { tenantId: "tenant-123", registrationId: webhook.registrationId };
    const webhookSecret = "a secret of ours";
    await updateWebhook(app.services, key, { webhookSecret, verification: { scheme: "seed" } });
    const body = JSON.stringify(contactBody());
    const headers = {
      "x-salesforce-event-signature": seedSignature({ webhookSecret }, body),
      "x-salesforce-event-id": "e-1",
    };
    expect(receiptOf(await app.deliver(webhook.registrationId, body, headers)).duplicate).toBeUndefined();
  });
});
