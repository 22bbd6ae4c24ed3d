import type { AccountKind } from "./account-routing";
import type { Pause } from "./pause";
import type { Document } from "./ports";
import type { Provisioning } from "./provisioning";
import type { SecretRotation } from "./rotation";

/** A report, never a gate, but for `inactive` (404) and `pending_verification` (401). DESIGN 11. */
export type RegistrationStatus = "active" | "inactive" | "failed" | "pending_verification";

/** What a tenant is told: `pending_provider` stands for an active webhook that the provider does not have as it should be. */
export type ReportedStatus = RegistrationStatus | "pending_provider";

/** Where the secret came from; `none` where the provider proves itself otherwise. */
export type SecretOrigin = "generated" | "imported" | "captured" | "none";

/** How deliveries of a registration prove their origin; which fields count is the provider's affair. */
export interface VerificationSettings {
  readonly scheme?: string;
  readonly toleranceSeconds?: number;
  readonly audience?: string;
  readonly serviceAccountEmail?: string;
  /** Salesforce, `outbound-message`: the organisation, 18 characters. */
  readonly organizationId?: string;
  /** `whpk_` and the base64 of an Ed25519 public key (Standard Webhooks, `v1a`). */
  readonly publicKey?: string;

  // How a sender of one's own signs (the provider `hmac`).
  readonly algorithm?: "sha256" | "sha512" | "sha1";
  readonly signatureHeader?: string;
  readonly signaturePrefix?: string;
  readonly signatureEncoding?: "hex" | "base64";
  /** What is signed, joined: `{timestamp}`, `{id}`, `{body}` and literal text. */
  readonly signedParts?: readonly string[];
  readonly timestampHeader?: string;
  readonly timestampUnit?: "seconds" | "milliseconds";
  readonly idHeader?: string;
  readonly idPath?: string;

  // Where a JSON body tells what happened: field names joined by dots (`standard`, `hmac`).
  readonly typePath?: string;
  readonly actionPath?: string;
  readonly entityPath?: string;
  readonly timePath?: string;
  readonly createdWords?: readonly string[];
  readonly updatedWords?: readonly string[];
  readonly deletedWords?: readonly string[];
  readonly restoredWords?: readonly string[];
  /** Salesforce, `ens`: the secret is the key as text (default), or base64 of it. */
  readonly keyEncoding?: "text" | "base64";
  /** Google, `channel`: the channel and the resource that notifications must be of, where only one may be. */
  readonly channelId?: string;
  readonly resourceId?: string;
  /** Notion, `shared-secret`: the header that carries the secret; `x-castiel-secret` by default. */
  readonly secretHeader?: string;
  /** Slack: what these bots (`B…`, or their users `U…`) and apps (`A…`) did is acknowledged and left alone. */
  readonly ignoreBotIds?: readonly string[];
  readonly ignoreAppIds?: readonly string[];
}

/** What a candidate is good for other than being the secret: to verify the callback at the provider. */
export type CandidateUse = "callback_verification";

/** A secret offered in an open handshake: trusted only once the owner has compared and confirmed it. */
export interface CandidateSecret {
  readonly candidateId: string;
  readonly receivedAt: string;
  /** Its value was shown to the owner, which happens once. */
  readonly shown: boolean;
  /** HMAC-SHA256 of its value, keyed with the registration's id, in hex: tells a repeat without asking the secret store. */
  readonly digest: string;
  /** Absent for one that may become the webhook's secret. */
  readonly use?: CandidateUse;
}

/** How often and how patiently a failing event is tried again. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly backoffSeconds: number;
}

/** `castiel.md`: three retries, the first after a minute. */
export const defaultRetryPolicy: RetryPolicy = { maxRetries: 3, backoffSeconds: 60 };

/** One webhook: a URL, a secret kept elsewhere, and the events asked for. */
export interface Registration extends Document {
  readonly integrationId: string;
  readonly connectionId: string;
  readonly events: readonly string[];
  readonly status: RegistrationStatus;
  readonly isVerified: boolean;
  readonly verifiedAt?: string;
  readonly secretOrigin: SecretOrigin;
  /** The version of the secret in the secret store that counts; absent where there is none. */
  readonly secretVersion?: string;
  /** ISO 8601; since when it counts. Absent: since the registration. */
  readonly secretSince?: string;
  /** Set while the secret is being changed. */
  readonly rotation?: SecretRotation;
  /** The versions that counted before it, newest first: they verify nothing, and tell the owner who still signs with them. */
  readonly formerSecretVersions?: readonly string[];
  readonly verification: VerificationSettings & { readonly scheme: string };
  /** Secrets that the provider offered and the owner has not confirmed; the values are in the secret store. */
  readonly candidateSecrets?: readonly CandidateSecret[];
  /**
   * Set where this webhook is shared: its deliveries are those of many accounts, and go to the webhooks that routes lead to.
   * Set when it is registered, by an operator, and never changed. It has no connection and asks for no events itself.
   */
  readonly routing?: AccountKind;
  readonly retryPolicy: RetryPolicy;
  /** Paths into the data of its events that the delivery log must not hold; absent where it may hold everything. */
  readonly redact?: readonly string[];
  /** Deliveries are kept as they came in, body included; absent where they are not. Goes with no `redact`. */
  readonly keepBodies?: true;
  /** Set while deliveries are held. */
  readonly pause?: Pause;
  readonly metadata: Readonly<Record<string, string>>;
  /** Absent where its owner sets it up at the provider. */
  readonly provisioning?: Provisioning;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it was switched on again; absent where it never was off. */
  readonly activatedAt?: string;
}

/** The status as its tenant is told. Deliveries of a webhook that waits for its provider are taken: they may come early. */
export function reportedStatus({ status, provisioning }: Registration): ReportedStatus {
  return status === "active" && provisioning?.state === "pending" ? "pending_provider" : status;
}
