import { createHmac, timingSafeEqual } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";

const SHA256_HEX_LENGTH = 64;
const lowerHex = /^[0-9a-f]+$/;
const unixSeconds = /^\d{1,12}$/;

/**
 * The signature in a header of the form `<prefix><64 lower-case hex digits>`, as bytes.
 * Two headers of the name arrive joined by a comma, and so are malformed.
 * @throws {DeliveryRefused} `header_missing`, `header_malformed`
 */
export function readHexSignature(request: DeliveryRequest, header: string, prefix: string): Buffer {
  const value = request.headers.get(header);
  if (value === null || value === "") throw new DeliveryRefused("header_missing");
  const hex = value.slice(prefix.length);
  if (!value.startsWith(prefix) || hex.length !== SHA256_HEX_LENGTH || !lowerHex.test(hex)) {
    throw new DeliveryRefused("header_malformed");
  }
  return Buffer.from(hex, "hex");
}

/**
 * The text of a header with Unix seconds, once it is within the proof's tolerance of now, either way.
 * @throws {DeliveryRefused} `timestamp_missing`, `timestamp_malformed`, `timestamp_stale`, `timestamp_future`
 */
export function readFreshTimestamp(request: DeliveryRequest, header: string, proof: Proof): string {
  const text = request.headers.get(header);
  if (text === null || text === "") throw new DeliveryRefused("timestamp_missing");
  if (!unixSeconds.test(text)) throw new DeliveryRefused("timestamp_malformed");
  const ageSeconds = proof.now / 1000 - Number(text);
  if (ageSeconds > proof.toleranceSeconds) throw new DeliveryRefused("timestamp_stale");
  if (ageSeconds < -proof.toleranceSeconds) throw new DeliveryRefused("timestamp_future");
  return text;
}

/**
 * Returns if one of the secrets signed `prefix` followed by `body` with HMAC-SHA256; the key is the secret's whole text.
 * @throws {DeliveryRefused} `secret_missing`, `signature_mismatch`
 */
export function demandHmacSha256(secrets: readonly string[], prefix: string, body: Buffer, signature: Buffer): void {
  let hasSecret = false;
  for (const secret of secrets) {
    // An empty key would make a signature that anybody can compute.
    if (secret === "") continue;
    hasSecret = true;
    const hmac = createHmac("sha256", secret);
    if (prefix !== "") hmac.update(prefix);
    // By way of text: Node makes a string and a small Buffer of it in less time than the Buffer that `digest()` answers.
    if (timingSafeEqual(Buffer.from(hmac.update(body).digest("hex"), "hex"), signature)) return;
  }
  if (!hasSecret) throw new DeliveryRefused("secret_missing");
  throw new DeliveryRefused("signature_mismatch");
}
