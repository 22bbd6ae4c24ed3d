import { isDeepStrictEqual } from "node:util";
import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof } from "../core/provider";
import type { Explanation, RefusalReason } from "../core/refusal";
import type { VerificationSettings } from "../core/registration";
import { type ClaimReader, isRight, MAX_EXPLAINED_BYTES } from "./explain-claim";

const algorithms = ["sha256", "sha512", "sha1"] as const;
const encodings = ["hex", "base64"] as const;
/** What stands before a digest: `sha256=`, `v1=`, `v1,`. */
const statedPrefix = /^[A-Za-z0-9-]{1,16}[=,:](?=.)/;

/**
 * The settings by which a request of the provider `hmac` would be genuine, where they are not the registration's: the
 * secret is right, and one of the two sides is set up wrong. They explain a refusal; nothing is ever accepted by them.
 */
export function explainSettings(
  request: DeliveryRequest,
  proof: Proof,
  { reason, claimOf }: { readonly reason: RefusalReason } & Pick<ClaimReader, "claimOf">,
): Explanation | undefined {
  if (reason !== "header_malformed" && reason !== "signature_mismatch") return undefined;
  if (request.body.length > MAX_EXPLAINED_BYTES) return undefined;
  for (const settings of otherSettings(request, proof.settings)) {
    if (!isRight(() => claimOf(request, { ...proof, settings: { ...proof.settings, ...settings } }))) continue;
    return { reason: "settings_mismatch", detail: `It is right with ${JSON.stringify(settings)}.` };
  }
  return undefined;
}

/** Each of a few dozen combinations, as far as it differs from the settings; those that differ least come first. */
function otherSettings(request: DeliveryRequest, settings: VerificationSettings): readonly VerificationSettings[] {
  const { signatureHeader = "", signedParts = ["{body}"], timestampHeader } = settings;
  const stated = statedPrefix.exec(request.headers.get(signatureHeader) ?? "")?.[0] ?? "";
  const parts = [signedParts, ["{body}"], ...(timestampHeader === undefined ? [] : timedParts)];
  const combinations = parts.flatMap((signed) =>
    algorithms.flatMap((algorithm) =>
      encodings.flatMap((signatureEncoding) =>
        ["", stated].map((signaturePrefix) => ({ algorithm, signatureEncoding, signaturePrefix, signedParts: signed })),
      ),
    ),
  );
  const differences = combinations.map((combination) => differing(combination, settings));
  return differences.toSorted((one, other) => Object.keys(one).length - Object.keys(other).length);
}

const timedParts = [
  ["{timestamp}", ".", "{body}"],
  ["{timestamp}", "{body}"],
  ["{timestamp}", ":", "{body}"],
];
const names = ["algorithm", "signatureEncoding", "signaturePrefix", "signedParts"] as const;
const defaults: VerificationSettings = {
  algorithm: "sha256",
  signatureEncoding: "hex",
  signaturePrefix: "",
  signedParts: ["{body}"],
};

function differing(combination: VerificationSettings, settings: VerificationSettings): VerificationSettings {
  const present = { ...defaults, ...settings };
  const changed = names.filter((name) => !isDeepStrictEqual(combination[name], present[name]));
  return Object.fromEntries(changed.map((name) => [name, combination[name]]));
}
