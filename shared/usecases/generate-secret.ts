import { randomBytes } from "node:crypto";

/** A secret of ours (DESIGN 5): `whsec_` and the base64 of 32 random bytes. */
export function generateSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}
