import { createHmac, timingSafeEqual } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof, Provider } from "../core/provider";
import type { Explanation } from "../core/refusal";
import type { VerificationSettings } from "../core/registration";
import { alteredBodies } from "./altered-body";
import { alteredSecrets } from "./altered-secret";
import { foreignSignature } from "./foreign-signature";
import { readAnyDigest } from "./written-digest";

/** How a scheme writes its HMAC-SHA256 signature: what is needed to recognise one that is nearly right. */
export interface SignatureForm {
  /** The schemes that write it so. */
  readonly schemes: readonly string[];
  readonly header: string;
  /** What stands before the digest. */
  readonly prefix: string;
  readonly encoding: "hex" | "base64";
  readonly timestampHeader?: string;
  /** What is signed before the body; nothing by default. */
  readonly signedPrefix?: (timestamp: string) => string;
  /** The key that a secret stands for; its text by default. */
  readonly keyOf?: (secret: string, settings: VerificationSettings) => string | Buffer;
}

/** Larger bodies are not tried with other keys and in other forms: an explanation must not be worth an attack. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_SECRETS = 2;

/** The `explain` of a provider whose schemes sign with HMAC-SHA256 and a shared secret. */
export function explainSignature(provider: string, forms: readonly SignatureForm[]): NonNullable<Provider["explain"]> {
  return (request, proof, reason) => {
    const form = forms.find(({ schemes }) => schemes.includes(proof.scheme));
    if (form === undefined) return undefined;
    switch (reason) {
      case "header_missing":
        return foreignSignature(request, provider, proof.scheme);
      case "header_malformed":
        return explainWriting(request, proof, form);
      case "signature_mismatch":
        return explainMismatch(request, proof, form) ?? explainScheme(request, proof, forms);
      case "timestamp_missing":
        return explainScheme(request, proof, forms);
      case "timestamp_stale":
      case "timestamp_future":
        return { reason, detail: `${ageOf(request, proof, form)} ${genuineness(request, proof, form)}` };
      case "timestamp_malformed":
        return { reason, detail: looksLike(timestampOf(request, form)) };
      default:
        return undefined;
    }
  };
}

/** What a request claims to be the digest of what. */
interface Claim {
  readonly prefix: string;
  readonly digest: Buffer;
  /** How the digest is written, where that differs from what the form wants. */
  readonly writing: string | undefined;
}

function claimOf(request: DeliveryRequest, form: SignatureForm): Claim | undefined {
  const written = readAnyDigest(request.headers.get(form.header) ?? "", form);
  if (written === undefined) return undefined;
  return { ...written, prefix: form.signedPrefix?.(timestampOf(request, form)) ?? "" };
}

function timestampOf(request: DeliveryRequest, { timestampHeader }: SignatureForm): string {
  return (timestampHeader === undefined ? undefined : request.headers.get(timestampHeader)) ?? "";
}

/** Whether `key` signed `body` as the form has it, given the digest that came. */
function isSignedBy(key: string | Buffer, body: Buffer, { prefix, digest }: Claim): boolean {
  return timingSafeEqual(createHmac("sha256", key).update(prefix).update(body).digest(), digest);
}

function keysOf({ secrets, settings }: Proof, { keyOf }: SignatureForm): readonly (string | Buffer)[] {
  const keys = secrets.slice(0, MAX_SECRETS).map((secret) => keyOf?.(secret, settings) ?? secret);
  return keys.filter(({ length }) => length > 0);
}

function isGenuine(request: DeliveryRequest, proof: Proof, form: SignatureForm): boolean {
  const claim = claimOf(request, form);
  return claim !== undefined && keysOf(proof, form).some((key) => isSignedBy(key, request.body, claim));
}

function explainWriting(request: DeliveryRequest, proof: Proof, form: SignatureForm): Explanation {
  const value = request.headers.get(form.header) ?? "";
  if (value.includes(",")) return { reason: "header_malformed", detail: "The header came more than once." };
  const claim = claimOf(request, form);
  const wanted = `${form.prefix}<${form.encoding === "hex" ? "64 lower-case hex digits" : "44 letters of base64"}>`;
  const detail = `It is written ${claim?.writing ?? "in no known way"}; ${wanted} is wanted.`;
  return { reason: isGenuine(request, proof, form) ? "encoding_wrong" : "header_malformed", detail };
}

function explainMismatch(request: DeliveryRequest, proof: Proof, form: SignatureForm): Explanation | undefined {
  const claim = claimOf(request, form);
  if (claim === undefined || request.body.length > MAX_BODY_BYTES) return undefined;
  const altered = proof.secrets.slice(0, MAX_SECRETS).flatMap(alteredSecrets);
  const key = altered.find(([candidate]) => isSignedBy(candidate, request.body, claim));
  if (key !== undefined) return { reason: "secret_altered", detail: `It was used ${key[1]}.` };
  const keys = keysOf(proof, form);
  for (const { bytes, how } of alteredBodies(request)) {
    if (!keys.some((candidate) => isSignedBy(candidate, bytes, claim))) continue;
    return { reason: "body_reserialised", detail: `The signature matches the body ${how}.` };
  }
  return isSignedBy("", request.body, claim)
    ? { reason: "secret_altered", detail: "It was empty: the sender does not have the secret." }
    : undefined;
}

/** The scheme of the same provider by which the request would have been genuine. */
function explainScheme(
  request: DeliveryRequest,
  proof: Proof,
  forms: readonly SignatureForm[],
): Explanation | undefined {
  const others = forms.filter(({ schemes }) => !schemes.includes(proof.scheme));
  const found = others.find((form) => isGenuine(request, proof, form));
  if (found === undefined) return undefined;
  const names = found.schemes.join(" or ");
  return {
    reason: "other_scheme",
    detail: `It is genuine by the scheme ${names}; this webhook is set to ${proof.scheme}.`,
  };
}

function ageOf(request: DeliveryRequest, proof: Proof, form: SignatureForm): string {
  const seconds = Math.round(proof.now / 1000 - Number(timestampOf(request, form)));
  const direction = seconds < 0 ? "ahead of" : "behind";
  return `It is ${Math.abs(seconds)} seconds ${direction} our clock; ${proof.toleranceSeconds} are allowed.`;
}

function genuineness(request: DeliveryRequest, proof: Proof, form: SignatureForm): string {
  return isGenuine(request, proof, form) ? "The signature itself is right." : "The signature is not right either.";
}

function looksLike(timestamp: string): string | undefined {
  if (/^\d{13}$/.test(timestamp)) return "It looks like milliseconds.";
  return /^\d{4}-\d{2}-\d{2}/.test(timestamp) ? "It looks like a date." : undefined;
}
