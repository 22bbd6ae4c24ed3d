import { createAlertSender } from "../adapters/alerts/alert-sender";
import type { SendMail } from "../adapters/alerts/email";
import { createOutboundHttp } from "../adapters/outbound/outbound-http";
import { openOutboundSocket } from "../adapters/outbound/outbound-socket";
import type { Config } from "../config";
import { countedOutbound } from "../core/counted-outbound";
import type { Metrics } from "../core/metrics";
import type { Clock } from "../core/ports";
import { isLoopback } from "../core/remote-address";
import { AlertChannels } from "../repositories/alert-channels";
import { Alerts } from "../repositories/alerts";
import type { Services } from "../usecases/services";
import type { BackEnds } from "./back-ends";

/** What it is made of. */
export interface AlertingParts {
  readonly config: Pick<Config, "alerts" | "mail" | "outbound">;
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
  const sendMail = mailSender(config);
  return {
    alerts: new Alerts(backEnds.documents),
    alertChannels: new AlertChannels(backEnds.documents),
    alertSender: createAlertSender({ outbound, now, pagerDutyUrl, ...(sendMail && { sendMail }) }),
  };
}

/** Its client is loaded when the first mail is sent. */
function mailSender({
  alerts: { policy },
  mail,
  outbound: { timeoutMs },
}: AlertingParts["config"]): SendMail | undefined {
  if (mail === undefined) return undefined;
  const connect = (host: string, port: number) => openOutboundSocket(policy, { host, port, timeoutMs });
  let sender: Promise<SendMail> | undefined;
  return async (to, message) => {
    sender ??= import("../adapters/alerts/email.js").then(({ createMailSender }) =>
      createMailSender({
        server: mail,
        connect,
        timeoutMs,
        allowsPlainText: policy.allowLoopback && isLoopback(mail.host),
      }),
    );
    await (
      await sender
    )(to, message);
  };
}
