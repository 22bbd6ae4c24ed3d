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
  secret_missing: "No secret is stored for this webhook: set `webhookSecret` or confirm a captured one.",
  scheme_unknown: "The registration names a verification scheme that this provider does not have.",
  pending_verification: "The registration still waits for a setting that verification needs.",
  token_missing: "There is no bearer token: does the push subscription have authentication switched on?",
  token_malformed: "The bearer token is not a signed JWT.",
  token_invalid: "The bearer token's signature, algorithm or issuer is wrong.",
  secret_mismatch: "The secret that came with the delivery is not this webhook's.",
  client_state_missing:
    "The body has no notifications with a clientState: was the subscription created with this webhook's secret?",
  token_expired: "The bearer token has expired.",
  audience_mismatch: "The token was made for another audience than this registration's.",
  service_account_mismatch: "The token was made by another service account than this registration's.",
} as const;

/** A key of {@link refusalReasons}. */
export type RefusalReason = keyof typeof refusalReasons;

/** Thrown by `verify`: the caller sees the code `delivery_refused` alone, the owner sees the reason. */
export class DeliveryRefused extends WebhookError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super("delivery_refused", { detail: reason });
    this.name = "DeliveryRefused";
    this.reason = reason;
  }
}
