import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { type Caller, type Scope, scopes, type TokenVerifier } from "../../core/caller";
import { WebhookError } from "../../core/errors";

/** How the tokens of an issuer are checked. */
export interface OidcOptions {
  /** Exactly the `iss` of its tokens; `{tenantid}` in it stands for the token's tenant claim (Entra, many tenants). */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly tenantClaim: string;
  /** From the tenant claim to the tenant id; without it the claim is the tenant id. Required with `{tenantid}`. */
  readonly tenantMap?: Readonly<Record<string, string>>;
  /** Unknown key ids ask the issuer again at most this often, in milliseconds; 30 s by default. */
  readonly cooldownMs?: number;
}

/** Asymmetric ones only: a public key must never serve as the secret of an HMAC. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 60;
const COOLDOWN_MS = 30_000;
const OPERATOR_ROLE = "operator";

/** A verifier with the issuer's keys in memory: they are fetched when first needed and when an unknown key id turns up. */
export function createTokenVerifier(options: OidcOptions): TokenVerifier {
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), {
    cooldownDuration: options.cooldownMs ?? COOLDOWN_MS,
    timeoutDuration: 5000,
  });
  return {
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer: expectedIssuer(options, token),
          audience: options.audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          requiredClaims: ["exp"],
        });
        return toCaller(options, payload);
      } catch (error) {
        throw toRefusal(error);
      }
    },
  };
}

function expectedIssuer({ issuer, tenantClaim }: OidcOptions, token: string): string {
  if (!issuer.includes("{tenantid}")) return issuer;
  const tenant = decodeJwt(token)[tenantClaim];
  // What the token claims is believed only once its signature and, by the map, its tenant are checked.
  return issuer.replace("{tenantid}", typeof tenant === "string" ? tenant : "");
}

function toCaller({ tenantClaim, tenantMap }: OidcOptions, payload: JWTPayload): Caller {
  const claim = payload[tenantClaim];
  if (typeof claim !== "string" || claim === "") throw new WebhookError("unauthenticated", { detail: "no_tenant" });
  const tenantId = tenantMap === undefined ? claim : Object.hasOwn(tenantMap, claim) ? tenantMap[claim] : undefined;
  if (tenantId === undefined) throw new WebhookError("unauthenticated", { detail: "unknown_tenant" });
  const granted = new Set([...words(payload["scp"]), ...words(payload["scope"]), ...words(payload["roles"])]);
  return {
    tenantId,
    subject: typeof payload.sub === "string" ? payload.sub : "unnamed",
    scopes: new Set<Scope>(scopes.filter((scope) => granted.has(scope))),
    isOperator: granted.has(OPERATOR_ROLE),
  };
}

/** Scopes come as one text with spaces, roles as a list. */
function words(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

/** Only the failure to fetch the keys is ours; everything else is the token's, and the caller learns no more. */
function toRefusal(error: unknown): WebhookError {
  if (error instanceof WebhookError) return error;
  const code = error instanceof errors.JOSEError ? error.code : undefined;
  const isTokenFault = code !== undefined && code !== "ERR_JWKS_TIMEOUT" && code !== "ERR_JOSE_GENERIC";
  if (isTokenFault) return new WebhookError("unauthenticated", { detail: code });
  return new WebhookError("keys_unavailable", { detail: code ?? "fetch_failed" });
}
