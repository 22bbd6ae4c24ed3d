import type { ChannelKind } from "../core/alert-channel";
import type { OutboundPolicy } from "../core/outbound";
import type { Values } from "./settings";

/** Kinds of channels whose owners bring a URL. */
type UrlKind = Exclude<ChannelKind, "pagerduty" | "email">;

/** Where alerts may go. */
export interface AlertsConfig {
  /** What a channel of each kind may call. No tenant's connection may, so none of it is an entry of `OUTBOUND_HOSTS`. */
  readonly policies: Readonly<Record<UrlKind, OutboundPolicy>>;
  /** All of it together, for the client of these calls. */
  readonly policy: OutboundPolicy;
  readonly pagerDutyUrl: string;
}

const slackHosts = ["hooks.slack.com", "hooks.slack-gov.com"];
/** Workflows had addresses of Logic Apps first, and have those of the Power Platform since 2025. */
const teamsHosts = ["*.logic.azure.com", "*.api.powerplatform.com"];

/** Reads the settings of alerts. */
export function readAlerts(values: Values): AlertsConfig {
  const allowLoopback = String(values["OUTBOUND_ALLOW_LOOPBACK"]) === "true";
  const pagerDutyUrl = String(values["PAGERDUTY_EVENTS_URL"]).replace(/\/+$/, "");
  const pagerDutyHost = pagerDutyUrl.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  const webhookHosts = String(values["ALERT_HOSTS"] ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const policyOf = (hosts: readonly string[]): OutboundPolicy => ({ hosts, allowLoopback });
  const pagerDutyHosts = ["events", "events.eu"].map((host) => pagerDutyHost.replace("{events}", host));
  return {
    policies: { slack: policyOf(slackHosts), teams: policyOf(teamsHosts), webhook: policyOf(webhookHosts) },
    policy: policyOf([...slackHosts, ...teamsHosts, ...webhookHosts, ...pagerDutyHosts]),
    pagerDutyUrl,
  };
}
