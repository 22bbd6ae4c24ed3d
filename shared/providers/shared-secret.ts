import type { DeliveryRequest } from "../core/delivery-request";
import { demandHeader, demandSecrets } from "./signature";

/**
 * Returns if a header holds one of the secrets. Such a header proves that the sender knows the secret, and nothing about
 * the body.
 * @throws {DeliveryRefused} `header_missing`, `header_malformed`, `secret_missing`, `secret_mismatch`
 */
export function demandSharedSecret(request: DeliveryRequest, header: string, secrets: readonly string[]): void {
  const given = demandHeader(request, header);
  // A header that came twice arrives joined by a comma: the hosts put no space after it, others do.
  demandSecrets(secrets, [given], given.includes(",") ? "header_malformed" : "secret_mismatch");
}
