import type { Log } from "./ports";
import type { Tracer } from "./tracing";

/** Lines about traced work name the trace, so that whoever reads one finds the other. */
export function tracedLog(log: Log, tracer: Pick<Tracer, "active">): Log {
  return (level, event, fields) => {
    const traceId = tracer.active()?.traceId;
    log(level, event, traceId === undefined ? fields : { ...fields, traceId });
  };
}
