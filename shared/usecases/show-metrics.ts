import { exposition, type Gauge } from "../core/exposition";
import type { QueueDepth } from "../core/ports";
import { queueAgeMs } from "../core/queue-age";
import type { CanaryHealth } from "./canary-health";
import { type Figures, recentFigures, type WebhookCounts } from "./service-health";
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
    ...(figures ? figureGauges(figures, services.now()) : []),
  ];
  return exposition(services.metrics, gauges);
}

function figureGauges({ counts, queue = {}, canary }: Figures, now: number): readonly Gauge[] {
  return [webhookGauge(counts), ...queueGauges(queue, now), canaryGauge(canary)];
}

/** Without a value where the canary is off, or none was sent yet. */
function canaryGauge({ status }: Partial<CanaryHealth> = {}): Gauge {
  const isKnown = status === "ok" || status === "late";
  const help = "1 if an event of our own came through within the last five minutes.";
  return gauge("castiel_canary_up", help, [], isKnown ? [["", status === "ok" ? 1 : 0]] : []);
}

function webhookGauge({ all, failed, degraded, unseen }: WebhookCounts): Gauge {
  const healthy = Math.max(0, all - failed - degraded - unseen);
  return gauge(
    "castiel_webhooks",
    "Webhooks by their health at the last run of the timer.",
    ["health"],
    [
      ["healthy", healthy],
      ["degraded", degraded],
      ["failed", failed],
      ["unseen", unseen],
    ],
  );
}

/** Nothing of what the queue cannot tell. */
function queueGauges(depth: QueueDepth, now: number): readonly Gauge[] {
  const { active, scheduled, deadLettered } = depth;
  const states = { active, scheduled, dead: deadLettered };
  const counts = Object.entries(states).flatMap(([state, messages]) =>
    messages === undefined ? [] : [[state, messages] as const],
  );
  const help = "Age of the message that waits longest.";
  const ageMs = queueAgeMs(depth, now);
  return [
    ...(counts.length > 0 ? [gauge("castiel_queue_messages", "Messages in the queue.", ["state"], counts)] : []),
    ...(ageMs === undefined ? [] : [gauge("castiel_queue_oldest_seconds", help, [], [["", ageMs / 1000]])]),
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
