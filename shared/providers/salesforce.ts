import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof, Provider } from "../core/provider";
import { DeliveryRefused, type Explanation, type RefusalReason } from "../core/refusal";
import type { VerificationSettings } from "../core/registration";
import { explainSignature } from "./explain-signature";
import { demandHmacSha256, readFreshTimestamp, readHexSignature } from "./hmac";
import { parseData360 } from "./salesforce-data360";
import { ensHandshake, parseEns } from "./salesforce-ens";
import { parseSalesforce } from "./salesforce-events";
import {
  acknowledgement,
  demandOutboundMessage,
  explainOutboundMessage,
  looksLikeOutboundMessage,
  organizationIdForm,
  OUTBOUND_MESSAGE,
  parseOutboundMessage,
} from "./salesforce-outbound-message";
import { salesforceSteps } from "./salesforce-setup";
import {
  DATA360_HEADER,
  demandData360,
  demandEns,
  ENS_HEADER,
  ensKey,
  ensSecretProblem,
} from "./salesforce-signed-products";
import { trust } from "./trust";

/**
 * Salesforce's core platform signs no webhooks: what arrives is sent by Apex or by a relay that signs with a secret of
 * ours. `X-Salesforce-Event-Signature: sha256=<hex>`, HMAC-SHA256, which Apex makes with `Crypto.generateMac`.
 *
 * `seed`, and `native`, which means the same: over the body. There is no timestamp, so a repeat is told by its id alone.
 * `timestamped`: over `timestamp.body`, Unix seconds in `X-Salesforce-Event-Timestamp`.
 * `outbound-message`: SOAP messages, which prove no more than the organisation's id.
 * `data360`, `ens`: the products that sign by themselves, Data 360 and Marketing Cloud's Event Notification Service.
 */
const SIGNATURE_HEADER = "x-salesforce-event-signature";
const SIGNATURE_PREFIX = "sha256=";
const TIMESTAMP_HEADER = "x-salesforce-event-timestamp";

const OUTBOUND_WEAKNESS =
  "nobody signs Outbound Messages, and whoever learns the URL and the organisation's id can send them. Keep the URL secret, let only Salesforce's addresses through, or use Apex with a signature.";

/** What a scheme demands of a request; it throws {@link DeliveryRefused} where that is not met. */
type Demand = (request: DeliveryRequest, proof: Proof) => void;

const demands: ReadonlyMap<string, Demand> = new Map<string, Demand>([
  ["seed", demandSignature],
  ["native", demandSignature],
  ["timestamped", demandTimedSignature],
  [OUTBOUND_MESSAGE, demandOutboundMessage],
  ["data360", demandData360],
  ["ens", demandEns],
]);

const signatureForm = { header: SIGNATURE_HEADER, prefix: SIGNATURE_PREFIX, encoding: "hex" } as const;
const base64Form = { prefix: "", encoding: "base64" } as const;

const explainSigned = explainSignature("salesforce", [
  { ...signatureForm, schemes: ["seed", "native"] },
  {
    ...signatureForm,
    schemes: ["timestamped"],
    timestampHeader: TIMESTAMP_HEADER,
    signedPrefix: (timestamp) => `${timestamp}.`,
  },
  { ...base64Form, schemes: ["data360"], header: DATA360_HEADER },
  { ...base64Form, schemes: ["ens"], header: ENS_HEADER, keyOf: ensKey },
]);

/** Salesforce: Apex callouts, relayed change events, Outbound Messages, Data 360 and Marketing Cloud. */
export const salesforce: Provider = {
  id: "salesforce",
  displayName: "Salesforce",
  schemes: ["seed", "native", "timestamped", OUTBOUND_MESSAGE, "data360", "ens"],
  importedScheme: "native",
  usesSecret: true,
  exceptionalSchemes: [OUTBOUND_MESSAGE],
  maxBodyBytes: 1024 * 1024,
  // Change events are kept and replayed for 72 hours (Change Data Capture Developer Guide, "Subscribe").
  rememberSeconds: 72 * 3600,
  verificationProperties: {
    organizationId: { type: "string", pattern: organizationIdForm.source },
    keyEncoding: { enum: ["text", "base64"] },
  },
  toldHeaders: {
    shown: ["x-salesforce-event-id", "x-salesforce-event-timestamp"],
    masked: ["x-salesforce-event-signature", "x-signature", "x-sfmc-ens-signature"],
  },
  hints: {
    secret:
      "compare the secret with the one that signs there: for Apex in the field that the class reads, for Data 360 and Marketing Cloud the key that was shown when it was made.",
    deliveries:
      "look for the callout in Setup > Apex Jobs and Setup > Debug Logs, or in Setup > Outbound Messages > View Message Delivery Status.",
  },
  missingSettings,

  secretProblem: (secret, settings) => (settings.scheme === "ens" ? ensSecretProblem(secret, settings) : undefined),

  weakness: ({ scheme }) => (scheme === OUTBOUND_MESSAGE ? OUTBOUND_WEAKNESS : undefined),

  verify(request, proof) {
    const demand = demands.get(proof.scheme);
    if (demand === undefined) throw new DeliveryRefused("scheme_unknown");
    demand(request, proof);
    return trust(request);
  },

  explain,

  parse(request, _, { scheme } = {}) {
    if (scheme === OUTBOUND_MESSAGE) return parseOutboundMessage(request);
    if (scheme === "data360") return parseData360(request);
    return scheme === "ens" ? parseEns(request) : parseSalesforce(request);
  },

  acknowledge: (_, { scheme }) => (scheme === OUTBOUND_MESSAGE ? acknowledgement() : undefined),

  handshake: (request, { scheme } = {}) => (scheme === "ens" ? ensHandshake(request)?.reply : undefined),

  openHandshake: (request, { scheme } = {}) => (scheme === "ens" ? ensHandshake(request) : undefined),

  setupSteps: salesforceSteps,
};

function demandSignature(request: DeliveryRequest, { secrets }: Proof): void {
  demandHmacSha256(secrets, "", request.body, readHexSignature(request, SIGNATURE_HEADER, SIGNATURE_PREFIX));
}

function demandTimedSignature(request: DeliveryRequest, proof: Proof): void {
  const signature = readHexSignature(request, SIGNATURE_HEADER, SIGNATURE_PREFIX);
  const timestamp = readFreshTimestamp(request, TIMESTAMP_HEADER, proof);
  demandHmacSha256(proof.secrets, `${timestamp}.`, request.body, signature);
}

function missingSettings({ scheme, organizationId = "" }: VerificationSettings): readonly string[] {
  return scheme === OUTBOUND_MESSAGE && !organizationIdForm.test(organizationId) ? ["organizationId"] : [];
}

function explain(request: DeliveryRequest, proof: Proof, reason: RefusalReason): Explanation | undefined {
  if (proof.scheme === OUTBOUND_MESSAGE) return explainOutboundMessage(request, reason);
  if (reason === "header_missing" && looksLikeOutboundMessage(request)) {
    const detail = `The body is an Outbound Message, which the scheme ${OUTBOUND_MESSAGE} takes; this webhook is set to ${proof.scheme}.`;
    return { reason: "other_scheme", detail };
  }
  return explainSigned(request, proof, reason);
}
