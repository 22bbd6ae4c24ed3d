import type { OutboundHttp } from "./outbound";
import type { Tracer } from "./tracing";

/** Whom the calls are for, and whether they may be told which trace they are part of: our own may, vendors are outsiders. */
export interface TracedTarget {
  readonly name: string;
  readonly isOurs?: true;
}

/**
 * Calls within a trace are spans of it; others, of timers and of the management API, are not traced. The address is not in
 * the span but for its host: paths and queries hold ids of records, and keys.
 */
export function tracedOutbound(outbound: OutboundHttp, tracer: Tracer | undefined, target: TracedTarget): OutboundHttp {
  if (tracer === undefined) return outbound;
  return {
    async send(request) {
      if (tracer.active() === undefined) return outbound.send(request);
      const attributes = {
        "http.request.method": request.method,
        "castiel.outbound.target": target.name,
        ...serverOf(request.url),
      };
      return tracer.run(request.method, { kind: "client", attributes }, async (span) => {
        const told = target.isOurs ? { ...request, headers: { ...request.headers, ...span.context } } : request;
        const reply = await outbound.send(told);
        span.set({ "http.response.status_code": reply.status });
        if (reply.status >= 400) span.fail(String(reply.status));
        return reply;
      });
    },
  };
}

function serverOf(address: string): { readonly "server.address"?: string; readonly "server.port"?: number } {
  const url = URL.parse(address);
  if (url === null) return {};
  const usual = url.protocol === "http:" ? 80 : 443;
  return { "server.address": url.hostname, "server.port": url.port === "" ? usual : Number(url.port) };
}
