import type { HookTarget } from "./provider-hook";

/** How a webhook that is set up at its provider by us stands there. */
export interface Provisioning {
  readonly target: HookTarget;
  /** `pending`: the provider does not have it as it should be, and it is tried again. */
  readonly state: "pending" | "ready";
  /** Why the last attempt failed, to make or to renew it; a code. */
  readonly reason?: string;
  /** The provider, its status and its own code, where it answered: `github: 422 custom`. */
  readonly detail?: string;
  /** ISO 8601; since when attempts fail. */
  readonly failingSince?: string;
  /** ISO 8601; when it is tried again. */
  readonly retryAt?: string;
  /** ISO 8601; when the provider stops to deliver unless it is renewed before. */
  readonly expiresAt?: string;
}

/** What to do about a failed attempt, for the owner. */
const steps: Readonly<Record<string, string>> = {
  no_credentials: "PUT the connection with credentials.",
  needs_reauth: "PUT the connection with new credentials, because the provider refuses the present ones.",
  provider_forbidden: "give the connection's credentials the right to manage hooks there.",
  target_not_found: "see whether the target exists, and whether the connection's credentials may manage hooks there.",
  hook_taken: "choose another name or resource, because what stands there already is not ours and delivers elsewhere.",
  provider_unfinished: "nothing, unless it lasts: the provider is still at it.",
  provider_rejected: "compare target and events with what the provider takes.",
  provider_host_not_allowed: "let an operator allow the host of the connection's baseUrl.",
  rate_limited: "nothing, unless it lasts: a limit of calls is reached.",
  provider_unreachable: "nothing, unless it lasts: the provider does not answer.",
};
const UNKNOWN_STEP = "look at what the provider answered.";

/** What to do about attempts that fail for this reason; goes on in a sentence. */
export function provisioningStep(reason: string): string {
  return steps[reason] ?? UNKNOWN_STEP;
}

/** What is left to do for the owner of a webhook that we set up. */
export function provisionedSteps(provisioning: Provisioning, providerName: string): readonly string[] {
  const advice = provisioningAdvice(provisioning, providerName);
  if (advice.length > 0) return advice;
  const { expiresAt } = provisioning;
  const renewal = expiresAt === undefined ? "" : ` It lasts until ${expiresAt} and is renewed before.`;
  return [`Nothing: we set it up at ${providerName}, and remove it there with this webhook.${renewal}`];
}

/** What the owner has to know, a sentence each; nothing where all is well. */
export function provisioningAdvice(provisioning: Provisioning, providerName: string): readonly string[] {
  const { state, reason, detail, failingSince = "", retryAt = "", expiresAt } = provisioning;
  if (reason === undefined) {
    return state === "ready"
      ? []
      : [`${providerName} is being asked to deliver to this webhook; look again in a minute.`];
  }
  const why = detail === undefined ? reason : `${reason}; ${detail}`;
  const next = `Next step: ${provisioningStep(reason)} It is tried again at ${retryAt}, or at once by POST /webhooks/{registrationId}/provision.`;
  if (state === "pending") {
    return [`The webhook is not set up at ${providerName} as it should be since ${failingSince} (${why}). ${next}`];
  }
  const end = expiresAt === undefined ? "" : ` ${providerName} stops to deliver at ${expiresAt}.`;
  return [`Renewing the webhook at ${providerName} fails since ${failingSince} (${why}).${end} ${next}`];
}
