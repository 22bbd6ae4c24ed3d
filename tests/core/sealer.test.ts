import { createDecipheriv, randomBytes } from "node:crypto";
import { createSealer, SEALER_KEY_BYTES } from "../../shared/core/sealer";

const key = randomBytes(SEALER_KEY_BYTES);
const sealer = createSealer(key);
const bytes = randomBytes(1000);

describe("a sealer", () => {
  it("opens what it sealed, with the context that it was sealed in", () => {
    expect(sealer.open(sealer.seal(bytes, "a"), "a")).toEqual(bytes);
    expect(sealer.open(sealer.seal(Buffer.alloc(0), "a"), "a")).toEqual(Buffer.alloc(0));
  });

  it("opens nothing in another context, nothing of another key, and nothing that was altered or cut", () => {
    const sealed = sealer.seal(bytes, "a");
    expect(() => sealer.open(sealed, "b")).toThrow();
    expect(() => createSealer(randomBytes(SEALER_KEY_BYTES)).open(sealed, "a")).toThrow();
    for (const index of [0, 12, 28, sealed.length - 1]) {
      const altered = Buffer.from(sealed);
      altered[index] = (altered[index] ?? 0) ^ 1;
      expect(() => sealer.open(altered, "a")).toThrow();
    }
    for (const length of [0, 11, 20, 28, 29]) expect(() => sealer.open(sealed.subarray(0, length), "a")).toThrow();
  });

  it("is AES-256-GCM: nonce, tag, ciphertext, with the context as what is authenticated besides", () => {
    const sealed = sealer.seal(bytes, "context");
    const plain = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
    plain.setAAD(Buffer.from("context")).setAuthTag(sealed.subarray(12, 28));
    expect(Buffer.concat([plain.update(sealed.subarray(28)), plain.final()])).toEqual(bytes);
    expect(sealer.seal(bytes, "context").subarray(0, 12)).not.toEqual(sealed.subarray(0, 12));
  });
});
