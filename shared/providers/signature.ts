import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import { DeliveryRefused, type RefusalReason } from "../core/refusal";

/** The hash functions that senders use, with the bytes of their digests. */
export const digestBytes = { sha256: 32, sha512: 64, sha1: 20 } as const;

/** One of {@link digestBytes}. */
export type HmacAlgorithm = keyof typeof digestBytes;

/** How a signature is written. */
export type SignatureEncoding = "hex" | "base64";

const lowerHex = /^[0-9a-f]+$/;

/**
 * The signature in a header of the form `<prefix><hex or base64>`, as bytes.
 * Two headers of the name arrive joined by a comma, and so are malformed.
 * @throws {DeliveryRefused} `header_missing`, `header_malformed`
 */
export function readSignature(
  request: DeliveryRequest,
  header: string,
  form: { readonly prefix?: string; readonly encoding: SignatureEncoding; readonly bytes: number },
): Buffer {
  const value = demandHeader(request, header);
  const { prefix = "", encoding, bytes } = form;
  const signature = value.startsWith(prefix) ? decodeExactly(value.slice(prefix.length), encoding, bytes) : undefined;
  if (signature === undefined) throw new DeliveryRefused("header_malformed");
  return signature;
}

/** The value of a header. @throws {DeliveryRefused} `header_missing` */
export function demandHeader(request: DeliveryRequest, header: string): string {
  const value = request.headers.get(header);
  if (value === null || value === "") throw new DeliveryRefused("header_missing");
  return value;
}

/**
 * The bytes that a text stands for, `undefined` if they are not as many or the text is not the one way to write them:
 * hex in lower case, base64 padded and without stray bits in its last letter.
 */
export function decodeExactly(text: string, encoding: SignatureEncoding, bytes: number): Buffer | undefined {
  if (encoding === "hex" && !lowerHex.test(text)) return undefined;
  const decoded = Buffer.from(text, encoding);
  return decoded.length === bytes && decoded.toString(encoding) === text ? decoded : undefined;
}

/** Standard Webhooks asks for 24; what is shorter than this may be guessed, or is no base64 that was meant as such. */
export const MIN_KEY_BYTES = 16;

/** True if a text is base64, padded or not, of a key that is long enough. */
export function isBase64Key(text: string): boolean {
  const key = Buffer.from(text, "base64");
  return key.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "") && key.length >= MIN_KEY_BYTES;
}

/** What has to be signed, and by whom. */
export interface HmacDemand {
  readonly algorithm: HmacAlgorithm;
  /** A secret's whole text, or the bytes that it stands for. Any one may have signed. */
  readonly keys: readonly (string | Buffer)[];
  /** What may be signed: each content in parts, which are joined. Any one suffices. */
  readonly contents: readonly (readonly (string | Buffer)[])[];
  /** As they came; any one suffices. */
  readonly signatures: readonly Buffer[];
}

/**
 * Returns if one of the keys made one of the signatures.
 * @throws {DeliveryRefused} `secret_missing`, `signature_mismatch`
 */
export function demandHmac({ algorithm, keys, contents, signatures }: HmacDemand): void {
  // An empty key would make a signature that anybody can compute.
  const usable = keys.filter((key) => key.length > 0);
  if (usable.length === 0) throw new DeliveryRefused("secret_missing");
  for (const key of usable) {
    for (const content of contents) {
      const digest = digestOfParts(algorithm, key, content);
      if (signatures.some((signature) => isSame(signature, digest))) return;
    }
  }
  throw new DeliveryRefused("signature_mismatch");
}

function digestOfParts(algorithm: HmacAlgorithm, key: string | Buffer, parts: readonly (string | Buffer)[]): Buffer {
  const hmac = createHmac(algorithm, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function isSame(signature: Buffer, digest: Buffer): boolean {
  return signature.length === digest.length && timingSafeEqual(signature, digest);
}

/**
 * Returns if every text that was presented is one of the secrets. Hashes are compared, in constant time, so that not even
 * the length of a secret shows.
 * @throws {DeliveryRefused} `secret_missing`, or `mismatch`
 */
export function demandSecrets(secrets: readonly string[], presented: readonly string[], mismatch: RefusalReason): void {
  const known = secrets.filter((secret) => secret !== "").map(digestOf);
  if (known.length === 0) throw new DeliveryRefused("secret_missing");
  for (const text of presented) {
    const digest = digestOf(text);
    if (!known.some((secret) => timingSafeEqual(secret, digest))) throw new DeliveryRefused(mismatch);
  }
}

/**
 * True if both texts are the same, found out in a time that tells nothing about where they differ. An empty text is the
 * same as nothing: it proves nothing.
 */
export function isSameText(given: string, expected: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(expected)) && expected !== "";
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
