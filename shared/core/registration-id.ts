import { createHmac, randomBytes } from "node:crypto";

/**
 * Registration ids are `webhook-<tenant key>-<random>`: the tenant key is the partition, so that the id alone is enough
 * for a point read, and 128 random bits make the URL unguessable (DESIGN 5).
 */
const TENANT_KEY_LENGTH = 16;
const RANDOM_BYTES = 16;
const wellFormed = /^webhook-([a-z2-7]{16})-[a-z2-7]{26}$/;

/** The partition of a tenant's documents: 16 base32 characters of HMAC-SHA256(installation key, tenant id). */
export function tenantKeyOf(installationKey: string, tenantId: string): string {
  const digest = createHmac("sha256", installationKey).update(tenantId).digest();
  return toBase32(digest).slice(0, TENANT_KEY_LENGTH);
}

/** A new id in the tenant's partition. */
export function newRegistrationId(tenantKey: string): string {
  return `webhook-${tenantKey}-${toBase32(randomBytes(RANDOM_BYTES))}`;
}

/** The tenant key inside a registration id, `undefined` for anything that cannot be one of ours. */
export function tenantKeyIn(registrationId: string): string | undefined {
  return wellFormed.exec(registrationId)?.[1];
}

/** RFC 4648 base32, lower case, without padding. */
export function toBase32(bytes: Uint8Array): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet.charAt((value << (5 - bits)) & 31) : text;
}
