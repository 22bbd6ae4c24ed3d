import { type ToldRequest, withoutKept } from "../core/delivery";
import type { DeliveryRequest } from "../core/delivery-request";
import { MAX_KEPT_BODY_BYTES, sizeOfKept, toKeptRequest } from "../core/kept-request";
import type { Registration } from "../core/registration";
import { PAYLOAD_TTL_SECONDS } from "./send-events";
import type { Services } from "./services";

/** The name by which a record finds the request that is to be kept; nothing where none is. */
export function nameToKeep(
  { newId }: Services,
  { keepBodies, redact }: Registration,
  { body }: DeliveryRequest,
): Pick<ToldRequest, "keptAs"> {
  const isWanted = keepBodies === true && redact === undefined;
  return isWanted && body.length <= MAX_KEPT_BODY_BYTES ? { keptAs: `request-${newId()}` } : {};
}

/**
 * Keeps a request, in the background, as long as its record and the payloads: under the name that was told of it, if any
 * was. Answers what there is to tell: where there is no room for it, no name.
 */
export function keepRequest(
  { requestKeeper, rules }: Services,
  { id: registrationId, tenantId }: Registration,
  request: DeliveryRequest,
  told: ToldRequest,
): ToldRequest {
  const { keptAs } = told;
  if (keptAs === undefined) return told;
  const isTaken = requestKeeper.keep({
    key: { tenantId, registrationId, keptAs },
    request: toKeptRequest(request),
    ttlSeconds: Math.min(rules.retentionSeconds, PAYLOAD_TTL_SECONDS),
  });
  return isTaken ? told : withoutKept(told);
}

/** {@link keepRequest} of a delivery that ends at the door: in a flood some have no record, and nobody would find it. */
export function keepAtDoor(
  services: Services,
  registration: Registration,
  request: DeliveryRequest,
  told: ToldRequest,
): ToldRequest {
  if (told.keptAs === undefined) return told;
  if (!services.gatherer.hasRoomFor(registration.id)) return withoutKept(told);
  return keepRequest(services, registration, request, told);
}

/**
 * Keeps a request that nobody vouches for, as far as its webhook's allowance goes: whoever knows the URL may send them, and
 * they lie there for weeks. `at` in milliseconds.
 */
export function keepUnverified(
  services: Services,
  registration: Registration,
  request: DeliveryRequest,
  { told, at }: { readonly told: ToldRequest; readonly at: number },
): ToldRequest {
  const name = nameToKeep(services, registration, request);
  if (name.keptAs === undefined || !services.gatherer.hasRoomFor(registration.id)) return told;
  const kilobytes = sizeOfKept(toKeptRequest(request)) / 1024;
  if (!services.limits.keptRefusals.take(registration.id, at, kilobytes).allowed) return told;
  return keepRequest(services, registration, request, { ...told, ...name });
}
