import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Seals and opens bytes with AES-256-GCM; `context` is bound to them, so that sealed values cannot change places. */
export interface Sealer {
  seal(bytes: Uint8Array, context: string): Buffer;
  /** @throws {Error} if it was sealed with another key or context, or altered */
  open(sealed: Uint8Array, context: string): Buffer;
}

/** Bytes of the key of a {@link Sealer}. */
export const SEALER_KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What it seals begins with a random nonce of 12 bytes and the tag of 16 (NIST SP 800-38D). */
export function createSealer(key: Buffer): Sealer {
  return {
    seal(bytes, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },
    open(sealed, context) {
      const iv = sealed.subarray(0, IV_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    },
  };
}
