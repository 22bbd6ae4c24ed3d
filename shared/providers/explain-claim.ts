import { DeliveryRequest } from "../core/delivery-request";
import type { Proof, Provider } from "../core/provider";
import { DeliveryRefused, type Explanation } from "../core/refusal";
import { alteredBodies } from "./altered-body";
import { type AlteredSecret, alteredSecrets } from "./altered-secret";
import { foreignSignature } from "./foreign-signature";
import { demandHmac, type HmacDemand } from "./signature";

/** How a provider's HMAC is read off a request. */
export interface ClaimReader {
  /** What `verify` demands. @throws {DeliveryRefused} where the request does not have the form for it */
  readonly claimOf: (request: DeliveryRequest, proof: Proof) => HmacDemand;
  /** The signed time in seconds since 1970, where one is stated. */
  readonly timeOf?: (request: DeliveryRequest, proof: Proof) => number;
  /** Keys that a sender may take by mistake. Text unless the key is something else than the secret's text. */
  readonly mistakenKeys?: (secret: string) => readonly AlteredSecret[];
}

/** Larger bodies are not tried in other forms: an explanation must not be worth an attack. */
export const MAX_EXPLAINED_BYTES = 64 * 1024;
const MAX_SECRETS = 2;

/** The `explain` of a provider whose claim can be held against other keys, other bodies and any time. */
export function explainClaim(provider: string, reader: ClaimReader): NonNullable<Provider["explain"]> {
  return (request, proof, reason) => {
    switch (reason) {
      case "header_missing":
      case "token_missing":
        return foreignSignature(request, provider, proof.scheme);
      case "signature_mismatch":
        return explainMismatch(request, proof, reader);
      case "timestamp_stale":
      case "timestamp_future":
        return { reason, detail: [ageOf(request, proof, reader), genuineness(request, proof, reader)].join(" ") };
      default:
        return undefined;
    }
  };
}

/** Whether a claim is right. Nothing is accepted by it: the verdict is given already. */
export function isRight(readClaim: () => HmacDemand): boolean {
  try {
    demandHmac(readClaim());
    return true;
  } catch (error) {
    if (error instanceof DeliveryRefused) return false;
    throw error;
  }
}

function explainMismatch(request: DeliveryRequest, proof: Proof, reader: ClaimReader): Explanation | undefined {
  if (request.body.length > MAX_EXPLAINED_BYTES) return undefined;
  const { claimOf, mistakenKeys = alteredSecrets } = reader;
  for (const [key, how] of proof.secrets.slice(0, MAX_SECRETS).flatMap(mistakenKeys)) {
    const isUsed = isRight(() => ({ ...claimOf(request, proof), keys: [key] }));
    if (isUsed) return { reason: "secret_altered", detail: `It was used ${how}.` };
  }
  for (const { bytes, how } of alteredBodies(request)) {
    const signed = new DeliveryRequest(request.headers, bytes, () => request.url);
    const isSigned = isRight(() => claimOf(signed, proof));
    if (isSigned) return { reason: "body_reserialised", detail: `The signature matches the body ${how}.` };
  }
  return undefined;
}

function ageOf(request: DeliveryRequest, proof: Proof, { timeOf }: ClaimReader): string {
  const seconds = Math.round(proof.now / 1000 - (timeOf?.(request, proof) ?? NaN));
  const direction = seconds < 0 ? "ahead of" : "behind";
  return `It is ${Math.abs(seconds)} seconds ${direction} our clock; ${proof.toleranceSeconds} are allowed.`;
}

function genuineness(request: DeliveryRequest, proof: Proof, { claimOf }: ClaimReader): string {
  const timeless = { ...proof, toleranceSeconds: Infinity };
  return isRight(() => claimOf(request, timeless))
    ? "The signature itself is right."
    : "The signature is not right either.";
}
