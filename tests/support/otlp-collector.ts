import { objectsIn } from "../../shared/core/json";
import { StandIn } from "./vendors/stand-in";

/** A span as a collector has it, its attributes by name. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for the first span of a trace. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** `SPAN_KIND_…` of the protocol: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `traceId-spanId` of each. */
  readonly links: readonly string[];
  readonly failed: boolean;
}

/** A collector on 127.0.0.1 that takes traces by OTLP/HTTP (opentelemetry.io, "OTLP Specification", "JSON Protobuf Encoding"). */
export class OtlpCollector {
  readonly server: StandIn;

  private constructor(server: StandIn) {
    this.server = server;
  }

  static async start(): Promise<OtlpCollector> {
    return new OtlpCollector(
      await StandIn.start(({ method, path }) =>
        method === "POST" && path === "/v1/traces" ? { json: { partialSuccess: {} } } : { status: 404 },
      ),
    );
  }

  /** Settings of a gateway that sends its traces here. */
  get settings(): Readonly<Record<string, string>> {
    return { OTEL_EXPORTER_OTLP_ENDPOINT: this.server.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
  }

  /** All that came so far, of traces in JSON. */
  get spans(): readonly CollectedSpan[] {
    return this.#resources
      .flatMap(({ scopeSpans }) => objectsIn(scopeSpans))
      .flatMap(({ spans }) => objectsIn(spans))
      .map(toSpan);
  }

  /** Attributes of the services that sent. */
  get services(): readonly Readonly<Record<string, unknown>>[] {
    return this.#resources.map(({ resource }) => attributesOf((resource as { attributes: unknown }).attributes));
  }

  /** Spans of this name. */
  named(name: string): readonly CollectedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  get #resources(): readonly Readonly<Record<string, unknown>>[] {
    return this.server.requests
      .filter(({ headers }) => headers["content-type"] === "application/json")
      .flatMap(({ body }) => objectsIn((JSON.parse(body) as { resourceSpans: unknown }).resourceSpans));
  }
}

function toSpan(raw: Readonly<Record<string, unknown>>): CollectedSpan {
  const { traceId, spanId, parentSpanId, name, kind, attributes, links, status } = raw;
  return {
    traceId: String(traceId),
    spanId: String(spanId),
    ...(typeof parentSpanId === "string" && parentSpanId !== "" ? { parentSpanId } : {}),
    name: String(name),
    kind: Number(kind),
    attributes: attributesOf(attributes),
    links: objectsIn(links).map((link) => `${String(link["traceId"])}-${String(link["spanId"])}`),
    failed: (status as { code?: number } | undefined)?.code === 2,
  };
}

/** `{"key":…,"value":{"stringValue":…}}` and so on. */
function attributesOf(raw: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    objectsIn(raw).map(({ key, value }) => [String(key), Object.values(value as Record<string, unknown>)[0]]),
  );
}

/** The trace as a tree: each span's name with those within it, in the order of their names. */
export interface TraceTree {
  readonly [name: string]: TraceTree;
}

/** The spans of a trace as a tree of names. Fails if they are not connected. */
export function treeOf(spans: readonly CollectedSpan[]): TraceTree {
  const within = (parent: string | undefined): TraceTree =>
    Object.fromEntries(
      spans
        .filter(({ parentSpanId }) => parentSpanId === parent)
        .map(({ name, spanId }): [string, TraceTree] => [name, within(spanId)])
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  const known = new Set(spans.map(({ spanId }) => spanId));
  const lost = spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId));
  expect(lost).toEqual([]);
  return within(undefined);
}
