import type { DeliveryRequest } from "../core/delivery-request";
import { asObject, at, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery, Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { toEntityType, toSingular, toSnakeCase } from "./event-name";
import { explainClaim } from "./explain-claim";
import { idText } from "./id-text";
import { demandHmac, digestBytes, type HmacDemand, readSignature } from "./signature";
import { statedTime } from "./stated-time";
import { trust } from "./trust";

/**
 * Shopify, shopify.dev/docs/apps/build/webhooks. `X-Shopify-Hmac-SHA256: <base64>` is HMAC-SHA256 over the body, keyed with
 * the app's client secret. There is no timestamp: a repeat is told by `X-Shopify-Webhook-Id`. That header,
 * `X-Shopify-Topic` and the others are not signed: who captured a delivery could send it again under another id or topic,
 * so it is `updated_at`, which is in the body, that keeps an old one from undoing a newer.
 * Shopify's newer product, Events, sends the same headers without `X-`; its body names topic and action.
 */
const families = ["x-shopify", "shopify"] as const;

const words: ReadonlyMap<string, EventType> = new Map([
  ["create", "created"],
  ["delete", "deleted"],
  // The app is gone from a shop that goes on.
  ["uninstalled", "occurred"],
]);
/** "Privacy law compliance": requests to hand out or forget data. Their e-mail addresses are not to be stored anew. */
const privacyTopics = ["customers/data_request", "customers/redact", "shop/redact"];
const privacyFields = ["shop_id", "orders_requested", "orders_to_redact", "data_request"];
const eventsForm = /^[A-Za-z]{1,60}\.[a-z_]{1,60}$/;
const topicForm = /^[a-z_]{1,60}\/[a-z_]{1,60}$/;

/** Webhooks of Shopify's shops, and its Events. */
export const shopify: Provider = {
  id: "shopify",
  displayName: "Shopify",
  schemes: ["native"],
  importedScheme: "native",
  usesSecret: true,
  // No figure is published; an order with hundreds of lines takes more than a megabyte.
  maxBodyBytes: 5 * 1024 * 1024,
  // "8 times over the next 4 hours" ("HTTPS delivery"); a day leaves room for delays.
  rememberSeconds: 24 * 3600,
  toldHeaders: {
    shown: [
      "x-shopify-topic",
      "x-shopify-webhook-id",
      "x-shopify-shop-domain",
      "x-shopify-triggered-at",
      "x-shopify-api-version",
    ],
    masked: ["x-shopify-hmac-sha256"],
  },
  hints: {
    secret:
      "compare the secret with the app's client secret, or with the key under Settings > Notifications > Webhooks.",
    deliveries: "open the app's Webhooks or Monitoring page in the Dev Dashboard and look at the failed deliveries.",
  },

  verify(request, proof) {
    if (!shopify.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
    demandHmac(claimOf(request, proof));
    return trust(request);
  },

  explain: explainClaim("shopify", { claimOf }),

  parse,

  setupSteps,
};

function claimOf(request: DeliveryRequest, { secrets }: Proof): HmacDemand {
  const header = `${familyOf(request)}-hmac-sha256`;
  const signature = readSignature(request, header, { encoding: "base64", bytes: digestBytes.sha256 });
  return { algorithm: "sha256", keys: secrets, contents: [[request.body]], signatures: [signature] };
}

/** The family whose signature is there; headers of the other one count for nothing. */
function familyOf({ headers }: DeliveryRequest): string {
  return families.find((family) => headers.get(`${family}-hmac-sha256`) !== null) ?? families[0];
}

function parse(request: DeliveryRequest): ParsedDelivery {
  const header = (name: string): string | undefined => request.headers.get(`${familyOf(request)}-${name}`) ?? undefined;
  const deliveryId = idText(header("webhook-id"));
  const body = asObject(request.json());
  const topic = header("topic") ?? "";
  const event = body && (eventsEvent(body) ?? (topicForm.test(topic) ? webhookEvent(body, topic) : undefined));
  if (event === undefined) return { deliveryId, events: [], ignored: "unknown_shape" };
  return { deliveryId, events: [{ ...event, scope: header("shop-domain") }] };
}

/** `orders/create` with the order as body. The pattern of an event has no slash, so `orders.create` is what is matched. */
function webhookEvent(body: JsonObject, topic: string): ProviderEvent | undefined {
  if (privacyTopics.includes(topic)) return privacyEvent(body, topic);
  const [plural = "", action = ""] = topic.split("/");
  const singular = toSingular(plural);
  const record = asObject(body[singular]) ?? body;
  const entityId = idIn(record, singular);
  const entityType = toEntityType([singular]);
  if (entityId === undefined || entityType === undefined) return undefined;
  const eventType = words.get(action) ?? "updated";
  return {
    entityType,
    eventType,
    entityId,
    nativeType: `${plural}.${action}`,
    nativeAction: action,
    ...statedTime(record["updated_at"]),
    // With `include_fields` a body holds some fields only, and nothing in it tells so.
    completeness: Object.keys(record).length > 1 ? "partial" : "hint",
    data: record,
  };
}

function privacyEvent(body: JsonObject, topic: string): ProviderEvent | undefined {
  const entityId = idText(at(body, "customer", "id")) ?? idText(body["shop_id"]);
  if (entityId === undefined) return undefined;
  return {
    entityType: "privacy_request",
    eventType: "occurred",
    entityId,
    nativeType: topic.replace("/", "."),
    completeness: "hint",
    data: Object.fromEntries(Object.entries(body).filter(([name]) => privacyFields.includes(name))),
  };
}

/** Most records have an `id`; an inventory level is told by item and location, a listing by what it lists. */
function idIn(record: JsonObject, singular: string): string | undefined {
  const [item, location] = [idText(record["inventory_item_id"]), idText(record["location_id"])];
  const listed = idText(record[`${singular.replace(/_listing$/, "")}_id`]);
  return (
    idText(record["id"]) ??
    (item === undefined || location === undefined ? undefined : `${item}:${location}`) ??
    listed ??
    idText(record["admin_graphql_api_id"])
  );
}

/** Events: `{"topic":"Product","action":"update","data":{"product":{"id":"gid://…"}},"query_variables":{"productId":"gid://…"}}`. */
function eventsEvent(body: JsonObject): ProviderEvent | undefined {
  const [topic, action] = [textAt(body, "topic"), textAt(body, "action")];
  if (topic === undefined || action === undefined || !eventsForm.test(`${topic}.${action}`)) return undefined;
  const field = topic.charAt(0).toLowerCase() + topic.slice(1);
  const record = asObject(at(body, "data", field)) ?? {};
  const entityId = idText(record["id"]) ?? idText(at(body, "query_variables", `${field}Id`));
  const entityType = toEntityType([toSnakeCase(topic)]);
  if (entityId === undefined || entityType === undefined) return undefined;
  return {
    entityType,
    eventType: words.get(action) ?? "updated",
    entityId,
    nativeType: `${topic}.${action}`,
    nativeAction: action,
    completeness: Object.keys(record).length > 1 ? "partial" : "hint",
    data: { ...record, ...("fields_changed" in body ? { fields_changed: body["fields_changed"] } : {}) },
  };
}

function setupSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    `For an app, add to shopify.app.toml [[webhooks.subscriptions]] with topics = ["orders/create", …] and uri = "${webhookUrl}", and run shopify app deploy.`,
    `Without an app, open Settings > Notifications > Webhooks in the shop's admin, click Create webhook, choose JSON as format and enter ${webhookUrl}.`,
    `Shopify signs with a secret of its own: PATCH ${webhookUrl} with {"webhookSecret":"…"}, the app's client secret from the Dev Dashboard, or the key shown below the list of webhooks.`,
    "Send a test notification: the answer must be 200.",
  ];
}
