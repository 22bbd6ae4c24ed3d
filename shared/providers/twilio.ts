import { hash, timingSafeEqual } from "node:crypto";
import { DeliveryRequest } from "../core/delivery-request";
import type { Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused, type Explanation } from "../core/refusal";
import { explainClaim, isRight } from "./explain-claim";
import { isForm } from "./is-form";
import { demandHmac, digestBytes, type HmacDemand, readSignature } from "./signature";
import { trust } from "./trust";
import { parseTwilio } from "./twilio-events";

/**
 * Twilio, twilio.com/docs/usage/webhooks/webhooks-security. `X-Twilio-Signature: <base64>` is HMAC-SHA1, keyed with the
 * account's auth token, over the URL exactly as Twilio called it and, for forms, name and value of each parameter sorted
 * by name. For JSON the URL holds `bodySHA256=<hex>`, and nothing but the URL is signed. There is no timestamp: a repeat is
 * told by the header `I-Twilio-Idempotency-Token`, which is not signed.
 * The URL is the webhook's own with the query that came, never one made of the `Host` header. Twilio is not consistent
 * about the port (`validateRequest` of twilio-node): it may sign the URL with it or without.
 */
const SIGNATURE_HEADER = "x-twilio-signature";
const BODY_HASH = "bodySHA256";
const defaultPorts: Readonly<Record<string, string>> = { "https:": "443", "http:": "80" };
const sha256Hex = /^[0-9a-f]{64}$/;

const explainOtherwise = explainClaim("twilio", { claimOf });
/** Headers that may name the host that was called. What they say explains a refusal, and decides nothing. */
const hostHeaders = ["host", "x-forwarded-host", "x-original-host"];

/** Twilio's status callbacks, incoming messages and calls, and Event Streams. */
export const twilio: Provider = {
  id: "twilio",
  displayName: "Twilio",
  schemes: ["native"],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  // Event Streams repeat for four hours ("Event delivery retries and event duplication"), callbacks for seconds.
  rememberSeconds: 5 * 3600,
  toldHeaders: { shown: ["i-twilio-idempotency-token"], masked: ["x-twilio-signature"] },
  hints: {
    secret:
      "compare the secret with the account's primary Auth Token, and the URL at Twilio with this webhook's, letter by letter.",
    deliveries: "open Monitor > Logs > Errors in the Twilio Console and look for this webhook's URL.",
  },

  verify(request, proof) {
    demandSignature(request, proof);
    return trust(request);
  },

  explain: (request, proof, reason) =>
    (reason === "signature_mismatch" ? explainAddress(request, proof) : undefined) ??
    explainOtherwise(request, proof, reason),

  parse: parseTwilio,

  // Where Twilio expects instructions, these are none; where it expects nothing, it does not read them.
  acknowledge: (request) =>
    isForm(request) ? { status: 200, headers: { "content-type": "text/xml" }, body: "<Response/>" } : undefined,

  setupSteps,
};

function demandSignature(request: DeliveryRequest, proof: Proof): void {
  if (!twilio.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
  demandHmac(claimOf(request, proof));
  demandBodyHash(request);
}

function claimOf(request: DeliveryRequest, { secrets }: Proof): HmacDemand {
  const signature = readSignature(request, SIGNATURE_HEADER, { encoding: "base64", bytes: digestBytes.sha1 });
  const parameters = signedParameters(request);
  const contents = urlsOf(request.url).map((url) => [url, parameters]);
  return { algorithm: "sha1", keys: secrets, contents, signatures: [signature] };
}

/** Whether the URL is right but for its host, as behind a proxy whose name is not PUBLIC_BASE_URL. */
function explainAddress(request: DeliveryRequest, proof: Proof): Explanation | undefined {
  for (const header of hostHeaders) {
    const called = URL.parse(request.url.replace(/^[a-z]+:\/\/[^/?]*/, `https://${request.headers.get(header) ?? ""}`));
    if (called === null) continue;
    const elsewhere = new DeliveryRequest(request.headers, request.body, () => called.href);
    if (!isRight(() => claimOf(elsewhere, proof))) continue;
    return {
      reason: "url_mismatch",
      detail: `It is right for ${called.origin}; this service is ${originOf(request)}.`,
    };
  }
  return undefined;
}

function originOf({ url }: DeliveryRequest): string {
  return URL.parse(url)?.origin ?? "";
}

/** The URL without its port and with it; none for a request that does not know its URL. */
function urlsOf(text: string): readonly string[] {
  const url = URL.parse(text);
  if (url === null) return [];
  const { protocol, hostname, port, pathname, search } = url;
  const withPort = port === "" ? (defaultPorts[protocol] ?? "") : port;
  return [`${protocol}//${hostname}${pathname}${search}`, `${protocol}//${hostname}:${withPort}${pathname}${search}`];
}

/**
 * What is signed of a form besides the URL; of values with one name each counts once, in order (`toFormUrlEncodedParam`).
 * Nothing stands between names and values, which is Twilio's way: it is the URL and TLS that an attacker has to get past.
 */
function signedParameters(request: DeliveryRequest): string {
  if (isHashed(request)) return "";
  const parameters = new URLSearchParams(request.body.toString("utf8"));
  const names = [...new Set(parameters.keys())].sort();
  return names
    .map((name) =>
      [...new Set(parameters.getAll(name))]
        .sort()
        .map((value) => name + value)
        .join(""),
    )
    .join("");
}

/** A body that is not a form is signed by way of its hash in the URL, or not at all. */
function isHashed(request: DeliveryRequest): boolean {
  return request.query.has(BODY_HASH) || !isForm(request);
}

function demandBodyHash(request: DeliveryRequest): void {
  if (!isHashed(request)) return;
  const [stated = "", ...others] = request.query.getAll(BODY_HASH);
  if (!sha256Hex.test(stated) || others.length > 0) throw new DeliveryRefused("content_unsigned");
  const actual = hash("sha256", request.body, "buffer");
  if (!timingSafeEqual(Buffer.from(stated, "hex"), actual)) throw new DeliveryRefused("signature_mismatch");
}

function setupSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    `Twilio signs with the account's Auth Token: copy it from the Twilio Console and PATCH ${webhookUrl} with {"webhookSecret":"…"}; it takes the place of the one handed out here.`,
    `Enter ${webhookUrl} exactly as it stands here, as Status Callback URL of messages and calls with the method HTTP POST, or as destination of an Event Streams sink of the type webhook.`,
    "It may be entered under A message comes in, which leaves the message without a reply, but not under A call comes in: the answer is an empty <Response/>, and Twilio would hang up.",
    "A proxy before this service must not matter to Twilio: what is signed is the address above, PUBLIC_BASE_URL included.",
    "When the Auth Token is rotated, PATCH the new one at the moment it is promoted.",
  ];
}
