import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { ParsedDelivery, Provider } from "../../shared/core/provider";
import { trust } from "../../shared/providers/trust";
import { contractNow } from "../contracts/provider";

/** What a provider makes of a body once it is verified. */
export function parseAs(provider: Provider, body: unknown, headers: Record<string, string> = {}): ParsedDelivery {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return provider.parse(trust(new DeliveryRequest(new Headers(headers), bytes)), contractNow);
}
