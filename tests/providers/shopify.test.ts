import { createHmac } from "node:crypto";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import { eventNameOf } from "../../shared/core/webhook-event";
import { shopify } from "../../shared/providers/shopify";
import { contractNow, describeScheme } from "../contracts/provider";
import { parseAs } from "../support/parse";

const order = { id: 820982911946154, email: "jon@example.com", updated_at: "2026-11-24T03:59:00-05:00" };
const headersFor = (topic: string, family = "X-Shopify") => ({
  [`${family}-Topic`]: topic,
  [`${family}-Shop-Domain`]: "quickstart.myshopify.com",
  [`${family}-Webhook-Id`]: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
});
const parse = (topic: string, json: unknown) => parseAs(shopify, json, headersFor(topic));

for (const family of ["x-shopify", "shopify"]) {
  describe(`Shopify's signature in ${family} headers`, () => {
    describeScheme({
      provider: shopify,
      scheme: "native",
      body: Buffer.from(JSON.stringify({ id: 7, title: "Grüße ☃" })),
      headers: (body, secret) => ({
        ...headersFor("products/update", family),
        [`${family}-hmac-sha256`]: createHmac("sha256", secret).update(body).digest("base64"),
      }),
      proofHeader: `${family}-hmac-sha256`,
      encoding: "base64",
      corruptProof: (value) => (value.startsWith("A") ? "B" : "A") + value.slice(1),
    });
  });
}

describe("Shopify's signature", () => {
  it("counts in the family that is there, not in the other one", () => {
    const body = Buffer.from("{}");
    const good = createHmac("sha256", "key").update(body).digest("base64");
    const bad = createHmac("sha256", "other").update(body).digest("base64");
    const headers = { "x-shopify-hmac-sha256": bad, "shopify-hmac-sha256": good };
    const proof = { scheme: "native", secrets: ["key"], settings: {}, toleranceSeconds: 300, now: contractNow };
    const verify = () => shopify.verify(new DeliveryRequest(new Headers(headers), body), proof);
    expect(verify).toThrow("signature_mismatch");
  });
});

describe("Shopify's webhooks", () => {
  it("are named by their topic and identified by their webhook id", () => {
    expect(parse("orders/updated", order)).toEqual({
      deliveryId: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
      events: [
        {
          entityType: "order",
          eventType: "updated",
          entityId: "820982911946154",
          nativeType: "orders.updated",
          nativeAction: "updated",
          occurredAt: "2026-11-24T08:59:00.000Z",
          version: { kind: "time", value: Date.UTC(2026, 10, 24, 8, 59) },
          scope: "quickstart.myshopify.com",
          completeness: "partial",
          data: order,
        },
      ],
    });
  });

  it.each([
    ["orders/create", { id: 1, a: 1 }, "order.created", "1"],
    ["orders/paid", { id: 1, a: 1 }, "order.updated", "1"],
    ["products/delete", { id: 1 }, "product.deleted", "1"],
    [
      "companies/create",
      { admin_graphql_api_id: "gid://shopify/Company/1" },
      "company.created",
      "gid://shopify/Company/1",
    ],
    ["inventory_levels/update", { inventory_item_id: 2, location_id: 3 }, "inventory_level.updated", "2:3"],
    ["collection_listings/add", { collection_listing: { collection_id: 4 } }, "collection_listing.updated", "4"],
    ["carts/update", { id: "eeafa272cebfd4b22385bc4b645e762c" }, "cart.updated", "eeafa272cebfd4b22385bc4b645e762c"],
    ["app/uninstalled", { id: 5, name: "Shop" }, "app.occurred", "5"],
    ["shop/update", { id: 5, name: "Shop" }, "shop.updated", "5"],
  ])("on %s with %j are %s of %s", (topic, json, eventName, entityId) => {
    const { events } = parse(topic, json);
    expect(events.map(eventNameOf)).toEqual([eventName]);
    expect(events).toMatchObject([{ entityId, nativeType: topic.replace("/", ".") }]);
  });

  it.each([
    ["customers/redact", { shop_id: 9, customer: { id: 7, email: "a@b.c" }, orders_to_redact: [1] }, "7"],
    ["customers/data_request", { shop_id: 9, customer: { id: 7, phone: "555" }, data_request: { id: 3 } }, "7"],
    ["shop/redact", { shop_id: 9, shop_domain: "a.myshopify.com" }, "9"],
  ])("about privacy, %s, are requests that hold no address", (topic, json, entityId) => {
    const { events } = parse(topic, json);
    expect(events).toMatchObject([{ entityType: "privacy_request", eventType: "occurred", entityId }]);
    expect(JSON.stringify(events)).not.toMatch(/a@b\.c|555/);
  });

  it.each([
    ["no topic", "", { id: 1 }],
    ["a topic that is none", "orders", { id: 1 }],
    ["no JSON", "orders/create", "{"],
    ["a list", "orders/create", [{ id: 1 }]],
    ["no id", "orders/create", {}],
    ["an id that was rounded", "orders/create", { id: 2 ** 53 }],
    ["half a key", "inventory_levels/update", { inventory_item_id: 2 }],
    ["nobody's privacy", "customers/redact", {}],
  ])("are none in %s", (_, topic, json) => {
    expect(parse(topic, json)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Shopify's Events", () => {
  const update = {
    topic: "InventoryItem",
    action: "update",
    handle: "stock",
    data: { inventoryItem: { id: "gid://shopify/InventoryItem/1", sku: "a" } },
    fields_changed: { added: [], updated: ["inventoryItem.sku"], removed: [] },
    query_variables: { inventoryItemId: "gid://shopify/InventoryItem/1" },
  };
  const headers = headersFor("InventoryItem", "Shopify");

  it("name topic and action in the body", () => {
    const signed = { ...headers, "Shopify-Hmac-Sha256": "x" };
    expect(parseAs(shopify, update, signed)).toMatchObject({
      deliveryId: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
      events: [
        {
          entityType: "inventory_item",
          eventType: "updated",
          entityId: "gid://shopify/InventoryItem/1",
          nativeType: "InventoryItem.update",
          scope: "quickstart.myshopify.com",
          completeness: "partial",
        },
      ],
    });
  });

  it("are hints where no query was configured", () => {
    const { data: _, fields_changed: __, ...bare } = update;
    expect(parseAs(shopify, bare, headers).events).toMatchObject([{ completeness: "hint", data: {} }]);
  });

  it.each([
    ["what they are about", { ...update, data: {}, query_variables: [] }],
    ["a word for the topic", { ...update, topic: "a b" }],
  ])("are none without %s", (_, json) => {
    expect(parseAs(shopify, json, headers)).toMatchObject({ events: [], ignored: "unknown_shape" });
  });
});

describe("Shopify's set-up steps", () => {
  it("ask for Shopify's own secret", () => {
    const context = { webhookUrl: "https://h.example/webhooks/w", scheme: "native", settings: {}, missingSettings: [] };
    expect(shopify.setupSteps(context).join("\n")).toContain("client secret");
  });
});
