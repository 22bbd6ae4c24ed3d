import { createHmac, timingSafeEqual } from "node:crypto";
import { unauthorised } from "./broker-error";

/** What a namespace lets in. */
export interface Claims {
  readonly sharedAccessKeyName: string;
  readonly sharedAccessKey: string;
  /** The token of an identity that has a role on the queue. */
  readonly bearerToken: string;
}

/** A request to the `$cbs` address ("AMQP claims-based security"). */
export interface PutToken {
  readonly type: unknown;
  readonly token: unknown;
}

/** @throws {BrokerError} unauthorized-access, unless the token is genuine and still valid */
export function checkToken({ type, token }: PutToken, claims: Claims): void {
  const genuine = type === "jwt" ? token === claims.bearerToken : isGenuineSignature(String(token), claims);
  if (!genuine) throw unauthorised();
}

/** `SharedAccessSignature sr=…&sig=…&se=…&skn=…`: an HMAC over the resource and the time of expiry. */
function isGenuineSignature(token: string, claims: Claims): boolean {
  const fields = new URLSearchParams(token.replace("SharedAccessSignature ", ""));
  const [resource, expiry] = [fields.get("sr") ?? "", fields.get("se") ?? ""];
  const signed = `${encodeURIComponent(resource)}\n${expiry}`;
  const expected = createHmac("sha256", claims.sharedAccessKey).update(signed).digest();
  const given = Buffer.from(fields.get("sig") ?? "", "base64");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  return fields.get("skn") === claims.sharedAccessKeyName && Number(expiry) * 1000 > Date.now();
}
