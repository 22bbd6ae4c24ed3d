import type { DeliveryRequest } from "../core/delivery-request";
import type { Problem } from "../core/errors";
import { at } from "../core/json";
import type { Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { VerificationSettings } from "../core/registration";
import { explainClaim } from "./explain-claim";
import { explainSettings } from "./explain-settings";
import { readFreshTimestamp } from "./hmac";
import { mappingProperties, parseMapped } from "./mapped-event";
import { idText } from "./id-text";
import { demandHeader, demandHmac, digestBytes, type HmacDemand, readSignature } from "./signature";
import { trust } from "./trust";

/**
 * Any other sender that signs with HMAC and a shared secret: how it does so is a setting of the registration, never told
 * by the request. A signature in a header covers some parts, joined; the key is the secret's whole text. Parts are a list
 * of `{timestamp}`, `{id}`, `{body}` and literal text, and nothing more of a language.
 * Without `timestampHeader` there is no protection against replay but the id, if there is one.
 */
const TIMESTAMP = "{timestamp}";
const ID = "{id}";
const BODY = "{body}";
const MAX_PARTS = 10;

const headerName = { type: "string", maxLength: 64, pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$" } as const;

const signingProperties = {
  algorithm: {
    enum: Object.keys(digestBytes),
    description: "`sha256` unless set; `sha1` only for senders that have no other.",
  },
  signatureHeader: { ...headerName, description: "The header with the signature." },
  signaturePrefix: {
    type: "string",
    maxLength: 32,
    pattern: "^[ -~]*$",
    description: "What stands before the signature: `sha256=`.",
  },
  signatureEncoding: { enum: ["hex", "base64"], description: "`hex`, in lower case, unless set." },
  signedParts: {
    type: "array",
    minItems: 1,
    maxItems: MAX_PARTS,
    items: { type: "string", pattern: "^(?:\\{(?:timestamp|id|body)\\}|[^{}\\u0000-\\u001f]{1,32})$" },
    description: 'What is signed, joined: `{timestamp}`, `{id}`, `{body}` and literal text. `["{body}"]` unless set.',
  },
  timestampHeader: { ...headerName, description: "The header with the time of the attempt, which must be signed." },
  timestampUnit: { enum: ["seconds", "milliseconds"], description: "Of the Unix time; `seconds` unless set." },
  idHeader: { ...headerName, description: "The header with the delivery's id." },
  idPath: { ...mappingProperties.entityPath, description: "Where the delivery's id stands in the body." },
} as const;

const explainOtherwise = explainClaim("hmac", { claimOf, timeOf });

/** A sender of one's own. */
export const customHmac: Provider = {
  id: "hmac",
  displayName: "Custom HMAC",
  schemes: ["native"],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  // What Standard Webhooks suggest for senders in general.
  rememberSeconds: 76 * 3600,
  verificationProperties: { ...signingProperties, ...mappingProperties },
  hints: {
    secret:
      "compare secret, algorithm, signature header, prefix, encoding and signedParts with the sender's documentation.",
    deliveries: "look at the sender's log of deliveries to this URL.",
  },

  missingSettings: ({ signatureHeader }) => (signatureHeader === undefined ? ["signatureHeader"] : []),

  settingsProblems,

  weakness: ({ timestampHeader }) =>
    timestampHeader === undefined
      ? "it signs no time, so whoever captured a delivery can send it again; set verification.timestampHeader if the sender has one."
      : undefined,

  verify(request, proof) {
    demandSignature(request, proof);
    return trust(request);
  },

  explain: (request, proof, reason) =>
    explainSettings(request, proof, { reason, claimOf }) ?? explainOtherwise(request, proof, reason),

  parse(request, _now, settings = {}) {
    const body = request.json();
    return { deliveryId: deliveryIdOf(request, body, settings), ...parseMapped(body, settings) };
  },

  setupSteps,
};

function settingsProblems({
  signedParts = [BODY],
  timestampHeader,
  idHeader,
}: VerificationSettings): readonly Problem[] {
  const path = "/verification/signedParts";
  const count = (part: string): number => signedParts.filter((other) => other === part).length;
  const rules: [isBroken: boolean, message: string][] = [
    [count(BODY) !== 1, `must hold ${BODY} once`],
    [count(TIMESTAMP) > 0 && timestampHeader === undefined, `holds ${TIMESTAMP}, which needs timestampHeader`],
    [count(ID) > 0 && idHeader === undefined, `holds ${ID}, which needs idHeader`],
    [
      timestampHeader !== undefined && count(TIMESTAMP) === 0,
      `must hold ${TIMESTAMP}: a time that is not signed proves nothing`,
    ],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, message]) => ({ path, message }));
}

