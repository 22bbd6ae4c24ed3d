import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { ParsedDelivery, Provider, VerifiedRequest } from "../../shared/core/provider";
import { trust } from "../../shared/providers/trust";
import { contractNow } from "../contracts/provider";

/** A request as it is once it is verified. */
export function trusted(body: unknown, headers: Record<string, string> = {}): VerifiedRequest {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return trust(new DeliveryRequest(new Headers(headers), bytes));
}

/** What a provider makes of a body once it is verified. */
export function parseAs(provider: Provider, body: unknown, headers: Record<string, string> = {}): ParsedDelivery {
  return provider.parse(trusted(body, headers), contractNow);
}
