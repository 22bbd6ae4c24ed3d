import { createPublicKey, verify } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { ClaimReader } from "./explain-claim";
import { readFreshTimestamp } from "./hmac";
import { idText } from "./id-text";
import { decodeExactly, demandHeader, demandHmac, type HmacDemand, isBase64Key, MIN_KEY_BYTES } from "./signature";

/**
 * The signature of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`), over
 * `id.timestamp.body`. Three headers carry it, and all three are of one family: `webhook-id`, `webhook-timestamp`
 * (Unix seconds) and `webhook-signature`, or the same under `svix-`.
 * `webhook-signature` lists `version,base64` with spaces between: `v1` is HMAC-SHA256, `v1a` is Ed25519.
 */
const families = ["webhook", "svix"] as const;
const SECRET_PREFIX = "whsec_";
const PUBLIC_KEY_PREFIX = "whpk_";
const ED25519_KEY_BYTES = 32;
const signatureBytes = { v1: 32, v1a: 64 } as const;
/** A sender signs with its key and with those that it replaced lately; each more costs a stranger nothing and us a check. */
const MAX_SIGNATURES = 16;
const entry = /^([A-Za-z0-9]{1,16}),(\S+)$/;

/** JSON schema of a setting that holds a public key. */
export const publicKeySchema = {
  type: "string",
  pattern: "^whpk_[A-Za-z0-9+/]{43}=$",
  description: "The sender's Ed25519 public key: `whpk_` and its base64.",
} as const;

/**
 * Returns if one of the secrets made one of the `v1` signatures.
 * @throws {DeliveryRefused} `header_*`, `timestamp_*`, `secret_missing`, `signature_mismatch`
 */
export function demandStandardHmac(request: DeliveryRequest, proof: Proof): void {
  demandHmac(claimOf(request, proof));
}

/** The key is what the secret's base64 stands for. */
function claimOf(request: DeliveryRequest, proof: Proof): HmacDemand {
  const { signed, signatures } = readSigned(request, proof, "v1");
  // Node leaves out whatever is no base64, so that a text that was never meant as such may stand for a byte or two.
  const keys = proof.secrets.map(keyOf).filter(({ length }) => length >= MIN_KEY_BYTES);
  return { algorithm: "sha256", keys, contents: [signed], signatures };
}

/** How the refusals of the `v1` signature are explained. */
export const standardReader: ClaimReader = {
  claimOf,
  timeOf: (request) => Number(request.headers.get(`${familyOf(request)}-timestamp`)),
  mistakenKeys: (secret) => [
    [secret, "as text, not as the bytes that its base64 stands for"],
    [textOf(secret), "as text without whsec_, not as the bytes that its base64 stands for"],
  ],
};

/**
 * Returns if the private half of the public key made one of the `v1a` signatures.
 * @throws {DeliveryRefused} `header_*`, `timestamp_*`, `pending_verification`, `signature_mismatch`
 */
export function demandStandardEd25519(request: DeliveryRequest, proof: Proof, publicKey: string | undefined): void {
  const bytes = decodeExactly((publicKey ?? "").slice(PUBLIC_KEY_PREFIX.length), "base64", ED25519_KEY_BYTES);
  if (bytes === undefined) throw new DeliveryRefused("pending_verification");
  const { signed, signatures } = readSigned(request, proof, "v1a");
  const x = bytes.toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const content = Buffer.concat(signed);
  if (!signatures.some((signature) => verify(null, content, key, signature))) {
    throw new DeliveryRefused("signature_mismatch");
  }
}

/** The versions of the signatures that a request lists, whatever they hold. */
export function versionsIn(request: DeliveryRequest): readonly (string | undefined)[] {
  const list = request.headers.get(`${familyOf(request)}-signature`) ?? "";
  return list.split(" ").map((text) => entry.exec(text)?.[1]);
}

/** The id of the delivery, which is signed and stays the same when it repeats. */
export function standardIdOf(request: DeliveryRequest): string | undefined {
  return idText(request.headers.get(`${familyOf(request)}-id`));
}

/** Why a text is no secret of this kind; nothing where it is one. */
export function standardSecretProblem(secret: string): string | undefined {
  if (isBase64Key(textOf(secret))) return undefined;
  return `must be base64 of at least ${MIN_KEY_BYTES} bytes, with or without whsec_ before it`;
}

/** The family whose signature is there; a header of the other one counts for nothing. */
function familyOf({ headers }: DeliveryRequest): string {
  return families.find((family) => headers.get(`${family}-signature`) !== null) ?? families[0];
}

function readSigned(
  request: DeliveryRequest,
  proof: Proof,
  version: keyof typeof signatureBytes,
): { readonly signed: readonly Buffer[]; readonly signatures: readonly Buffer[] } {
  const family = familyOf(request);
  const signatures = readSignatures(demandHeader(request, `${family}-signature`), version);
  const id = demandHeader(request, `${family}-id`);
  const timestamp = readFreshTimestamp(request, `${family}-timestamp`, proof);
  return { signed: [Buffer.from(`${id}.${timestamp}.`), request.body], signatures };
}

/** Those of one version. Others are ignored whatever they hold, but a list that is not well-formed is refused whole. */
function readSignatures(list: string, wanted: keyof typeof signatureBytes): readonly Buffer[] {
  const entries = list.split(" ").map((text) => entry.exec(text));
  const ours = entries.filter((match) => match?.[1] === wanted);
  const signatures = ours.map((match) => decodeExactly(match?.[2] ?? "", "base64", signatureBytes[wanted]));
  const found = signatures.filter((signature) => signature !== undefined);
  const isWellFormed = !entries.includes(null) && found.length === ours.length && ours.length > 0;
  if (!isWellFormed || entries.length > MAX_SIGNATURES) throw new DeliveryRefused("header_malformed");
  return found;
}

/** Never text: the base64 of a secret is not its key. */
function keyOf(secret: string): Buffer {
  return Buffer.from(textOf(secret), "base64");
}

function textOf(secret: string): string {
  return secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
}
