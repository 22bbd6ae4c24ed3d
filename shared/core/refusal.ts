import { WebhookError } from "./errors";

/**
 * Why a delivery was not verified, for its owner alone: the caller reads only `delivery_refused`.
 * Each reason has the explanation that the delivery record and the health recommendations show.
 */
export const refusalReasons = {
  header_missing: "The signature header is missing: is the webhook set up with its secret?",
  header_malformed: "The signature header does not have the form that the provider documents.",
  timestamp_missing: "The timestamp header is missing.",
  timestamp_malformed: "The timestamp header is not a number of seconds.",
  timestamp_stale: "The timestamp is too old: a clock is wrong, or an old delivery is being replayed.",
  timestamp_future: "The timestamp is in the future: a clock is wrong.",
  signature_mismatch: "The signature does not match: another secret was used, or the body was altered on its way.",
  content_unsigned:
    "What the signature covers is not all that counts: is the delivery sent in a form that is signed whole?",
  body_reserialised:
    "The secret is right, but the body is not as it was signed: something on the way reads it and writes it anew.",
  encoding_wrong: "The digest is right, but it is not written as it should be.",
  previous_secret: "The delivery is signed with a secret that this webhook had before, and which was replaced.",
  settings_mismatch: "The secret is right, but the sender signs otherwise than this webhook's settings say.",
  url_mismatch: "The signature is right, but for another address than the one by which this service knows itself.",
  secret_altered: "The signature was made with an altered form of the secret.",
  header_outdated: "Only the signature by SHA-1 is there, which no longer proves anything.",
  other_provider: "The request is signed as another provider signs.",
  other_scheme: "The request is signed by another scheme of this provider.",
  secret_missing: "No secret is stored for this webhook: set `webhookSecret` or confirm a captured one.",
  scheme_unknown: "The registration names a verification scheme that this provider does not have.",
  pending_verification: "The registration still waits for a setting that verification needs.",
  body_malformed: "The body is not the document by which this scheme tells the sender.",
  organization_mismatch: "The message comes from another organisation than verification.organizationId.",
  secret_mismatch: "The secret that came with the delivery is not this webhook's.",
  channel_mismatch: "The notification is of another channel or resource than this webhook's.",
  token_missing: "There is no bearer token: does the push subscription have authentication switched on?",
  token_malformed: "The bearer token is not a signed JWT.",
  token_invalid: "The bearer token's signature, algorithm or issuer is wrong.",
  client_state_missing:
    "The body has no notifications with a clientState: was the subscription created with this webhook's secret?",
  token_expired: "The bearer token has expired.",
  audience_mismatch: "The token was made for another audience than this registration's.",
  service_account_mismatch: "The token was made by another service account than this registration's.",
} as const;

/** A key of {@link refusalReasons}. */
export type RefusalReason = keyof typeof refusalReasons;

const compareClocks = "compare the clocks of sender and receiver.";

/** What to do about a refusal, where it is something else than to compare the secrets. */
export const refusalSteps: Readonly<Partial<Record<RefusalReason, string>>> = {
  timestamp_stale: compareClocks,
  timestamp_future: compareClocks,
  body_reserialised: "let proxies and gateways pass the body on byte for byte.",
  encoding_wrong: "let the sender write it as the provider does.",
  previous_secret: "let the sender use the present secret, or bring the one that it uses as webhookSecret.",
  secret_altered: "let the sender use the secret's text as it is, all of it and nothing else.",
  settings_mismatch: "change the settings as the detail says.",
  url_mismatch: "set PUBLIC_BASE_URL to the address that the sender calls.",
  body_malformed: "look what is sent to this URL, and by whom.",
  organization_mismatch: "compare verification.organizationId with the 18 characters under Company Information.",
  channel_mismatch: "stop the other channel, or change verification.channelId and verification.resourceId.",
  other_provider: "look which URL was entered there.",
  other_scheme: "set verification.scheme to the one that the sender uses.",
};

/** Why a delivery was refused, as exactly as can be told afterwards; for its owner alone. */
export interface Explanation {
  readonly reason: RefusalReason;
  /** A sentence or two more. Never a secret, nor a signature or digest that one was used for. */
  readonly detail?: string | undefined;
}

/** Thrown by `verify`: the caller sees the code `delivery_refused` alone, the owner sees the reason. */
export class DeliveryRefused extends WebhookError {
  readonly reason: RefusalReason;

  /** `headers` go along with the answer to the caller. */
  constructor(reason: RefusalReason, headers: Readonly<Record<string, string>> = {}) {
    super("delivery_refused", { detail: reason, headers });
    this.name = "DeliveryRefused";
    this.reason = reason;
  }
}
