/** What a caller of the management API may do within its tenant; metrics are of the service as a whole, and name no tenant. */
export const scopes = ["webhooks.read", "webhooks.write", "metrics.read"] as const;

/** One of {@link scopes}. */
export type Scope = (typeof scopes)[number];

/** Who calls the management API. */
export interface Caller {
  readonly tenantId: string;
  /** Who it is, for records of who did what: the subject of a JWT, the beginning of a token's hash. */
  readonly subject: string;
  readonly scopes: ReadonlySet<Scope>;
  /** May see what concerns the service as a whole. */
  readonly isOperator: boolean;
}

/** A configured API token; only its hash is kept. */
export interface ApiToken {
  /** SHA-256 of the token, in lower-case hex. */
  readonly hash: string;
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  readonly operator?: boolean;
}

/** Checks bearer tokens of an issuer. */
export interface TokenVerifier {
  /** @throws {WebhookError} `unauthenticated`, `keys_unavailable` */
  verify(token: string): Promise<Caller>;
}
