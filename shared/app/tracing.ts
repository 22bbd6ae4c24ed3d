import type { OpenTracer } from "../adapters/opentelemetry/tracer";
import type { Config } from "../config";
import type { Log } from "../core/ports";
import { tracedLog } from "../core/traced-log";
import { type QueueLabel, tracedQueue } from "../core/traced-queue";
import type { BackEnds } from "./back-ends";

/** Tracing, which may be off: then all that goes through it stays what it was. */
export interface Tracing {
  readonly tracer?: OpenTracer;
  /** What traces call the event queue. */
  readonly queue: QueueLabel;
  /** The log, whose lines name the trace that they are part of. */
  readonly log: Log;
}

/** Opens the tracer that the settings ask for. Its SDK is loaded only where they do. */
export async function openTracing(config: Config, version: string, log: Log): Promise<Tracing> {
  const { tracing, backEnds, appSettings } = config;
  const system = backEnds.kind === "azure" ? "servicebus" : "sqlite";
  const queue = { system, name: appSettings["QUEUE_NAME"] ?? "events" };
  if (tracing === undefined) return { queue, log };
  const { openTracer } = await import("../adapters/opentelemetry/tracer.js");
  const tracer = await openTracer({ ...tracing, version, log });
  log("info", "traces.on", { host: new URL(tracing.url).host, sampler: tracing.sampler });
  return { tracer, queue, log: tracedLog(log, tracer) };
}

/** The back ends, with a queue whose messages carry the context of their trace. What waits to be sent goes when they close. */
export function withTracing(backEnds: BackEnds, { tracer, queue }: Tracing): BackEnds {
  if (tracer === undefined) return backEnds;
  return {
    ...backEnds,
    queue: tracedQueue(backEnds.queue, tracer, queue),
    close: async () => {
      await backEnds.close();
      await tracer.close();
    },
  };
}
