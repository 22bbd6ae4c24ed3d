import type { DeliveryRequest } from "../core/delivery-request";
import type { VerifiedRequest } from "../core/provider";

/** Marks a request as verified: to be called by a `verify`, as its last line, and by nobody else. */
export function trust(request: DeliveryRequest): VerifiedRequest {
  // The brand exists for the compiler alone; this is the one place that makes it.
  return request as VerifiedRequest;
}
