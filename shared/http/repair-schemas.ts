import { repairCauses, repairStatuses } from "../core/repair";
import { label } from "./schemas";
import { syncTaskFilterParameters } from "./sync-task-schemas";

/** JSON schemas of the repair of gaps. */

const time = { type: "string", format: "date-time" } as const;
const text = { type: "string" } as const;

const counts = {
  sent: { type: "integer", description: "What the provider sent or changed within the window, as far as it tells." },
  present: { type: "integer", description: "Those that were here already." },
  repaired: { type: "integer", description: "Those that were brought up to date, or asked for again." },
  failed: { type: "integer" },
} as const;

/** A repair and its report. */
export const repairSchema = {
  title: "Repair",
  type: "object",
  required: ["repairId", "registrationId", "cause", "since", "until", "status", "sent", "present", "repaired", "parts"],
  properties: {
    repairId: text,
    registrationId: text,
    cause: { enum: repairCauses },
    since: time,
    until: time,
    status: { enum: repairStatuses },
    ...counts,
    parts: {
      type: "array",
      items: {
        type: "object",
        properties: {
          of: { ...text, description: "`deliveries`, or the entity type whose records are read." },
          taskId: text,
          status: syncTaskFilterParameters.status,
          ...counts,
          rewoundTo: { ...time, description: "The provider sends everything again from then on." },
          reason: text,
        },
      },
    },
    reason: text,
    requestedAt: time,
    finishedAt: time,
  },
} as const;

/** One page of repairs. */
export const repairPageSchema = {
  title: "RepairPage",
  type: "object",
  required: ["repairs"],
  properties: { repairs: { type: "array", items: repairSchema }, nextCursor: text },
} as const;

/** Body of `POST /webhooks/{registrationId}/repair`. */
export const startRepairBodySchema = {
  title: "StartRepair",
  type: "object",
  additionalProperties: false,
  properties: {
    since: { ...time, description: "By default a day before `until`." },
    until: { ...time, description: "By default now." },
    scope: {
      ...label,
      description:
        "Where the webhook is set up: a repository, an organisation, a subscription. By default where its events came from.",
    },
  },
} as const;
