import { type DeliveryRequest, parseForeignJson } from "../core/delivery-request";
import { asText, at, type JsonObject, asObject, textAt } from "../core/json";
import type { Proof } from "../core/provider";
import type { Explanation, RefusalReason } from "../core/refusal";
import { foreignSignature } from "./foreign-signature";

/** Text of a token that may be shown to the owner: what addresses and names consist of, and no more of it. */
const showable = /^[A-Za-z0-9_.:/@%+~-]{1,200}$/;

/**
 * Why a bearer token was refused, read from the token itself. Nothing that it says is believed: it only names what the
 * check stumbled over.
 */
export function explainToken(request: DeliveryRequest, proof: Proof, reason: RefusalReason): Explanation | undefined {
  if (reason === "token_missing") return foreignSignature(request, "google", proof.scheme);
  const { header, claims } = readToken(request);
  const detail = detailOf(reason, { header, claims, proof });
  return detail === undefined ? undefined : { reason, detail };
}

interface Token {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

function readToken(request: DeliveryRequest): Token {
  const [header, claims] = (request.headers.get("authorization") ?? "").replace(/^bearer +/i, "").split(".");
  return { header: readPart(header), claims: readPart(claims) };
}

function readPart(part = ""): JsonObject {
  return asObject(parseForeignJson(Buffer.from(part, "base64url").toString("utf8"))) ?? {};
}

function detailOf(
  reason: RefusalReason,
  { header, claims, proof }: Token & { readonly proof: Proof },
): string | undefined {
  switch (reason) {
    case "token_malformed":
      return "The header Authorization must hold Bearer and a token of three parts.";
    case "token_invalid":
      return flawOf(header, claims);
    case "token_expired":
      return secondsSince(at(claims, "exp"), proof, "It expired");
    case "timestamp_future":
      return secondsSince(at(claims, "iat"), proof, "It was issued");
    case "audience_mismatch":
      return `It is for ${shown(at(claims, "aud"))}; verification.audience is ${shown(proof.settings.audience)}.`;
    case "service_account_mismatch":
      return accountDetail(claims, proof);
    default:
      return undefined;
  }
}

function flawOf(header: JsonObject, claims: JsonObject): string | undefined {
  const [algorithm, issuer] = [at(header, "alg"), at(claims, "iss")];
  if (algorithm !== "RS256") return `Its algorithm is ${shown(algorithm)}; Google signs with RS256.`;
  if (textAt(header, "kid") === undefined) return "It names no key.";
  if (issuer !== "https://accounts.google.com" && issuer !== "accounts.google.com") {
    return `Its issuer is ${shown(issuer)}, not Google.`;
  }
  return undefined;
}

function secondsSince(time: unknown, { now }: Proof, what: string): string | undefined {
  if (typeof time !== "number") return undefined;
  const seconds = Math.round(now / 1000 - time);
  return `${what} ${Math.abs(seconds)} seconds ${seconds < 0 ? "ahead of our clock" : "ago"}.`;
}

/** A service account's address is no personal datum; anybody else's stays out of the records. */
function accountDetail(claims: JsonObject, { settings }: Proof): string {
  const email = textAt(claims, "email") ?? "";
  if (!email.endsWith(".gserviceaccount.com")) return "It names no service account.";
  if (at(claims, "email_verified") !== true) return "Its address is not verified.";
  return `It was made by ${shown(email)}; verification.serviceAccountEmail is ${shown(settings.serviceAccountEmail)}.`;
}

function shown(value: unknown): string {
  const text = asText(value) ?? "";
  return showable.test(text) ? text : "something else";
}
