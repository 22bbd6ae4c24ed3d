/** Tracing as the product sees it. Whoever has no tracer traces nothing, and pays nothing for it. */

/** What tells a span to others: W3C Trace Context, as headers and the CloudEvents extension "distributed tracing" write it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** Every attribute of a span: OpenTelemetry's semantic conventions, and ours. `docs/operations.md` says what they mean. */
export const spanAttributes = [
  "error.type",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "server.address",
  "server.port",
  "messaging.batch.message_count",
  "messaging.destination.name",
  "messaging.message.id",
  "messaging.operation.name",
  "messaging.operation.type",
  "messaging.system",
  "cloudevents.event_id",
  "cloudevents.event_type",
  "castiel.delivery.held",
  "castiel.delivery.reason",
  "castiel.delivery.verdict",
  "castiel.entity.type",
  "castiel.event.attempts",
  "castiel.event.outcome",
  "castiel.integration.id",
  "castiel.outbound.target",
  "castiel.registration.id",
  "castiel.replay.id",
  "castiel.sync_task.events",
  "castiel.sync_task.id",
  "castiel.sync_task.status",
  "castiel.sync_task.trigger",
  "castiel.tenant.id",
] as const;

/** Values hold codes, ids of ours and numbers, as in the log; never bodies, signatures, tokens or personal data. */
export type Attributes = Readonly<
  Partial<Record<(typeof spanAttributes)[number], string | number | boolean | undefined>>
>;

/** What a span is to the one at the other end: OpenTelemetry's span kinds. */
export type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";

/** Where a span comes from: it goes on with a trace, or begins one that may link to another. What is malformed is ignored. */
export type Origin = { readonly continues: Partial<TraceContext> } | { readonly follows: Partial<TraceContext> };

/** What a span begins with. */
export interface SpanOptions {
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  /** By default it is part of the active span, or begins a trace where there is none. */
  readonly origin?: Origin;
  /** Other spans that this one is about as well. */
  readonly links?: readonly TraceContext[];
}

/** A piece of work that is under way, or is over. */
export interface Span {
  readonly context: TraceContext;
  /** 32 hex digits; absent where the trace is not sampled, so that there is nothing to be found under it. */
  readonly traceId: string | undefined;
  set(attributes: Attributes): void;
  /** It failed, with this code. */
  fail(errorType: string): void;
  /** It is not worth being seen, and nothing of it is sent. */
  discard(): void;
}

/** Opens spans. None of its methods throws by itself. */
export interface Tracer {
  /** The span that this work is part of; absent outside of any, and once that is over. */
  active(): Span | undefined;
  /** Does the work within a span, which is active meanwhile and fails if the work throws. */
  run<T>(name: string, options: SpanOptions, work: (span: Span) => T | Promise<T>): Promise<T>;
}

/** The id of the trace, of a context that we wrote ourselves, if it is sampled. */
export function sampledTraceId(traceparent: string | undefined): string | undefined {
  return traceparent?.endsWith("-01") === true ? traceparent.slice(3, 35) : undefined;
}
