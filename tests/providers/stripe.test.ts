import { createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import { eventNameOf } from "../../shared/core/webhook-event";
import { stripe } from "../../shared/providers/stripe";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

const subscription = { id: "sub_1", object: "subscription", status: "active", customer: "cus_1" };
const event = (type: string, object: unknown = subscription, differences: object = {}) => ({
  id: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
  object: "event",
  api_version: "2026-10-28",
  created: 1_795_510_000,
  data: { object },
  livemode: false,
  type,
  ...differences,
});
const body = Buffer.from(JSON.stringify(event("customer.subscription.updated")));

function v1(secret: string, time: string, bytes: Buffer = body): string {
  return createHmac("sha256", secret).update(`${time}.`).update(bytes).digest("hex");
}

describe("Stripe's signature", () => {
  describeScheme({
    provider: stripe,
    scheme: "native",
    body,
    headers: (bytes, secret, now) => {
      const time = String(now / 1000);
      return { "stripe-signature": `t=${time},v0=${"f".repeat(64)},v1=${v1(secret, time, bytes)}` };
    },
    proofHeader: "stripe-signature",
    withTimestamp: (headers, time) => ({
      "stripe-signature": (headers["stripe-signature"] ?? "").replace(
        /^t=\d+,/,
        time === undefined ? "" : `t=${time},`,
      ),
    }),
    corruptProof: (value) => value.slice(0, -1) + (value.endsWith("0") ? "1" : "0"),
  });

  const now = String(contractNow / 1000);
  const secret = "whsec_signing";
  const verify = (signature: string) => {
    const proof = { scheme: "native", secrets: [secret], settings: {}, toleranceSeconds: 300, now: contractNow };
    return stripe.verify(new DeliveryRequest(new Headers({ "stripe-signature": signature }), body), proof);
  };

  it("is enough with any v1 that matches, in any order", () => {
    const lists = [
      `t=${now},v1=${v1("old", now)},v1=${v1(secret, now)}`,
      `v1=${v1(secret, now)},v1=${v1("old", now)},t=${now},v2=new`,
    ];
    for (const list of lists) expect(verify(list)).toBeInstanceOf(DeliveryRequest);
  });

  it("is made with the whole text of the secret, whsec_ included", () => {
    expect(() => verify(`t=${now},v1=${v1(secret.replace("whsec_", ""), now)}`)).toThrow("signature_mismatch");
    const decoded = createHmac("sha256", Buffer.from("signing", "base64")).update(`${now}.`).update(body).digest("hex");
    expect(() => verify(`t=${now},v1=${decoded}`)).toThrow("signature_mismatch");
  });

  it("counts as v1 alone", () => {
    expect(() => verify(`t=${now},v0=${v1(secret, now)}`)).toThrow("header_malformed");
  });

  it.each([
    ["two times", `t=${now},t=${now},v1=${v1(secret, now)}`],
    ["a word of its own", `t=${now},v1=${v1(secret, now)},hello`],
    ["spaces", `t=${now}, v1=${v1(secret, now)}`],
    ["one v1 that is no signature", `t=${now},v1=abc,v1=${v1(secret, now)}`],
  ])("is malformed with %s", (_, header) => {
    expect(() => verify(header)).toThrow("header_malformed");
  });
});

describe("Stripe's events", () => {
  it("hold their object as it was, without what lets a browser act on it", () => {
    const intent = { id: "pi_1", object: "payment_intent", client_secret: "pi_1_secret_2", amount: 7 };
    const json = event("payment_intent.succeeded", intent, { account: "acct_1" });
    expect(parseAs(stripe, json)).toEqual({
      deliveryId: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
      events: [
        {
          entityType: "payment_intent",
          eventType: "updated",
          entityId: "pi_1",
          nativeType: "payment_intent.succeeded",
          nativeAction: "succeeded",
          occurredAt: new Date(1_795_510_000_000).toISOString(),
          version: { kind: "time", value: 1_795_510_000_000 },
          scope: "acct_1",
          completeness: "full",
          data: { id: "pi_1", object: "payment_intent", amount: 7 },
        },
      ],
    });
  });

  it.each([
    ["customer.subscription.created", subscription, "subscription.created", "sub_1", undefined],
    ["customer.subscription.deleted", subscription, "subscription.deleted", "sub_1", undefined],
    ["customer.subscription.updated", subscription, "subscription.updated", "sub_1", undefined],
    [
      "checkout.session.completed",
      { id: "cs_1", object: "checkout.session" },
      "checkout_session.updated",
      "cs_1",
      "completed",
    ],
    ["invoice.upcoming", { object: "invoice" }, "invoice.occurred", "evt_1NG8Du2eZvKYlo2CUI79vXWy", "upcoming"],
  ])("of the type %s are read", (type, object, eventName, entityId, nativeAction) => {
    const { events } = parseAs(stripe, event(type, object));
    expect(events.map(eventNameOf)).toEqual([eventName]);
    expect(events).toMatchObject([{ entityId, nativeType: type }]);
    expect(events[0]?.nativeAction).toBe(nativeAction);
  });

  it("may be thin: they name their object and say no more", () => {
    const thin = {
      id: "evt_test_65R9",
      object: "v2.core.event",
      type: "v1.billing.meter.error_report_triggered",
      created: "2026-11-24T08:46:42.501Z",
      context: "acct_2",
      related_object: { id: "mtr_1", type: "billing.meter", url: "/v1/billing/meters/mtr_1" },
    };
    expect(parseAs(stripe, thin).events).toMatchObject([
      {
        entityType: "billing_meter",
        eventType: "updated",
        entityId: "mtr_1",
        occurredAt: "2026-11-24T08:46:42.501Z",
        scope: "acct_2",
        completeness: "hint",
      },
    ]);
  });

  it.each([
    ["no JSON", "{"],
    ["{}", {}],
    ["a list", [event("invoice.paid")]],
    ["no object", event("invoice.paid", null)],
    ["a list for the object", event("invoice.paid", [subscription])],
    ["an object that names no kind", event("invoice.paid", { id: "in_1" })],
    ["a type that is none", event("not a type")],
    ["no id anywhere", event("invoice.upcoming", { object: "invoice" }, { id: 1.5 })],
  ])("are none in %s", (_, json) => {
    expect(parseAs(stripe, json)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Stripe's set-up steps", () => {
  it("ask for the secret that Stripe makes", () => {
    const context = { webhookUrl: "https://h.example/webhooks/w", scheme: "native", settings: {}, missingSettings: [] };
    expect(stripe.setupSteps(context).join("\n")).toContain('PATCH https://h.example/webhooks/w with {"webhookSecret"');
  });
});
