import { asObject, at, textAt } from "../core/json";
import { queueAttributes } from "../core/traced-queue";
import type { Origin, TraceContext } from "../core/tracing";
import type { Services } from "./services";

/**
 * Handles a message within a span of the trace that the message is part of. A replay, and a further page of long work, is a
 * trace of its own that links to where it comes from: the trace of the delivery would never end. What is to be repeated of a
 * replay stays in its trace.
 */
export async function drainTraced(
  services: Services,
  body: unknown,
  handle: (body: unknown) => Promise<void>,
): Promise<void> {
  const { tracer, rules } = services;
  if (tracer === undefined) return handle(body);
  const isFollower = followsOn(body);
  const attributes = {
    ...queueAttributes(rules.queue, "process", "process"),
    "cloudevents.event_id": textAt(body, "id"),
    "cloudevents.event_type": textAt(body, "type"),
    "castiel.tenant.id": textAt(body, "data", "tenantId"),
    "castiel.integration.id": textAt(body, "data", "integrationId"),
    "castiel.replay.id": textAt(body, "replayid") ?? textAt(body, "data", "replayId"),
  };
  const origin: Origin = isFollower ? { follows: contextOf(body) } : { continues: contextOf(body) };
  await tracer.run(`process ${rules.queue.name}`, { kind: "consumer", attributes, origin }, ({ context }) =>
    handle(isFollower ? { ...asObject(body), ...context } : body),
  );
}

function followsOn(body: unknown): boolean {
  const isFirstOfReplay = textAt(body, "replayid") !== undefined && at(body, "copies") === undefined;
  const isFurtherPage = [at(body, "data", "page"), at(body, "data", "round")].some((number) => Number(number) > 0);
  return isFirstOfReplay || isFurtherPage;
}

function contextOf(body: unknown): Partial<TraceContext> {
  const [traceparent, tracestate] = [textAt(body, "traceparent"), textAt(body, "tracestate")];
  return { ...(traceparent !== undefined && { traceparent }), ...(tracestate !== undefined && { tracestate }) };
}
