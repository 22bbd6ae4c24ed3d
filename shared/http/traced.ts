import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { Tracer } from "../core/tracing";

/** What a span says of its endpoint. */
interface TracedEndpoint {
  readonly method: string;
  /** The route as a template. */
  readonly path: string;
}

/** Anybody can send what is answered so, as often as they like: it is counted, and no trace is made of it. */
const untraced: ReadonlySet<number> = new Set([404, 411, 413, 429]);
const FIRST_OF_OUR_ERRORS = 500;

/**
 * Answers a provider's request within a span that begins a trace. Who calls is an outsider, so a trace of theirs is only
 * linked to: neither its id nor its wish to be sampled counts here (W3C Trace Context, "Security Considerations").
 */
export function tracedReply(
  tracer: Tracer,
  { method, path }: TracedEndpoint,
  request: HttpRequest,
  answer: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const attributes = { "http.request.method": method, "http.route": path };
  const origin = { follows: callersContext(request) };
  return tracer.run(`${method} ${path}`, { kind: "server", attributes, origin }, async (span) => {
    const reply = await answer();
    const status = reply.status ?? 200;
    span.set({ "http.response.status_code": status });
    if (status >= FIRST_OF_OUR_ERRORS) span.fail(String(status));
    if (untraced.has(status)) span.discard();
    return reply;
  });
}

function callersContext({ headers }: HttpRequest): { readonly traceparent?: string } {
  const traceparent = headers.get("traceparent");
  return traceparent === null ? {} : { traceparent };
}
