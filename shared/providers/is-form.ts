import type { DeliveryRequest } from "../core/delivery-request";

const FORM_TYPE = "application/x-www-form-urlencoded";

/** True if the body is a form, by its content type. */
export function isForm({ headers }: DeliveryRequest): boolean {
  return (headers.get("content-type") ?? "").toLowerCase().startsWith(FORM_TYPE);
}
