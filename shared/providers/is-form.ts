import type { DeliveryRequest } from "../core/delivery-request";

const FORM_TYPE = "application/x-www-form-urlencoded";
const BRACE = "{".charCodeAt(0);

/**
 * True if the body is a form, by its content type. That header is not signed, so that it does not make a form of what
 * begins as a JSON object: whoever can put `&payload=` into a message could otherwise have it read as something else.
 */
export function isForm({ headers, body }: DeliveryRequest): boolean {
  return body[0] !== BRACE && (headers.get("content-type") ?? "").toLowerCase().startsWith(FORM_TYPE);
}
