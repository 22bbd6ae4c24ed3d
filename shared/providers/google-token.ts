import { verify } from "node:crypto";
import type { DeliveryRequest } from "../core/delivery-request";
import { asObject, at, type JsonObject, textAt } from "../core/json";
import { parseForeignJson } from "../core/delivery-request";
import { DeliveryRefused } from "../core/refusal";
import type { GoogleCertificates } from "./google-certificates";

/** What a token must say besides being Google's. */
export interface TokenDemands {
  readonly audience: string;
  readonly serviceAccountEmail: string;
  /** For the difference of clocks, in seconds. */
  readonly toleranceSeconds: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const issuers: readonly unknown[] = ["https://accounts.google.com", "accounts.google.com"];
/** What google-auth-library allows as well: `CLOCK_SKEW_SECS_` and `DEFAULT_MAX_TOKEN_LIFETIME_SECS_`. */
const MAX_SKEW_SECONDS = 300;
const MAX_LIFETIME_SECONDS = 86_400;
const bearer = /^Bearer +([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/i;

interface Token {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

/**
 * Returns if the request carries an OpenID token that Google signed for this audience and service account
 * (Pub/Sub, "Authenticate push subscriptions": without the e-mail check any Google customer could mint one).
 *
 * The certificates come through google-auth-library, the check is made here: the library's own reads the computer's
 * clock, so that no delivery can be judged by the time of its receipt, and its errors hold the whole token.
 * `tests/providers/google.test.ts` holds the two to the same verdicts.
 * @throws {DeliveryRefused} a `token_*` reason, `timestamp_future`, `audience_mismatch`, `service_account_mismatch`
 * @throws {WebhookError} `keys_unavailable`
 */
export async function demandGoogleToken(
  request: DeliveryRequest,
  certificates: GoogleCertificates,
  demands: TokenDemands,
): Promise<void> {
  const token = readToken(request);
  await demandSignature(token, certificates, demands.now);
  demandTimes(token.claims, demands);
  demandIdentity(token.claims, demands);
}

function readToken(request: DeliveryRequest): Token {
  const value = request.headers.get("authorization");
  if (value === null || value === "") throw new DeliveryRefused("token_missing");
  const [, first = "", second = "", third = ""] = bearer.exec(value) ?? [];
  const header = asObject(parseForeignJson(decode(first).toString("utf8")));
  const claims = asObject(parseForeignJson(decode(second).toString("utf8")));
  const signature = decode(third);
  // Base64 leaves spare bits in the last letter: only one spelling of a signature is taken.
  const isCanonical = signature.toString("base64url") === third;
  if (header === undefined || claims === undefined || !isCanonical) throw new DeliveryRefused("token_malformed");
  return { header, claims, signed: `${first}.${second}`, signature };
}

function decode(text: string): Buffer {
  return Buffer.from(text, "base64url");
}

async function demandSignature(token: Token, certificates: GoogleCertificates, now: number): Promise<void> {
  const { header, signed, signature } = token;
  const keyId = at(header, "kid");
  // The algorithm is ours to choose, never the token's; `crit` names extensions that we do not have (RFC 7515, 4.1.11).
  if (at(header, "alg") !== "RS256" || Object.hasOwn(header, "crit") || typeof keyId !== "string") {
    throw new DeliveryRefused("token_invalid");
  }
  const key = await certificates.keyFor(keyId, now);
  if (key === undefined || !verify("RSA-SHA256", Buffer.from(signed), key, signature)) {
    throw new DeliveryRefused("token_invalid");
  }
}

function demandTimes(claims: JsonObject, { now, toleranceSeconds }: TokenDemands): void {
  const [issuedAt, expiresAt] = [at(claims, "iat"), at(claims, "exp")];
  if (typeof issuedAt !== "number" || typeof expiresAt !== "number") throw new DeliveryRefused("token_invalid");
  if (expiresAt - issuedAt > MAX_LIFETIME_SECONDS) throw new DeliveryRefused("token_invalid");
  const skew = Math.min(toleranceSeconds, MAX_SKEW_SECONDS);
  if (now / 1000 > expiresAt + skew) throw new DeliveryRefused("token_expired");
  if (now / 1000 < issuedAt - skew) throw new DeliveryRefused("timestamp_future");
}

function demandIdentity(claims: JsonObject, { audience, serviceAccountEmail }: TokenDemands): void {
  if (!issuers.includes(at(claims, "iss"))) throw new DeliveryRefused("token_invalid");
  if (audience === "" || textAt(claims, "aud") !== audience) throw new DeliveryRefused("audience_mismatch");
  const isTheirs = textAt(claims, "email") === serviceAccountEmail && at(claims, "email_verified") === true;
  if (serviceAccountEmail === "" || !isTheirs) throw new DeliveryRefused("service_account_mismatch");
}
