import type { ToldRequest } from "../core/delivery";
import { WebhookError } from "../core/errors";
import type { ParsedDelivery, VerifiedRequest } from "../core/provider";
import { rateLimitHeaders } from "../core/rate-limit";
import type { Registration } from "../core/registration";
import type { RateVerdict } from "../core/token-bucket";
import { isSoundEvent } from "../core/webhook-event";
import { keepAtDoor, nameToKeep } from "./keep-request";
import { noteAtDoor } from "./note-at-door";
import { type Arrival, type DeliveryReceipt, queueDelivery } from "./queue-delivery";
import type { CachedRegistration } from "./registration-cache";
import type { Services } from "./services";
import { toldRequest } from "./told-request";

/** A delivery whose proof was checked. */
export interface VerifiedDelivery {
  /** The webhook that was called. */
  readonly entry: CachedRegistration;
  readonly request: VerifiedRequest;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** `performance.now()` when the request came in. */
  readonly startedAt: number;
}

/**
 * Takes room for a delivery in the limits of the webhook that it is for. Only verified ones do, so that forged requests
 * never starve genuine ones.
 * @throws {WebhookError} `rate_limited`
 */
export function demandRoom(services: Services, receiver: CachedRegistration, delivery: VerifiedDelivery): void {
  const { registration } = receiver;
  const { request, receivedAt } = delivery;
  const verdict = takeToken(services, registration, receivedAt);
  if (verdict.allowed) return;
  const told = keepAtDoor(services, registration, request, toldOf(services, receiver, delivery));
  noteAtDoor(services, registration, { verdict: "rate_limited", at: receivedAt, request: told });
  throw rateLimited(verdict);
}

/** What came to a shared webhook is signed with its secret and may hold what is its owner's: none but that keeps it. */
function toldOf(services: Services, receiver: CachedRegistration, { entry, request }: VerifiedDelivery): ToldRequest {
  const told = toldRequest(request, entry.provider);
  return receiver === entry ? { ...told, ...nameToKeep(services, entry.registration, request) } : told;
}

function takeToken({ limits }: Services, { id, tenantId }: Registration, receivedAt: number): RateVerdict {
  const byRegistration = limits.perRegistration.take(id, receivedAt);
  if (!byRegistration.allowed) return byRegistration;
  const byTenant = limits.perTenant.take(tenantId, receivedAt);
  return byTenant.allowed ? byRegistration : byTenant;
}

/** The error of a bucket that is empty, with its figures. */
export function rateLimited(verdict: RateVerdict): WebhookError {
  return new WebhookError("rate_limited", {
    retryAfterSeconds: verdict.retryAfterSeconds,
    headers: rateLimitHeaders(verdict),
  });
}

/**
 * Queues what the receiver asked for of a delivery, which came to the receiver itself or to a shared webhook.
 * @throws {WebhookError} `queue_unavailable`, `store_unavailable`
 */
export async function deliverTo(
  services: Services,
  receiver: CachedRegistration,
  delivery: VerifiedDelivery,
): Promise<DeliveryReceipt> {
  const arrival = arrivalAt(services, receiver, delivery);
  const { attempt } = arrival.parsed;
  if (attempt) services.log("info", "delivery.repeated", { registrationId: receiver.registration.id, ...attempt });
  return queueDelivery(services, arrival);
}

/** The delivery as this webhook reads it. */
export function arrivalAt(services: Services, receiver: CachedRegistration, delivery: VerifiedDelivery): Arrival {
  const { entry, request, receivedAt, startedAt } = delivery;
  const { provider, registration } = entry;
  // What was set for all accounts of an app counts where the receiver sets nothing else.
  const settings =
    receiver === entry
      ? registration.verification
      : {
          ...registration.verification,
          ...receiver.registration.verification,
          scheme: registration.verification.scheme,
        };
  const parsed = soundOnly(provider.parse(request, receivedAt, settings));
  const told = toldOf(services, receiver, delivery);
  const signed = entry.signer === undefined ? told : { ...told, signedWith: entry.signer };
  return { entry: receiver, parsed, receivedAt, startedAt, source: request, request: signed };
}

/** Without the events that no record could hold. Where none is left, the delivery is of no shape that anybody knows. */
function soundOnly(parsed: ParsedDelivery): ParsedDelivery {
  if (parsed.events.every(isSoundEvent)) return parsed;
  const events = parsed.events.filter(isSoundEvent);
  return { ...parsed, events, ...(events.length === 0 && { ignored: parsed.ignored ?? "unknown_shape" }) };
}
