import { sign } from "node:crypto";

/** A JWT signed with RS256 (RFC 7519). `privateKey` is an RSA key in PEM. */
export function signJwt(claims: Readonly<Record<string, unknown>>, privateKey: string): string {
  const parts = [{ alg: "RS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const text = parts.join(".");
  return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
}
