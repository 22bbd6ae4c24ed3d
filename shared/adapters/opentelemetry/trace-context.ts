import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Link,
  ROOT_CONTEXT,
  type Span,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { TraceContext } from "../../core/tracing";

const propagator = new W3CTraceContextPropagator();

/** The context that headers or a message name; the root where they name none, or none that is well-formed. */
export function contextFrom(carrier: Partial<TraceContext>): Context {
  return propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}

/** A link to the span that headers or a message name, if they do. What vendors added to it (`tracestate`) is theirs. */
export function linksTo(carrier: Partial<TraceContext>): Link[] {
  const context = trace.getSpanContext(contextFrom(carrier));
  if (context === undefined) return [];
  const { traceId, spanId, traceFlags } = context;
  return [{ context: { traceId, spanId, traceFlags, isRemote: true } }];
}

/** What tells others of a span. */
export function traceContextOf(span: Span): TraceContext {
  const carrier = { traceparent: "" };
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  return carrier;
}
