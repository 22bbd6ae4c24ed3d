import { hash, type KeyObject, sign } from "node:crypto";

/** DER of `sha256WithRSAEncryption`, `commonName` and `subjectAltName` (RFC 4055, RFC 5280). */
const SHA256_WITH_RSA = Buffer.from("300d06092a864886f70d01010b0500", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const SUBJECT_ALT_NAME = Buffer.from("0603551d11", "hex");
const VERSION_3 = Buffer.from("a003020102", "hex");
const [INTEGER, BIT_STRING, OCTET_STRING, UTF8_STRING, UTC_TIME] = [0x02, 0x03, 0x04, 0x0c, 0x17];
const [SEQUENCE, SET, DNS_NAME, IP_ADDRESS, EXTENSIONS] = [0x30, 0x31, 0x82, 0x87, 0xa3];

/**
 * An X.509 certificate in PEM over the key itself: what Google publishes for its token keys, or, with the name or
 * IPv4 address that it is for, what a server shows. Valid for all of 2020-2049.
 */
export function selfSignedCertificate(
  keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  host?: string,
): string {
  const publicKey = keys.publicKey.export({ type: "spki", format: "der" });
  // A name of its own for each key: OpenSSL looks for issuers by name, and takes the first of several that share one.
  const commonName = Buffer.from(`test issuer ${hash("sha256", publicKey, "hex").slice(0, 16)}`);
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, commonName))));
  const times = ["200101000000Z", "491231235959Z"].map((time) => der(UTC_TIME, Buffer.from(time)));
  const content = der(
    SEQUENCE,
    VERSION_3,
    der(INTEGER, Buffer.from([1])),
    SHA256_WITH_RSA,
    name,
    der(SEQUENCE, ...times),
    name,
    publicKey,
    ...(host === undefined ? [] : [der(EXTENSIONS, der(SEQUENCE, nameOfServer(host)))]),
  );
  const signature = der(BIT_STRING, Buffer.from([0]), sign("sha256", content, keys.privateKey));
  const base64 = der(SEQUENCE, content, SHA256_WITH_RSA, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function nameOfServer(host: string): Buffer {
  const isAddress = /^[\d.]+$/.test(host);
  const name = isAddress ? der(IP_ADDRESS, Buffer.from(host.split(".").map(Number))) : der(DNS_NAME, Buffer.from(host));
  return der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, der(SEQUENCE, name)));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}
