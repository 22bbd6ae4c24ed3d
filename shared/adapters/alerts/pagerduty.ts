import type { AlertEntry } from "../../core/alert-message";

/**
 * PagerDuty, Events API v2 (developer.pagerduty.com/docs/events-api-v2-overview): `POST /v2/enqueue` answers 202. An event
 * with the `dedup_key` of an open incident changes that one, so that sending it again does no harm; `resolve` closes it,
 * and has no effect where none is open. A summary has at most 1,024 characters, a key 255.
 */
export function toPagerDuty(entry: AlertEntry, routingKey: string): object {
  const action = {
    routing_key: routingKey,
    event_action: entry.status === "open" ? "trigger" : "resolve",
    dedup_key: entry.key,
  };
  if (entry.status !== "open") return action;
  const { subject, condition, cause, nextStep, runbook, since, severity, dashboardUrl } = entry;
  return {
    ...action,
    client: "Castiel Webhooks",
    client_url: dashboardUrl,
    links: [{ href: dashboardUrl, text: "Dashboard" }],
    payload: {
      summary: `${entry.title}: ${subject.id}. ${cause}`.slice(0, 1024),
      source: subject.id,
      severity,
      timestamp: since,
      class: condition,
      ...(subject.integrationId === undefined ? {} : { component: subject.integrationId }),
      custom_details: { cause, nextStep, runbook },
    },
  };
}
