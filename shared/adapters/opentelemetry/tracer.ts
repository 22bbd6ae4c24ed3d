import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { type Context, ROOT_CONTEXT, SpanKind, type SpanOptions as ApiOptions, trace } from "@opentelemetry/api";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Log } from "../../core/ports";
import { errorTypeOf } from "../../core/error-type";
import type { Span, SpanOptions, Tracer } from "../../core/tracing";
import { RecordedSpan } from "./recorded-span";
import { type ExporterOptions, openExporter } from "./span-exporter";
import { contextFrom, linksTo } from "./trace-context";

/** What the spans are of, which of them are sent, and where. */
export interface TracerOptions extends ExporterOptions {
  readonly serviceName: string;
  readonly version: string;
  /** Further attributes of the service. */
  readonly resource: Readonly<Record<string, string>>;
  /** One of OpenTelemetry's names of samplers. */
  readonly sampler: string;
  readonly sampledShare: number;
  readonly log: Log;
}

/** A tracer that sends in the background. */
export interface OpenTracer extends Tracer {
  /** Sends what waits, as far as that is possible within three seconds. Never rejects. */
  close(): Promise<void>;
}

/** Instances that are not asked for a while may be stopped at any time, so spans do not wait for the usual five seconds. */
const BATCH_DELAY_MS = 1000;
const CLOSE_MS = 3000;
/** An id of a provider is no novel. */
const LONGEST_VALUE = 256;

/**
 * Opens a tracer on OpenTelemetry's SDK. Nothing is made global: what other libraries in this process trace is their affair.
 * At most 2,048 spans wait (the SDK's bound); more are dropped, and nobody waits for them.
 */
export async function openTracer(options: TracerOptions): Promise<OpenTracer> {
  const { serviceName, version, resource, log } = options;
  const exporter = await openExporter(options, log);
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ ...resource, "service.name": serviceName, "service.version": version }),
    ),
    sampler: samplerOf(options),
    spanLimits: { attributeValueLengthLimit: LONGEST_VALUE },
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: BATCH_DELAY_MS })],
  });
  const inner = provider.getTracer("castiel-webhooks", version);
  const storage = new AsyncLocalStorage<RecordedSpan>();
  const active = (): RecordedSpan | undefined => {
    const span = storage.getStore();
    return span?.isOver === true ? undefined : span;
  };
  return {
    active,
    run: (name, spanOptions, work) => {
      const { context, options: begin } = toStart(spanOptions, active());
      const span = new RecordedSpan(inner.startSpan(name, begin, context));
      return storage.run(span, () => within(span, work));
    },
    close: () => atMost(CLOSE_MS, provider.shutdown()),
  };
}

async function within<T>(span: RecordedSpan, work: (span: Span) => T | Promise<T>): Promise<T> {
  try {
    return await work(span);
  } catch (error) {
    span.fail(errorTypeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

const kinds: Readonly<Record<SpanOptions["kind"], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

function toStart(
  { kind, attributes, origin, links = [] }: SpanOptions,
  active: RecordedSpan | undefined,
): { readonly options: ApiOptions; readonly context: Context } {
  const options = { kind: kinds[kind], links: links.flatMap(linksTo), ...(attributes && { attributes }) };
  if (origin === undefined)
    return { options, context: active ? trace.setSpan(ROOT_CONTEXT, active.inner) : ROOT_CONTEXT };
  if ("continues" in origin) return { options, context: contextFrom(origin.continues) };
  return { options: { ...options, links: [...options.links, ...linksTo(origin.follows)] }, context: ROOT_CONTEXT };
}

function samplerOf({ sampler, sampledShare }: Pick<TracerOptions, "sampler" | "sampledShare">): Sampler {
  const root = rootSamplerOf(sampler, sampledShare);
  return sampler.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}

function rootSamplerOf(sampler: string, share: number): Sampler {
  if (sampler.endsWith("always_off")) return new AlwaysOffSampler();
  return sampler.endsWith("traceidratio") ? new TraceIdRatioBasedSampler(share) : new AlwaysOnSampler();
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const late = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), late]);
  waiting.abort();
}
