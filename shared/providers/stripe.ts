import type { DeliveryRequest } from "../core/delivery-request";
import { asObject, at, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery, Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { toEntityType, toSnakeCase } from "./event-name";
import { explainClaim } from "./explain-claim";
import { demandFresh } from "./hmac";
import { idText } from "./id-text";
import { decodeExactly, demandHeader, demandHmac, digestBytes, type HmacDemand } from "./signature";
import { statedTime } from "./stated-time";
import { trust } from "./trust";

/**
 * Stripe, docs.stripe.com/webhooks. `Stripe-Signature: t=<Unix seconds>,v1=<hex>[,v1=<hex>…]` is HMAC-SHA256 over
 * `t.body`, keyed with the whole text of the endpoint's signing secret: `whsec_` is part of it, unlike in Standard
 * Webhooks. While a secret is rolled there is a `v1` for each; `v0` is for tests and counts for nothing.
 */
const SIGNATURE_HEADER = "stripe-signature";
const typeName = /^[a-z0-9_.]{1,200}$/;
const field = /^([a-z]\w{0,15})=(.*)$/;

const words: ReadonlyMap<string, EventType> = new Map([
  ["created", "created"],
  ["deleted", "deleted"],
]);
/** Fields of an object with which a browser may act on it. */
const credentials = ["client_secret", "secret"];
const unknownShape: ParsedDelivery = { events: [], ignored: "unknown_shape" };

/** Stripe's events, as snapshots and as thin notifications. */
export const stripe: Provider = {
  id: "stripe",
  displayName: "Stripe",
  schemes: ["native"],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  // "Stripe attempts to deliver events to your destination for up to three days"; an hour is added for the last one's way.
  rememberSeconds: 73 * 3600,
  toldHeaders: { masked: ["stripe-signature"] },
  hints: {
    secret:
      "compare the secret with the Signing secret of the destination in the Stripe Dashboard under Workbench > Webhooks.",
    deliveries:
      "open the destination in the Stripe Dashboard under Workbench > Webhooks and look at its event deliveries.",
  },

  verify(request, proof) {
    if (!stripe.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
    demandHmac(claimOf(request, proof));
    return trust(request);
  },

  explain: explainClaim("stripe", { claimOf, timeOf }),

  parse,

  setupSteps,
};

function claimOf(request: DeliveryRequest, proof: Proof): HmacDemand {
  const { timestamp, signatures } = readHeader(demandHeader(request, SIGNATURE_HEADER));
  demandFresh(timestamp, proof);
  return { algorithm: "sha256", keys: proof.secrets, contents: [[`${timestamp}.`, request.body]], signatures };
}

function timeOf(request: DeliveryRequest): number {
  return Number(readHeader(demandHeader(request, SIGNATURE_HEADER)).timestamp);
}

function readHeader(header: string): { readonly timestamp: string; readonly signatures: readonly Buffer[] } {
  const fields = header.split(",").map((text) => field.exec(text));
  const valuesOf = (name: string): string[] =>
    fields.filter((match) => match?.[1] === name).map((match) => match?.[2] ?? "");
  const [timestamp, ...otherTimestamps] = valuesOf("t");
  if (timestamp === undefined || timestamp === "") throw new DeliveryRefused("timestamp_missing");
  const stated = valuesOf("v1").map((hex) => decodeExactly(hex, "hex", digestBytes.sha256));
  const signatures = stated.filter((signature) => signature !== undefined);
  const isWellFormed = !fields.includes(null) && otherTimestamps.length === 0 && signatures.length === stated.length;
  if (!isWellFormed || signatures.length === 0) throw new DeliveryRefused("header_malformed");
  return { timestamp, signatures };
}

function parse(request: DeliveryRequest): ParsedDelivery {
  const body = asObject(request.json());
  const type = textAt(body, "type");
  if (body === undefined || type === undefined || !typeName.test(type)) return unknownShape;
  const deliveryId = idText(body["id"]);
  const event = eventOf(body, type);
  return { deliveryId, ...(event === undefined ? unknownShape : { events: [event] }) };
}

/**
 * A snapshot event holds its object as it was; a thin one names it. Few have no id (`balance`, an upcoming invoice): then
 * the event stands for itself, and changes no record.
 */
function eventOf(body: JsonObject, type: string): ProviderEvent | undefined {
  const snapshot = asObject(at(body, "data", "object"));
  const named = snapshot ?? asObject(body["related_object"]);
  const kind = textAt(snapshot, "object") ?? textAt(named, "type");
  const entityType = toEntityType([toSnakeCase(kind ?? "")]);
  const objectId = idText(at(named, "id"));
  const word = lastWord(type);
  const eventType = objectId === undefined ? "occurred" : (words.get(word) ?? "updated");
  const entityId = objectId ?? idText(body["id"]);
  if (named === undefined || entityType === undefined || entityId === undefined) return undefined;
  return {
    entityType,
    eventType,
    entityId,
    nativeType: type,
    nativeAction: word === eventType ? undefined : word,
    ...statedTime(timeIn(body["created"])),
    scope: textAt(body, "account") ?? textAt(body, "context"),
    completeness: snapshot === undefined ? "hint" : "full",
    data: Object.fromEntries(Object.entries(named).filter(([name]) => !credentials.includes(name))),
  };
}

function lastWord(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

/** Unix seconds in snapshot events, ISO 8601 in thin ones. */
function timeIn(created: unknown): unknown {
  return typeof created === "number" ? created * 1000 : created;
}

function setupSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    "In the Stripe Dashboard open Workbench > Webhooks and click Add destination.",
    `Choose the events, then Webhook endpoint, and enter ${webhookUrl} as Endpoint URL.`,
    `Stripe makes the secret itself: reveal the Signing secret of the destination and PATCH ${webhookUrl} with {"webhookSecret":"whsec_…"}, which takes the place of the one handed out here.`,
    "The secrets of test mode, of live mode and of `stripe listen` are different ones: register a webhook for each.",
  ];
}
