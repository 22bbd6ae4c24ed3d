import type { OidcOptions } from "../adapters/oidc/token-verifier";
import type { AccessConfig } from "../config";
import type { ApiToken, TokenVerifier } from "../core/caller";

/** How callers of the management API are known. */
export interface Access {
  readonly apiTokens: readonly ApiToken[];
  readonly tokenVerifier?: TokenVerifier;
  /** Set only where nothing else is configured (DESIGN 6). */
  readonly defaultToken?: { readonly token: string; readonly tenantId: string };
}

/** How callers are known by this configuration. */
export async function createAccess({ apiTokens, oidc, usesDefaultToken }: AccessConfig): Promise<Access> {
  return {
    apiTokens,
    ...(oidc ? { tokenVerifier: await createVerifier(oidc) } : {}),
    ...(usesDefaultToken ? { defaultToken: { token: "test-token", tenantId: "tenant-123" } } : {}),
  };
}

/** Loaded only where it is used, because jose takes 15 MB. */
async function createVerifier(oidc: OidcOptions): Promise<TokenVerifier> {
  const { createTokenVerifier } = await import("../adapters/oidc/token-verifier.js");
  return createTokenVerifier(oidc);
}
