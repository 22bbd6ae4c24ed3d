import { isUtf8 } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import type { Proof } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import { demandHmacSha256 } from "./hmac";
import { digestBytes, isBase64Key, MIN_KEY_BYTES, readSignature } from "./signature";

/**
 * The two products of Salesforce that sign their webhooks themselves, both with HMAC-SHA256 over the body in base64, with
 * keys that they make and show once.
 *
 * Data 360, "Webhook Data Action Targets": `x-signature`. Marketing Cloud Engagement, "Notification Signing":
 * `x-sfmc-ens-signature`.
 */
export const DATA360_HEADER = "x-signature";
export const ENS_HEADER = "x-sfmc-ens-signature";

/** Whoever knows the URL can have a forged body escaped, so that larger ones are escaped in the cheaper way alone. */
const MAX_WIDELY_ESCAPED_BYTES = 256 * 1024;
/** Characters of `\u00FC`. */
const ESCAPE_LENGTH = 6;
const HEX_DIGITS = "0123456789ABCDEF";
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const DELETE = 0x7f;

const signatureForm = { encoding: "base64", bytes: digestBytes.sha256 } as const;

/**
 * Returns if Data 360 signed the body. Its guide says to escape the body as JSON text before it is checked, and does not
 * say how far: the body as it is comes first, then both usual ways of escaping it.
 * @throws {DeliveryRefused}
 */
export function demandData360(request: DeliveryRequest, { secrets }: Proof): void {
  const { body } = request;
  const signature = readSignature(request, DATA360_HEADER, signatureForm);
  try {
    demandHmacSha256(secrets, "", body, signature);
  } catch (error) {
    const isMismatch = error instanceof DeliveryRefused && error.reason === "signature_mismatch";
    if (!isMismatch || !isSignedEscaped(secrets, body, signature)) throw error;
  }
}

function isSignedEscaped(secrets: readonly string[], body: Buffer, signature: Buffer): boolean {
  for (const form of escapedForms(body)) if (isSigned(secrets, form, signature)) return true;
  return false;
}

/** Escaping is one to one only for valid UTF-8: of other bytes, several would have the same text. */
function* escapedForms(body: Buffer): Generator<Buffer> {
  if (!isUtf8(body)) return;
  const minimal = Buffer.from(JSON.stringify(body.toString("utf8")).slice(1, -1));
  yield minimal;
  if (body.length <= MAX_WIDELY_ESCAPED_BYTES) yield widelyEscaped(minimal.toString("utf8"));
}

/** As `StringEscapeUtils.escapeJson` of Apache Commons writes it: with escaped slashes and nothing but ASCII. */
function widelyEscaped(minimal: string): Buffer {
  const escaped = Buffer.allocUnsafe(minimal.length * ESCAPE_LENGTH);
  let length = 0;
  for (let index = 0; index < minimal.length; index++) {
    const unit = minimal.charCodeAt(index);
    const isWide = unit >= DELETE;
    if (isWide || unit === SLASH) escaped[length++] = BACKSLASH;
    escaped[length++] = isWide ? LETTER_U : unit;
    if (!isWide) continue;
    for (let shift = 12; shift >= 0; shift -= 4) escaped[length++] = HEX_DIGITS.charCodeAt((unit >> shift) & 15);
  }
  return escaped.subarray(0, length);
}

function isSigned(secrets: readonly string[], body: Buffer, signature: Buffer): boolean {
  const keys = secrets.filter((secret) => secret !== "");
  return keys.some((key) => timingSafeEqual(createHmac("sha256", key).update(body).digest(), signature));
}

/**
 * Returns if Marketing Cloud signed the body. Its guide does not say whether the key is used as text or is base64 of the
 * key, so that `verification.keyEncoding` does.
 * @throws {DeliveryRefused}
 */
export function demandEns(request: DeliveryRequest, { secrets, settings }: Proof): void {
  const signature = readSignature(request, ENS_HEADER, signatureForm);
  const keys = secrets.map((secret) => ensKey(secret, settings));
  // Of a text that is no base64, next to nothing may be left.
  const isLong = ({ length }: string | Buffer): boolean => settings.keyEncoding !== "base64" || length >= MIN_KEY_BYTES;
  demandHmacSha256(keys.filter(isLong), "", request.body, signature);
}

/** Why a text is no key of Marketing Cloud's; nothing where it may be one. */
export function ensSecretProblem(secret: string, { keyEncoding }: Proof["settings"]): string | undefined {
  if (keyEncoding !== "base64" || isBase64Key(secret)) return undefined;
  return `must be base64 of at least ${MIN_KEY_BYTES} bytes`;
}

/** The key that a secret stands for. */
export function ensKey(secret: string, { keyEncoding }: Proof["settings"]): string | Buffer {
  return keyEncoding === "base64" ? Buffer.from(secret, "base64") : secret;
}
