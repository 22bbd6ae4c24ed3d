import type { DeliveryRequest } from "../core/delivery-request";
import { WebhookError } from "../core/errors";
import type { Proof, VerifiedRequest } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { CachedRegistration } from "./registration-cache";
import type { Services } from "./services";

/** A delivery before anything about it is believed, and the registration that it was sent to. */
export interface UnverifiedDelivery {
  readonly entry: CachedRegistration;
  readonly request: DeliveryRequest;
  /** Milliseconds since 1970. Timestamps and tokens are judged by it. */
  readonly receivedAt: number;
}

/** A delivery that is proved, by the secret that the entry is of. */
export interface Proved {
  readonly entry: CachedRegistration;
  readonly request: VerifiedRequest;
}

/** A refusal, and the registration that it was held against. */
export interface Refused {
  readonly entry: CachedRegistration;
  readonly refused: DeliveryRefused;
}

/**
 * Holds a delivery against the secret of its webhook and, where that does not prove it, against what else may: the secret
 * that is being replaced, and what was changed elsewhere just now. Answers without a promise where it can.
 * @throws {WebhookError} `registration_not_found` where it was switched off meanwhile; `keys_unavailable`
 */
export function verifyDelivery(
  services: Services,
  delivery: UnverifiedDelivery,
): Proved | Refused | Promise<Proved | Refused> {
  const { entry } = delivery;
  const otherwise = (error: unknown): Promise<Proved | Refused> => {
    if (!(error instanceof DeliveryRefused)) throw error;
    return verifyOtherwise(services, delivery, error);
  };
  try {
    const verifying = verify(services, delivery, entry);
    if (!(verifying instanceof Promise)) return { entry, request: verifying };
    return verifying.then((request) => ({ entry, request }), otherwise);
  } catch (error) {
    return otherwise(error);
  }
}

async function verifyOtherwise(
  services: Services,
  delivery: UnverifiedDelivery,
  refused: DeliveryRefused,
): Promise<Proved | Refused> {
  const { entry } = delivery;
  const byPrevious = entry.previous && (await tryVerify(services, delivery, entry.previous));
  if (byPrevious && "request" in byPrevious) return byPrevious;
  const reread = await services.cache.reread(entry);
  if (!reread || reread === entry) return { entry, refused };
  const outcome = await tryVerify(services, delivery, reread);
  if ("request" in outcome || reread.previous === undefined) return outcome;
  const again = await tryVerify(services, delivery, reread.previous);
  return "request" in again ? again : outcome;
}

async function tryVerify(
  services: Services,
  delivery: UnverifiedDelivery,
  entry: CachedRegistration,
): Promise<Proved | Refused> {
  try {
    return { entry, request: await verify(services, delivery, entry) };
  } catch (error) {
    if (error instanceof DeliveryRefused) return { entry, refused: error };
    throw error;
  }
}

function verify(
  services: Services,
  { request, receivedAt }: UnverifiedDelivery,
  entry: CachedRegistration,
): VerifiedRequest | Promise<VerifiedRequest> {
  const { registration, provider } = entry;
  if (registration.status === "pending_verification") throw new DeliveryRefused("pending_verification");
  if (registration.status === "inactive") throw new WebhookError("registration_not_found");
  return provider.verify(request, proofOf(services, entry, receivedAt));
}

/** What `provider.verify` goes by; `now` in milliseconds since 1970. */
export function proofOf({ rules }: Services, { registration, secrets }: CachedRegistration, now: number): Proof {
  const settings = registration.verification;
  return {
    scheme: settings.scheme,
    secrets,
    settings,
    toleranceSeconds: settings.toleranceSeconds ?? rules.toleranceSeconds,
    now,
  };
}
