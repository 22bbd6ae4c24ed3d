import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "../../core/ports";
import { reasonOf } from "../../core/sdk-error";

/** Where spans go. */
export interface ExporterOptions {
  readonly url: string;
  readonly protocol: "http/protobuf" | "http/json";
  readonly headers: Readonly<Record<string, string>>;
}

/** The exporter of a protocol. Each is loaded only where it is used. */
export async function openExporter({ protocol, url, headers }: ExporterOptions, log: Log): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  return new WatchedExporter(new OTLPTraceExporter({ url, headers: { ...headers } }), log);
}

/** Tells once that spans cannot be sent, and once that they can again. */
class WatchedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #log: Log;
  #isOut = false;

  constructor(inner: SpanExporter, log: Log) {
    this.#inner = inner;
    this.#log = log;
  }

  export(...[spans, done]: Parameters<SpanExporter["export"]>): void {
    this.#inner.export(spans, (result) => {
      this.#note(result);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  #note({ code, error }: ExportResult): void {
    const isOut = code === ExportResultCode.FAILED;
    if (isOut === this.#isOut) return;
    this.#isOut = isOut;
    if (isOut) this.#log("warn", "traces.lost", { reason: reasonOf(error) });
    else this.#log("info", "traces.back");
  }
}
