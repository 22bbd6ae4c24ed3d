import { createOutboundHttp } from "../adapters/outbound/outbound-http";
import type { OutboundHttp, OutboundRequest } from "../core/outbound";
import { isLoopback } from "../core/remote-address";

/** Calls our own front door and nothing else; a loopback address only where that is the address that we have. */
export function createCanaryHttp(
  rules: { readonly publicBaseUrl: string },
  timeoutMs: number,
): Pick<OutboundHttp, "send"> {
  let known: { readonly base: string; readonly http: OutboundHttp } | undefined;
  return {
    send(request: OutboundRequest) {
      const base = rules.publicBaseUrl;
      if (known?.base !== base) {
        const { host, hostname } = new URL(base);
        const allowLoopback = hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
        known = { base, http: createOutboundHttp({ policy: { hosts: [host], allowLoopback }, timeoutMs }) };
      }
      return known.http.send(request);
    },
  };
}
