/** The limits of Key Vault (its page "About secrets"), which hold in every store, but for capitals: its names ignore case. */
const wellFormedName = /^[0-9a-z-]{1,127}$/;
const MAX_VALUE_BYTES = 25 * 1024;

/** @throws {RangeError} The name of a secret has characters other than 0-9, a-z and -, or is longer than 127. */
export function checkSecretName(name: string): void {
  if (!wellFormedName.test(name)) throw new RangeError("a secret's name has characters other than 0-9, a-z and -");
}

/** @throws {RangeError} The value of a secret is longer than 25 KB as UTF-8. */
export function checkSecretValue(value: string): void {
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) throw new RangeError("a secret is larger than 25 KB");
}
