import type { ToldRequest } from "../core/delivery";
import type { DeliveryRequest } from "../core/delivery-request";
import { MAX_KEPT_BODY_BYTES, toKeptRequest } from "../core/kept-request";
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

/** Keeps a request, in the background, as long as its record and the payloads: under the name that was told of it, if any was. */
export function keepRequest(
  { gatherer, rules }: Services,
  { id: registrationId, tenantId }: Registration,
  request: DeliveryRequest,
  { keptAs }: ToldRequest,
): void {
  if (keptAs === undefined) return;
  gatherer.keep({
    key: { tenantId, registrationId, keptAs },
    request: toKeptRequest(request),
    ttlSeconds: Math.min(rules.retentionSeconds, PAYLOAD_TTL_SECONDS),
  });
}
