import { hash } from "node:crypto";

/** One entry of `API_TOKENS`: what the configuration keeps of `token`. */
export const apiToken = (token: string, tenantId: string, scopes: readonly string[], operator = false) => ({
  hash: hash("sha256", token, "hex"),
  tenantId,
  scopes,
  operator,
});
