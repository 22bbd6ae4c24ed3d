import { type Span as ApiSpan, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { type Attributes, type Span, type TraceContext } from "../../core/tracing";
import { traceContextOf } from "./trace-context";

/** A span of the SDK. */
export class RecordedSpan implements Span {
  readonly inner: ApiSpan;
  readonly #isSampled: boolean;
  #context: TraceContext | undefined;
  #isOver = false;

  constructor(inner: ApiSpan) {
    this.inner = inner;
    this.#isSampled = (inner.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get context(): TraceContext {
    return (this.#context ??= traceContextOf(this.inner));
  }

  get traceId(): string | undefined {
    return this.#isSampled ? this.inner.spanContext().traceId : undefined;
  }

  set(attributes: Attributes): void {
    this.inner.setAttributes(attributes);
  }

  /** Without a description, because messages of errors may hold anything. */
  fail(errorType: string): void {
    this.inner.setStatus({ code: SpanStatusCode.ERROR });
    this.set({ "error.type": errorType });
  }

  /** What has not ended is not sent. */
  discard(): void {
    this.#isOver = true;
  }

  end(): void {
    if (!this.#isOver) this.inner.end();
    this.#isOver = true;
  }
}
