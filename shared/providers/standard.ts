import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused, type Explanation } from "../core/refusal";
import { explainClaim } from "./explain-claim";
import { mappingProperties, parseMapped } from "./mapped-event";
import {
  demandStandardEd25519,
  demandStandardHmac,
  publicKeySchema,
  standardIdOf,
  standardReader,
  standardSecretProblem,
  versionsIn,
} from "./standard-signature";
import { trust } from "./trust";

const explainHmac = explainClaim("standard", standardReader);

/**
 * Any sender that follows Standard Webhooks (standardwebhooks.com), Svix's customers among them.
 * `native`: `v1`, HMAC-SHA256 with a secret `whsec_…`, of the sender's or of ours.
 * `v1a`: Ed25519 with the public key in `verification.publicKey`, because such a key is no secret; no other is made.
 * A registration has one of the two; a signature of the other kind counts for nothing.
 */
export const standard: Provider = {
  id: "standard",
  displayName: "Standard Webhooks",
  schemes: ["native", "v1a"],
  importedScheme: "native",
  usesSecret: true,
  exceptionalSchemes: ["v1a"],
  maxBodyBytes: 1024 * 1024,
  // The specification's example of a retry schedule ends after 75.6 hours ("Deliverability and reliability").
  rememberSeconds: 76 * 3600,
  verificationProperties: { publicKey: publicKeySchema, ...mappingProperties },
  toldHeaders: {
    shown: ["webhook-id", "webhook-timestamp", "svix-id", "svix-timestamp"],
    masked: ["webhook-signature", "svix-signature"],
  },
  hints: {
    secret: "compare the signing secret (whsec_…), or the public key (whpk_…), of the endpoint that calls this URL.",
    deliveries: "open the endpoint's message attempts at the sender and look at the latest answers.",
  },

  missingSettings: ({ scheme, publicKey }) => (scheme === "v1a" && publicKey === undefined ? ["publicKey"] : []),

  secretProblem: standardSecretProblem,

  verify(request, proof) {
    demandSignature(request, proof);
    return trust(request);
  },

  explain(request, proof, reason) {
    if (reason === "header_malformed") return explainVersions(request, proof);
    return proof.scheme === "native" || reason === "header_missing" ? explainHmac(request, proof, reason) : undefined;
  },

  parse: (request, _now, settings) => ({
    deliveryId: standardIdOf(request),
    ...parseMapped(request.json(), settings),
  }),

  setupSteps,
};

function demandSignature(request: DeliveryRequest, proof: Proof): void {
  if (proof.scheme === "native") demandStandardHmac(request, proof);
  else if (proof.scheme === "v1a") demandStandardEd25519(request, proof, proof.settings.publicKey);
  else throw new DeliveryRefused("scheme_unknown");
}

/** A sender may sign by the other scheme alone. */
function explainVersions(request: DeliveryRequest, { scheme }: Proof): Explanation | undefined {
  const [wanted, other] = scheme === "v1a" ? ["v1a", "v1"] : ["v1", "v1a"];
  const versions = versionsIn(request);
  if (versions.includes(wanted) || !versions.includes(other)) return undefined;
  return { reason: "other_scheme", detail: `It is signed as ${other} alone; this webhook is set to ${scheme}.` };
}

function setupSteps({ webhookUrl, scheme, missingSettings }: SetupContext): readonly string[] {
  return [
    `At the sender add an endpoint with the URL ${webhookUrl} and choose its event types.`,
    ...(scheme === "v1a" ? publicKeySteps(webhookUrl, missingSettings) : secretSteps(webhookUrl)),
    "The body is read as {type, timestamp, data}: the last word of type tells what happened, data.id to what. Where the sender writes it otherwise, PATCH verification with typePath, actionPath, entityPath, timePath, or createdWords, updatedWords, deletedWords.",
    "Send a test event: the answer must be 200, and events must name what arrived.",
  ];
}

function publicKeySteps(webhookUrl: string, missing: readonly string[]): readonly string[] {
  const change = `PATCH ${webhookUrl} with {"verification":{"publicKey":"whpk_…"}}`;
  return missing.includes("publicKey")
    ? [`Copy the sender's public key and ${change}: until then every delivery is refused.`]
    : [`If the sender changes its key, ${change}.`];
}

function secretSteps(webhookUrl: string): readonly string[] {
  return [
    `Where the sender shows a signing secret (whsec_…), PATCH ${webhookUrl} with {"webhookSecret":"whsec_…"}; where it takes one, give it the webhookSecret of this reply.`,
  ];
}
