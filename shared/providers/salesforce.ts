import type { Provider, Proof, SetupContext } from "../core/provider";
import type { DeliveryRequest } from "../core/delivery-request";
import { DeliveryRefused } from "../core/refusal";
import { demandHmacSha256, readFreshTimestamp, readHexSignature } from "./hmac";
import { parseSalesforce } from "./salesforce-events";
import { trust } from "./trust";

/**
 * Salesforce's core platform signs no webhooks: what arrives is sent by Apex or by a relay that signs with a secret of
 * ours. `X-Salesforce-Event-Signature: sha256=<hex>`, HMAC-SHA256, which Apex makes with `Crypto.generateMac`.
 *
 * `seed`, and `native`, which means the same: over the body. There is no timestamp, so a repeat is told by its id alone.
 * `timestamped`: over `timestamp.body`, Unix seconds in `X-Salesforce-Event-Timestamp`.
 */
const SIGNATURE_HEADER = "x-salesforce-event-signature";
const SIGNATURE_PREFIX = "sha256=";
const TIMESTAMP_HEADER = "x-salesforce-event-timestamp";

/** Salesforce's own events: Apex callouts with the seed's body, and change data capture in the envelopes of its relays. */
export const salesforce: Provider = {
  id: "salesforce",
  displayName: "Salesforce",
  schemes: ["seed", "native", "timestamped"],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  // Change events are kept and replayed for 72 hours (Change Data Capture Developer Guide, "Subscribe").
  rememberSeconds: 72 * 3600,
  hints: {
    secret: "compare the secret in the Named Credential or Custom Metadata that your Apex code signs with.",
    deliveries: "look for the callout in Setup > Apex Jobs and Setup > Debug Logs.",
  },

  verify(request, proof) {
    const prefix = signedPrefix(request, proof);
    const signature = readHexSignature(request, SIGNATURE_HEADER, SIGNATURE_PREFIX);
    demandHmacSha256(proof.secrets, prefix, request.body, signature);
    return trust(request);
  },

  parse: (request) => parseSalesforce(request),

  setupSteps,
};

/** What is signed before the body. */
function signedPrefix(request: DeliveryRequest, proof: Proof): string {
  if (!salesforce.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
  return proof.scheme === "timestamped" ? `${readFreshTimestamp(request, TIMESTAMP_HEADER, proof)}.` : "";
}

function setupSteps({ webhookUrl, scheme }: SetupContext): readonly string[] {
  const origin = new URL(webhookUrl).origin;
  const signed = scheme === "timestamped" ? "timestamp + '.' + body" : "body";
  return [
    `In Salesforce open Setup > Security > Remote Site Settings > New Remote Site and enter ${origin}, so that Apex may call it.`,
    "Store webhookSecret in Setup > Custom Metadata Types as a protected record, or in a Named Credential; never in the Apex source.",
    "In Setup > Apex Triggers (or a record-triggered Flow with an Apex action) enqueue a Queueable that implements Database.AllowsCallouts for the objects you need.",
    `Let it POST ${webhookUrl} with the body {"action":"created","sobject":{"name":"Contact","fields":{"Id":"003…"}}}; action is created, updated, deleted or restored.`,
    `Let it set X-Salesforce-Event-Signature to 'sha256=' + EncodingUtil.convertToHex(Crypto.generateMac('hmacSHA256', Blob.valueOf(${signed}), Blob.valueOf(webhookSecret))).`,
    ...(scheme === "timestamped"
      ? [
          "Let it set X-Salesforce-Event-Timestamp to the same timestamp, String.valueOf(Datetime.now().getTime() / 1000), made anew for each attempt.",
        ]
      : []),
    "Let it set X-Salesforce-Event-Id to an id that stays the same when it repeats a call, for example a UUID made with UUID.randomUUID().",
    "A relay of change events (Pub/Sub API, CometD, or Event Relay with Amazon EventBridge) signs in the same way and sends the events as they are.",
  ];
}
