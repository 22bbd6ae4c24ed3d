import type { Connection } from "./connection";
import type { ConnectionKey } from "./record-reader";

/** Credentials of a connection; they live in the secret store alone. Private keys are RSA keys in PEM. */
export type Credentials =
  | { readonly kind: "bearer"; readonly token: string }
  | OAuth2Credentials
  | {
      readonly kind: "github_app";
      readonly appId: string;
      readonly installationId: string;
      readonly privateKey: string;
    }
  | {
      readonly kind: "google_service_account";
      readonly clientEmail: string;
      readonly privateKey: string;
      readonly scopes: readonly string[];
      /** The user that the account acts for (domain-wide delegation). */
      readonly subject?: string;
    }
  | { readonly kind: "salesforce_client_credentials"; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: "salesforce_jwt";
      readonly clientId: string;
      readonly username: string;
      readonly privateKey: string;
      /** `https://login.salesforce.com` unless it is a sandbox. */
      readonly audience?: string;
    };

/** A refresh token, and the access token that came with it. */
export interface OAuth2Credentials {
  readonly kind: "oauth2";
  /** Absent: the vendor's. */
  readonly tokenUrl?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly accessToken?: string;
  /** Milliseconds since 1970; from then on `accessToken` is not used any more. Absent: until it is refused. */
  readonly refreshAt?: number;
}

/** A connection that has credentials. */
export type AuthorisedConnection = Connection & Required<Pick<Connection, "auth">>;

/** What came of asking for the right to use a refresh token. */
export type RefreshClaim =
  | { readonly kind: "claimed" }
  /** Somebody else has it until then (milliseconds since 1970). */
  | { readonly kind: "busy"; readonly until: number }
  /** The credentials are others by now. */
  | { readonly kind: "changed"; readonly connection: AuthorisedConnection | undefined };

/**
 * Connections and their credentials, for those who call providers. Safe across instances: whatever is noted counts only
 * as long as the credentials are still those of the connection that is handed over.
 * Every method throws `store_unavailable` or `secrets_unavailable` where these cannot be reached.
 */
export interface CredentialStore {
  /** The connection as it is now; `undefined` if there is none, or none with credentials. */
  find(key: ConnectionKey): Promise<AuthorisedConnection | undefined>;
  /** `undefined` if they were replaced and deleted meanwhile. */
  open(connection: AuthorisedConnection): Promise<Credentials | undefined>;
  /** Takes the right to use the refresh token, for a while, against all other instances. */
  claimRefresh(connection: AuthorisedConnection): Promise<RefreshClaim>;
  /**
   * Ends a claim, with new credentials where the refresh token changed. Answers the connection as it is then:
   * with other credentials than these, if its owner has set others meanwhile.
   */
  endRefresh(connection: AuthorisedConnection, fresh?: Credentials): Promise<AuthorisedConnection | undefined>;
  /** The provider refused the credentials. `reason` is a code. */
  noteRefused(connection: AuthorisedConnection, reason: string): Promise<void>;
  /** The provider took credentials that it had refused before. */
  noteAccepted(connection: AuthorisedConnection): Promise<void>;
}
