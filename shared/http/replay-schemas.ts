import { replayStatuses } from "../core/replay";
import type { DeliveryQuery } from "../usecases/list-deliveries";
import { deliveryLineSchema, deliveryParameters, toDeliveryQuery } from "./delivery-schemas";

/** JSON schemas of replays of many deliveries. */

const time = { type: "string", format: "date-time" } as const;
const text = { type: "string" } as const;
const counts = { type: "object", additionalProperties: { type: "integer" } } as const;

/** Path parameter: a replay. */
export const replayIdParameter = { type: "string", pattern: "^replay-[0-9a-f]{11}-[0-9a-f]{32}$" } as const;

const { limit: _, cursor: __, ...filterProperties } = deliveryParameters;

/** Body of `POST /replays`: a search of the delivery log. */
export const planReplayBodySchema = {
  title: "PlanReplay",
  type: "object",
  additionalProperties: false,
  properties: filterProperties,
} as const;

/** Body of `POST /replays/{replayId}/run`. */
export const runReplayBodySchema = {
  title: "RunReplay",
  type: "object",
  additionalProperties: false,
  properties: {
    ratePerSecond: { type: "integer", minimum: 1, maximum: 1000, description: "Events a second; 50 by default." },
  },
} as const;

/** A replay: what was planned, and how far it has come. */
export const replaySchema = {
  title: "Replay",
  type: "object",
  required: ["replayId", "status", "filter", "since", "until", "matched", "replayable", "notReplayable", "queued"],
  properties: {
    replayId: text,
    status: { enum: replayStatuses },
    filter: { type: "object", description: "What the delivery log was searched by." },
    since: time,
    until: time,
    plannedAt: { ...time, description: "A plan that is not run disappears an hour later." },
    plannedBy: text,
    matched: { type: "integer", description: "Deliveries that the search found." },
    replayable: { type: "integer" },
    notReplayable: { ...counts, description: "How many cannot be replayed, by reason." },
    oldest: { ...time, description: "Receipt of the first that can be replayed." },
    newest: time,
    sample: { type: "array", description: "The ten oldest.", items: deliveryLineSchema },
    ratePerSecond: { type: "integer" },
    startedAt: time,
    startedBy: text,
    queued: { type: "integer", description: "Events that were put on the queue so far." },
    skipped: { ...counts, description: "Those that could not be replayed by then, by reason." },
    finishedAt: time,
    cancelledBy: text,
    reason: { ...text, description: "Why it failed." },
  },
} as const;

/** One page of replays. */
export const replayPageSchema = {
  title: "ReplayPage",
  type: "object",
  required: ["replays"],
  properties: { replays: { type: "array", items: replaySchema }, nextCursor: text },
} as const;

/** The search that a checked body of `POST /replays` says. */
export function toReplayPlan(
  body: Readonly<Record<string, unknown>>,
): Pick<DeliveryQuery, "fields" | "since" | "until"> {
  const { limit: _, cursor: __, ...plan } = toDeliveryQuery(body);
  return plan;
}
