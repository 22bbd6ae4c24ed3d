import { createAlertSender } from "../adapters/alerts/alert-sender";
import { createOutboundHttp } from "../adapters/outbound/outbound-http";
import type { Config } from "../config";
import { countedOutbound } from "../core/counted-outbound";
import type { Metrics } from "../core/metrics";
import type { Clock } from "../core/ports";
import { AlertChannels } from "../repositories/alert-channels";
import { Alerts } from "../repositories/alerts";
import type { Services } from "../usecases/services";
import type { BackEnds } from "./back-ends";

/** What it is made of. */
export interface AlertingParts {
  readonly config: Pick<Config, "alerts" | "outbound">;
  readonly backEnds: Pick<BackEnds, "documents">;
  readonly metrics: Metrics;
  readonly now: Clock;
}

/** Alerts, their channels, and the way there. */
export function createAlerting({
  config,
  backEnds,
  metrics,
  now,
}: AlertingParts): Pick<Services, "alerts" | "alertChannels" | "alertSender"> {
  const { policy, pagerDutyUrl } = config.alerts;
  const http = createOutboundHttp({ policy, timeoutMs: config.outbound.timeoutMs });
  const outbound = countedOutbound(http, metrics.outboundCalls, "alerts");
  return {
    alerts: new Alerts(backEnds.documents),
    alertChannels: new AlertChannels(backEnds.documents),
    alertSender: createAlertSender({ outbound, now, pagerDutyUrl }),
  };
}
