import { exposition, type Gauge } from "../core/exposition";
import type { QueueDepth } from "../core/ports";
import { recentFigures, type WebhookCounts } from "./service-health";
import type { Services } from "./services";

/**
 * What this process counted, and how full the queue is and how the webhooks are as a whole, in the Prometheus text format. A
 * store that is out leaves the latter away, and nothing else.
 */
export async function showMetrics(services: Services): Promise<string> {
  const figures = await recentFigures(services).catch(() => undefined);
  const gauges = [
    gauge("castiel_build_info", "The version that runs.", ["version"], [[services.rules.version, 1]]),
    gauge("castiel_store_up", "1 if the stores answered.", [], [["", figures === undefined ? 0 : 1]]),
    ...(figures ? [webhookGauge(figures.counts), ...queueGauges(figures.queue, services.now())] : []),
  ];
  return exposition(services.metrics, gauges);
}

function webhookGauge({ all, failed, degraded }: WebhookCounts): Gauge {
  const healthy = Math.max(0, all - failed - degraded);
  return gauge(
    "castiel_webhooks",
    "Webhooks by their health at the last run of the timer.",
    ["health"],
    [
      ["healthy", healthy],
      ["degraded", degraded],
      ["failed", failed],
    ],
  );
}

/** Nothing where the queue cannot tell. */
function queueGauges(depth: QueueDepth | undefined, now: number): readonly Gauge[] {
  if (depth === undefined) return [];
  const { active, scheduled, deadLettered, oldestAt = now } = depth;
  return [
    gauge(
      "castiel_queue_messages",
      "Messages in the queue.",
      ["state"],
      [
        ["active", active],
        ["scheduled", scheduled],
        ["dead", deadLettered],
      ],
    ),
    gauge(
      "castiel_queue_oldest_seconds",
      "Age of the message that waits longest.",
      [],
      [["", (now - oldestAt) / 1000]],
    ),
  ];
}

function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  values: readonly (readonly [label: string, value: number])[],
): Gauge {
  return { name, help, labels, samples: values.map(([label, value]) => ({ labels: [label], value })) };
}
