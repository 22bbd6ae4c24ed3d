import type { Document } from "./ports";

/** How a connection proves itself to its provider, and to which integration alone a way belongs. */
export const authKinds = {
  bearer: undefined,
  oauth2: undefined,
  github_app: "github",
  google_service_account: "google",
  salesforce_client_credentials: "salesforce",
  salesforce_jwt: "salesforce",
} as const satisfies Record<string, string | undefined>;

/** A key of {@link authKinds}. */
export type AuthKind = keyof typeof authKinds;

/** Where the credentials of a connection are: one JSON secret, and which of its versions counts. */
export interface CredentialsPointer {
  readonly kind: AuthKind;
  readonly secretName: string;
  readonly secretVersion: string;
}

/** One tenant's link to a provider account. Never holds a credential. Partition: the tenant key. */
export interface Connection extends Document {
  readonly integrationId: string;
  readonly connectionId: string;
  /** The tenant's own name for the account. */
  readonly accountLabel?: string;
  /** Where this account's API is, without a slash at the end; absent: the vendor's address. */
  readonly baseUrl?: string;
  /** Absent where no credentials are set: then nothing can be read. */
  readonly auth?: CredentialsPointer;
  readonly status: "active" | "needs_reauth";
  /** The code for which the provider refused the credentials. */
  readonly statusReason?: string;
  /** ISO 8601; when the status changed. */
  readonly statusChangedAt?: string;
  /** Milliseconds since 1970; when the provider last refused the credentials. */
  readonly refusedAt?: number;
  /** Milliseconds since 1970; until then somebody uses the refresh token, and nobody else may. */
  readonly refreshClaimedUntil?: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}
