const SECRET_PREFIX = "whsec_";
/** "Signature scheme" of the specification of Standard Webhooks. */
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

/**
 * The keys of Standard Webhooks secrets (`whsec_` and base64) with spaces between them; `undefined` if one of them is none.
 */
export function readSigningKeys(secrets: string): readonly Buffer[] | undefined {
  const keys = secrets.trim().split(/\s+/).map(toKey);
  const sound = keys.filter((key) => key !== undefined);
  return sound.length === keys.length ? sound : undefined;
}

function toKey(secret: string): Buffer | undefined {
  if (!secret.startsWith(SECRET_PREFIX)) return undefined;
  const text = secret.slice(SECRET_PREFIX.length);
  const key = Buffer.from(text, "base64");
  // Node leaves out whatever is no base64, and so the way back tells.
  const isExact = key.toString("base64") === text;
  return isExact && key.length >= MIN_KEY_BYTES && key.length <= MAX_KEY_BYTES ? key : undefined;
}
