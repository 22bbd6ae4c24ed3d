import { DeliveryRequest, parseJson } from "./delivery-request";
import { asArray, at, textAt } from "./json";

/** A request as it came in, to be looked at by its webhook's owner and to be verified once more. */
export interface KeptRequest {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As it was sent, question mark included; empty where there was none. */
  readonly query: string;
  readonly body: Buffer;
}

/** Whose request, and the name that its delivery record has for it. */
export interface KeptRequestKey {
  readonly tenantId: string;
  /** Of the webhook whose record it is. */
  readonly registrationId: string;
  readonly keptAs: string;
}

/** Larger bodies are not kept, in bytes. */
export const MAX_KEPT_BODY_BYTES = 1024 * 1024;

/** About what an object with a few strings takes. */
const OVERHEAD_BYTES = 1024;

/** About what it takes in memory and in the store, in bytes. */
export function sizeOfKept({ headers, query, body }: KeptRequest): number {
  const told = headers.reduce((sum, [name, value]) => sum + name.length + value.length, query.length);
  return OVERHEAD_BYTES + told + body.length;
}

/** What a delivery is once nobody waits for it: all its headers, because who knows what will be asked of it. */
export function toKeptRequest({ headers, url, body }: DeliveryRequest): KeptRequest {
  const start = url.indexOf("?");
  return { headers: [...headers.entries()], query: start === -1 ? "" : url.slice(start), body };
}

/** The delivery again, as if it were sent to this address. */
export function toDeliveryRequest({ headers, query, body }: KeptRequest, webhookUrl: string): DeliveryRequest {
  return new DeliveryRequest(
    new Headers(headers.map(([name, value]): [string, string] => [name, value])),
    body,
    () => webhookUrl + query,
  );
}

/** The bytes that {@link parseKeptRequest} reads. */
export function writeKeptRequest({ headers, query, body }: KeptRequest): Buffer {
  return Buffer.from(JSON.stringify({ headers, query, body: body.toString("base64") }));
}

/** Only what {@link writeKeptRequest} wrote is ever read. */
export function parseKeptRequest(bytes: Buffer): KeptRequest {
  const kept = parseJson(bytes.toString("utf8"));
  const headers = asArray(at(kept, "headers")).map((pair): [string, string] => {
    const [name, value] = asArray(pair);
    return [String(name), String(value)];
  });
  return { headers, query: textAt(kept, "query") ?? "", body: Buffer.from(textAt(kept, "body") ?? "", "base64") };
}
