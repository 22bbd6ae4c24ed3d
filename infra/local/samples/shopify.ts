import { randomUUID } from "node:crypto";
import { type Content, hmac, jsonContent, type SampleProvider } from "./sample";

/** Webhooks about one product (shopify.dev/docs/api/webhooks). */
export const shopifySamples: SampleProvider = {
  integrationId: "shopify",
  schemes: ["native"],
  events: new Map(
    ["products/create", "products/update", "products/delete"].map((topic) => [topic, () => event(topic)]),
  ),
  sign: ({ body }, { secret }) => ({ headers: { "x-shopify-hmac-sha256": hmac(secret, body).toString("base64") } }),
};

/** What is deleted is told by its id alone. */
function event(topic: string): Content {
  const fields = { title: "Difference engine", updated_at: new Date().toISOString() };
  return jsonContent(
    { id: 7880321196742, ...(topic === "products/delete" ? {} : fields) },
    {
      "x-shopify-topic": topic,
      "x-shopify-shop-domain": "demo.myshopify.com",
      "x-shopify-webhook-id": randomUUID(),
    },
  );
}
