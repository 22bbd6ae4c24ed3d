import fc from "fast-check";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Provider } from "../../shared/core/provider";
import { DeliveryRefused } from "../../shared/core/refusal";
import type { VerificationSettings } from "../../shared/core/registration";
import { eventTypes } from "../../shared/core/webhook-event";
import { cloudevents } from "../../shared/providers/cloudevents";
import { customHmac } from "../../shared/providers/custom-hmac";
import { readEventName, toEntityType } from "../../shared/providers/event-name";
import { graph } from "../../shared/providers/graph";
import { shopify } from "../../shared/providers/shopify";
import { standard } from "../../shared/providers/standard";
import { stripe } from "../../shared/providers/stripe";
import { trust } from "../../shared/providers/trust";
import { twilio } from "../../shared/providers/twilio";
import { contractNow } from "../contracts/provider";
import { propertyRuns } from "../support/property-runs";

const runs = propertyRuns(200);
const headerText = fc.stringMatching(/^[!-~]{0,80}$/);
const dotted = fc.stringMatching(/^[A-Za-z_]{1,9}(?:\.[A-Za-z_]{1,9}){0,2}$/);
const contentType = fc.constantFrom(
  ...["application/json", "application/x-www-form-urlencoded", "text/plain", ""],
  ...["application/cloudevents+json", "application/cloudevents-batch+json", "application/cloudevents+xml"],
);

/** Field names that the parsers look for, so that arbitrary values turn up where they are read. */
const fieldName = fc.constantFrom(
  ...["type", "timestamp", "data", "id", "specversion", "source", "subject", "time", "data_base64", "datacontenttype"],
  ...["value", "clientState", "changeType", "resource", "resourceData", "@odata.type", "lifecycleEvent", "tenantId"],
  ...["subscriptionId", "object", "created", "related_object", "account", "client_secret", "updated_at", "customer"],
  ...["inventory_item_id", "location_id", "topic", "action", "query_variables", "shop_id", "messageSid"],
  ...["__proto__", "constructor"],
);
const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.double(),
  fc.integer(),
  fc.constantFrom(
    "1.0",
    "user.created",
    "created",
    "2026-11-24T09:00:00Z",
    "missed",
    1e300,
    2 ** 53,
    "",
    "users/u/messages/m",
  ),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("tree"), { maxLength: 3 }), fc.dictionary(fieldName, tie("tree"))),
}));
const shapes = fc.dictionary(fieldName, tree, { maxKeys: 20 });
const json = fc.oneof(shapes, fc.jsonValue(), fc.array(shapes, { maxLength: 3 }));
const bodies = fc.oneof(
  json.map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc
    .dictionary(fc.constantFrom("MessageSid", "CallSid", "EventType", "MessageStatus", "x"), fc.string())
    .map((fields) => Buffer.from(new URLSearchParams(fields).toString())),
);

const providers = [standard, cloudevents, graph, stripe, shopify, twilio, customHmac];
const headersFor = (type: string, text: string): Record<string, string> => ({
  "content-type": type,
  "webhook-id": text,
  "x-shopify-topic": "orders/create",
  "ce-specversion": "1.0",
  "ce-id": text,
  "ce-source": "/s",
  "ce-type": text,
});

describe("parsing never throws and finds nothing unfit for the queue", () => {
  it.each(providers)("in what reaches $displayName", (provider) => {
    fc.assert(
      fc.property(bodies, contentType, headerText, dotted, (body, type, text, path) => {
        const settings: VerificationSettings = { typePath: "type", entityPath: path, idPath: path, actionPath: path };
        const request = trust(new DeliveryRequest(new Headers(headersFor(type, text)), body));
        for (const some of [undefined, settings]) {
          const { events, ignored, deliveryId } = provider.parse(request, contractNow, some);
          expect(deliveryId).not.toBe("");
          if (events.length > 0) expect(ignored).toBeUndefined();
          for (const event of events) {
            expect(event.entityId).not.toBe("");
            expect(event.entityType).toMatch(/^[A-Za-z0-9_-]+$/);
            expect(eventTypes).toContain(event.eventType);
            expect(JSON.stringify(event)).toBeDefined();
            if (event.version) expect(Number.isFinite(Number(event.version.value))).toBe(true);
            if (event.occurredAt !== undefined) expect(new Date(event.occurredAt).toISOString()).toBe(event.occurredAt);
          }
        }
      }),
      runs,
    );
  });

  it("in any name of an event", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), dotted), (name) => {
        const { entity, eventType } = readEventName(name);
        expect(eventTypes).toContain(eventType);
        expect(toEntityType(entity) ?? "x").toMatch(/^[a-z0-9_]+$/);
      }),
      runs,
    );
  });
});

describe("verification never takes a proof that the secret did not make", () => {
  const now = String(contractNow / 1000);
  const settings = { signatureHeader: "x-sig", signedParts: ["{body}"] };
  const base64 = fc.uint8Array({ minLength: 20, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString("base64"));
  const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
  const attempts: [Provider, (proof: string) => Record<string, string>, (body: Buffer) => Buffer][] = [
    [standard, (proof) => ({ "webhook-id": "1", "webhook-timestamp": now, "webhook-signature": `v1,${proof}` }), same],
    [cloudevents, (proof) => ({ authorization: `Bearer ${proof}` }), same],
    [graph, () => ({}), (body) => Buffer.from(JSON.stringify({ value: [{ clientState: body.toString() }] }))],
    [stripe, (proof) => ({ "stripe-signature": `t=${now},v1=${proof}` }), same],
    [shopify, (proof) => ({ "x-shopify-hmac-sha256": proof }), same],
    [twilio, (proof) => ({ "x-twilio-signature": proof }), same],
    [customHmac, (proof) => ({ "x-sig": proof }), same],
  ];

  it.each(attempts.map((attempt) => [attempt[0].displayName, ...attempt] as const))(
    "of %s",
    (_, provider, headersOf, bodyOf) => {
      const proofs = fc.oneof(base64, hex, headerText);
      const schemes = fc.constantFrom(...provider.schemes, "none", "");
      fc.assert(
        fc.property(proofs, fc.uint8Array(), schemes, contentType, (text, bytes, scheme, type) => {
          const headers = new Headers({ ...headersOf(text), "content-type": type });
          const request = new DeliveryRequest(
            headers,
            bodyOf(Buffer.from(bytes)),
            () => "https://h.example/webhooks/w",
          );
          const secrets = ["whsec_c2VjcmV0c2VjcmV0c2VjcmV0"];
          const proof = { scheme, secrets, settings, toleranceSeconds: 300, now: contractNow };
          expect(() => provider.verify(request, proof)).toThrow(DeliveryRefused);
        }),
        runs,
      );
    },
  );
});

function same(body: Buffer): Buffer {
  return body;
}