function demandSignature(request: DeliveryRequest, proof: Proof): void {
  if (!customHmac.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
  demandHmac(claimOf(request, proof));
}

function claimOf(request: DeliveryRequest, proof: Proof): HmacDemand {
  const { settings, secrets } = proof;
  const { algorithm = "sha256", signatureHeader, signaturePrefix = "", signatureEncoding = "hex" } = settings;
  if (signatureHeader === undefined) throw new DeliveryRefused("pending_verification");
  const form = { prefix: signaturePrefix, encoding: signatureEncoding, bytes: digestBytes[algorithm] };
  const signature = readSignature(request, signatureHeader, form);
  return { algorithm, keys: secrets, contents: [signedContent(request, proof)], signatures: [signature] };
}

function timeOf(request: DeliveryRequest, { settings: { timestampHeader = "", timestampUnit } }: Proof): number {
  const time = Number(request.headers.get(timestampHeader));
  return timestampUnit === "milliseconds" ? time / 1000 : time;
}

function signedContent(request: DeliveryRequest, proof: Proof): readonly (string | Buffer)[] {
  const { signedParts = [BODY], timestampHeader, timestampUnit, idHeader } = proof.settings;
  const timestamp =
    timestampHeader === undefined ? "" : readFreshTimestamp(request, timestampHeader, proof, timestampUnit);
  return signedParts.map((part) => {
    if (part === TIMESTAMP) return timestamp;
    if (part === ID) return demandHeader(request, idHeader ?? "");
    return part === BODY ? request.body : part;
  });
}

function deliveryIdOf(request: DeliveryRequest, body: unknown, settings: VerificationSettings): string | undefined {
  const { idHeader, idPath } = settings;
  if (idHeader !== undefined) return idText(request.headers.get(idHeader));
  return idPath === undefined ? undefined : idText(at(body, ...idPath.split(".")));
}

function setupSteps({ webhookUrl, settings, missingSettings }: SetupContext): readonly string[] {
  const { algorithm = "sha256", signedParts = [BODY], signatureHeader = "the signature header" } = settings;
  return [
    ...(missingSettings.includes("signatureHeader")
      ? [
          `Tell us how the sender signs, without which every delivery is refused: PATCH ${webhookUrl} with {"verification":{"signatureHeader":"X-Signature","algorithm":"sha256","signedParts":["{body}"]}}.`,
        ]
      : []),
    `At the sender enter ${webhookUrl} and the webhookSecret of this reply; where the sender makes the secret, PATCH it as webhookSecret.`,
    `It must put HMAC-${algorithm} of ${signedParts.join(" + ")}, keyed with the secret's text, into ${signatureHeader}.`,
    ...(settings.timestampHeader === undefined
      ? [
          "No time is signed, so nothing stops the replay of a captured delivery: if the sender signs one, PATCH verification.timestampHeader and signedParts with {timestamp}.",
        ]
      : []),
    ...(settings.idHeader === undefined && settings.idPath === undefined
      ? ["Without idHeader or idPath a repeated delivery is taken for a new one, which is harmless but not free."]
      : []),
    "The body is read as JSON: PATCH verification.typePath, actionPath, entityPath and timePath where it is not {type, timestamp, data: {id}}, and createdWords, updatedWords, deletedWords for the sender's words.",
  ];
}
