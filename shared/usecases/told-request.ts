import type { ToldRequest } from "../core/delivery";
import type { DeliveryRequest } from "../core/delivery-request";
import type { Provider } from "../core/provider";

const SHOWN = ["content-type", "content-encoding", "user-agent"];
const MASK = "***";
const MAX_VALUE_LENGTH = 200;

/** What the delivery log says of a request: headers by name, so that none is shown that might hold a secret. */
export function toldRequest(request: DeliveryRequest, { toldHeaders }: Provider): ToldRequest {
  const headers: Record<string, string> = {};
  for (const names of [SHOWN, toldHeaders?.shown ?? []]) {
    for (const name of names) {
      const value = request.headers.get(name);
      if (value !== null) headers[name] = value.slice(0, MAX_VALUE_LENGTH);
    }
  }
  for (const name of toldHeaders?.masked ?? []) {
    if (request.headers.get(name) !== null) headers[name] = MASK;
  }
  return { headers, bodyBytes: request.body.length };
}
