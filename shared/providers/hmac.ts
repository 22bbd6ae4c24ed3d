import { createHmac, timingSafeEqual } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";

const SHA256_HEX_LENGTH = 64;
const lowerHex = /^[0-9a-f]+$/;
const unixSeconds = /^\d{1,12}$/;
const unixMilliseconds = /^\d{1,15}$/;

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

/** The unit of a Unix time. */
type TimeUnit = "seconds" | "milliseconds";

/**
 * The text of a header with a Unix time, once it is within the proof's tolerance of now, either way.
 * @throws {DeliveryRefused} `timestamp_missing`, `timestamp_malformed`, `timestamp_stale`, `timestamp_future`
 */
export function readFreshTimestamp(request: DeliveryRequest, header: string, proof: Proof, unit?: TimeUnit): string {
  const text = request.headers.get(header);
  if (text === null || text === "") throw new DeliveryRefused("timestamp_missing");
  demandFresh(text, proof, unit);
  return text;
}

/**
 * Returns if a text with a Unix time is within the proof's tolerance of now, either way.
 * @throws {DeliveryRefused} `timestamp_malformed`, `timestamp_stale`, `timestamp_future`
 */
export function demandFresh(text: string, proof: Proof, unit: TimeUnit = "seconds"): void {
  const isWellFormed = (unit === "seconds" ? unixSeconds : unixMilliseconds).test(text);
  if (!isWellFormed) throw new DeliveryRefused("timestamp_malformed");
  const ageSeconds = proof.now / 1000 - Number(text) / (unit === "seconds" ? 1 : 1000);
  if (ageSeconds > proof.toleranceSeconds) throw new DeliveryRefused("timestamp_stale");
  if (ageSeconds < -proof.toleranceSeconds) throw new DeliveryRefused("timestamp_future");
}

/**
 * Returns if one of the secrets signed `prefix` followed by `body` with HMAC-SHA256; of text, the key is all of it.
 * @throws {DeliveryRefused} `secret_missing`, `signature_mismatch`
 */
export function demandHmacSha256(
  secrets: readonly (string | Buffer)[],
  prefix: string,
  body: Buffer,
  signature: Buffer,
): void {
  let hasSecret = false;
  for (const secret of secrets) {
    // An empty key would make a signature that anybody can compute.
    if (secret.length === 0) continue;
    hasSecret = true;
    const hmac = createHmac("sha256", secret);
    if (prefix !== "") hmac.update(prefix);
    // By way of text: Node makes a string and a small Buffer of it in less time than the Buffer that `digest()` answers.
    if (timingSafeEqual(Buffer.from(hmac.update(body).digest("hex"), "hex"), signature)) return;
  }
  if (!hasSecret) throw new DeliveryRefused("secret_missing");
  throw new DeliveryRefused("signature_mismatch");
}
