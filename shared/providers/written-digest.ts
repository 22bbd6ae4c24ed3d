/** How a scheme writes a digest. */
interface DigestForm {
  readonly prefix: string;
  readonly encoding: "hex" | "base64";
}

/** A SHA-256 digest, and in which way it was written, where that is not the way it should be. */
export interface WrittenDigest {
  readonly digest: Buffer;
  /** As in "It is written …": `in upper-case hex`. */
  readonly writing: string | undefined;
}

const DIGEST_BYTES = 32;
/** An optional word with a sign after it, then letters of hex or base64. */
const anyDigest = /^\s*((?:[A-Za-z0-9-]{1,20}[=,:])?) *([A-Za-z0-9+/_-]{43,88}={0,2})\s*$/;

/** Reads a digest generously, in any of the ways that people write one; `undefined` if the text holds none. */
export function readAnyDigest(text: string, form: DigestForm): WrittenDigest | undefined {
  const [, prefix, digits] = anyDigest.exec(text) ?? [];
  const read = digits === undefined ? undefined : readDigits(digits);
  if (prefix === undefined || read === undefined) return undefined;
  const flaws = [
    flawOfPrefix(prefix, form.prefix),
    read.encoding === form.encoding ? undefined : `in ${read.encoding}`,
  ];
  const found = flaws.filter((flaw) => flaw !== undefined);
  return { digest: read.digest, writing: found.length === 0 ? undefined : found.join(" and ") };
}

function readDigits(digits: string): { readonly digest: Buffer; readonly encoding: string } | undefined {
  if (/^[0-9a-f]{64}$/.test(digits)) return { digest: Buffer.from(digits, "hex"), encoding: "hex" };
  if (/^[0-9A-Fa-f]{64}$/.test(digits)) return { digest: Buffer.from(digits, "hex"), encoding: "upper-case hex" };
  const bytes = Buffer.from(digits, "base64");
  if (bytes.length === DIGEST_BYTES) return { digest: bytes, encoding: "base64" };
  const text = bytes.toString("latin1");
  return /^[0-9A-Fa-f]{64}$/.test(text)
    ? { digest: Buffer.from(text, "hex"), encoding: "base64 of the hex digits" }
    : undefined;
}

function flawOfPrefix(prefix: string, wanted: string): string | undefined {
  if (prefix === wanted) return undefined;
  return prefix === "" ? `without ${wanted} before it` : `with ${prefix} before it`;
}
