import { activityCounts } from "../core/activity";
import { healthStatuses } from "../core/health";

/** JSON schemas of the overview. */

const count = { type: "integer", minimum: 0 } as const;

function counted(names: readonly string[]) {
  return { type: "object", required: names, properties: Object.fromEntries(names.map((name) => [name, count])) };
}

/** What the queue holds, as far as it tells. */
export const queueSchema = {
  type: "object",
  description: "Of all tenants; what the queue does not tell is absent, on Azure the counts.",
  properties: {
    active: count,
    scheduled: count,
    deadLettered: count,
    oldestAt: {
      type: ["integer", "null"],
      description: "Milliseconds since 1970, since when the message waits that waits longest; null if none waits.",
    },
  },
} as const;

const troubledWebhook = {
  type: "object",
  required: ["registrationId", "integrationId", "status"],
  properties: {
    registrationId: { type: "string" },
    integrationId: { type: "string" },
    status: { enum: ["degraded", "failed"] },
    advice: { type: "string", description: "The first recommendation of its health." },
  },
} as const;

/** All webhooks of a tenant at a glance. */
export const overviewSchema = {
  title: "Overview",
  type: "object",
  required: ["webhooksCount", "deadLettersCount", "integrations"],
  properties: {
    webhooksCount: count,
    deadLettersCount: {
      ...count,
      description: "Events that were given up and wait to be replayed or discarded; 1,000 stands for as many or more.",
    },
    summary: {
      type: "object",
      description: "Of just now for up to 200 webhooks, else as the health timer last saw them.",
      required: ["computedAt", "windowMinutes", "webhooks", "counts", "troubled"],
      properties: {
        computedAt: { type: "string", format: "date-time" },
        windowMinutes: count,
        webhooks: {
          ...counted(["all", ...healthStatuses, "unseen"]),
          description: "By health; `unseen` ones could not be looked at.",
        },
        counts: { ...counted(activityCounts), description: "Within the window, of all webhooks together." },
        troubled: { type: "array", items: troubledWebhook, description: "At most ten, failed ones first." },
      },
    },
    queue: queueSchema,
    integrations: {
      type: "array",
      description: "What webhooks can be registered for.",
      items: {
        type: "object",
        required: ["integrationId", "displayName"],
        properties: { integrationId: { type: "string" }, displayName: { type: "string" } },
      },
    },
  },
} as const;
