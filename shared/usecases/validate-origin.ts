import { WebhookError } from "../core/errors";
import { lookUp } from "./look-up";
import { noteAtDoor } from "./note-at-door";
import type { Services } from "./services";

/** A sender's question whether it may deliver to a webhook (CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", 4.1). */
export interface OriginQuestion {
  readonly registrationId: string;
  /** `WebHook-Request-Origin`: the DNS name that stands for the sender. */
  readonly origin: string | null;
  /** `WebHook-Request-Rate`: requests a minute. */
  readonly requestedRate: string | null;
  readonly remoteAddress: string;
}

/** That it may, and how often. */
export interface OriginConsent {
  readonly allowedOrigin: string;
  /** Requests a minute. */
  readonly allowedRate: number;
}

const dnsName = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*$/;
const positiveInteger = /^[1-9]\d{0,8}$/;

/**
 * Consents to deliveries of any origin to a webhook that is active and whose senders ask. It protects strangers from a
 * sender, not us from strangers: each delivery still has to prove its origin, and nothing is marked as verified here.
 * @throws {WebhookError} `registration_not_found` in every other case, `rate_limited`, `store_unavailable`, `secrets_unavailable`
 */
export async function validateOrigin(services: Services, question: OriginQuestion): Promise<OriginConsent> {
  const { registrationId, origin, requestedRate, remoteAddress } = question;
  const entry = await lookUp(services, question);
  const isActive = entry !== undefined && entry.registration.status !== "inactive";
  if (!isActive || entry.provider.asksConsent !== true || origin === null || !dnsName.test(origin)) {
    throw new WebhookError("registration_not_found");
  }
  const at = services.now();
  const attempt = services.limits.unverified.take(`${registrationId} ${remoteAddress}`, at);
  if (!attempt.allowed) throw new WebhookError("rate_limited", { retryAfterSeconds: attempt.retryAfterSeconds });
  noteAtDoor(services, entry.registration, {
    verdict: "handshake",
    at,
    reason: "origin_validation",
    isUnproved: true,
  });
  return { allowedOrigin: origin, allowedRate: rateFor(services, requestedRate) };
}

/** What was asked for, but no more than a webhook may receive. */
function rateFor({ limits }: Services, requestedRate: string | null): number {
  const most = Math.max(1, Math.floor(limits.perRegistration.perMinute));
  return requestedRate !== null && positiveInteger.test(requestedRate) ? Math.min(Number(requestedRate), most) : most;
}
