import { type Answer, type Received, StandIn } from "./vendors/stand-in";

const SLACK_PATH = "/services/T0/B0/hunter2slack";
const TEAMS_PATH = "/workflows/w1/triggers/manual/paths/invoke";
const ROUTING_KEY = "hunter2pagerduty0000000000000000";

/** An incident at PagerDuty. */
export interface Incident {
  readonly summary: string;
  readonly severity: string;
  readonly status: "triggered" | "resolved";
}

/** JSON of any shape: tests look into it. */
type Json = ReturnType<typeof JSON.parse>;

/** Slack, Teams and PagerDuty on 127.0.0.1, as far as they take messages. */
export interface AlertReceivers {
  readonly slackUrl: string;
  readonly teamsUrl: string;
  readonly routingKey: string;
  /** For `PAGERDUTY_EVENTS_URL`. */
  readonly pagerDutyUrl: string;
  /** What Slack showed, message by message: all of its text. */
  readonly slack: readonly string[];
  readonly teams: readonly Json[];
  /** By `dedup_key`. */
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly server: StandIn;
}

/** Starts them; what breaks their rules is refused as they refuse it. */
export async function startAlertReceivers(): Promise<AlertReceivers> {
  const [slack, teams, incidents] = [[] as string[], [] as Json[], new Map<string, Incident>()];
  const server = await StandIn.start((request) => {
    if (request.path.startsWith("/services/")) return takeSlack(request, slack);
    if (request.path.startsWith("/workflows/")) return takeTeams(request, teams);
    return request.path === "/v2/enqueue" ? takePagerDuty(request, incidents) : { status: 404 };
  });
  return {
    slackUrl: `${server.url}${SLACK_PATH}`,
    teamsUrl: `${server.url}${TEAMS_PATH}?api-version=1&sig=hunter2teams`,
    routingKey: ROUTING_KEY,
    pagerDutyUrl: server.url,
    slack,
    teams,
    incidents,
    server,
  };
}

/**
 * docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors"; docs.slack.dev/reference/block-kit:
 * at most 50 blocks, a header of 150 characters, a section of 3,000.
 */
function takeSlack({ path, body, headers }: Received, shown: string[]): Answer {
  if (path !== SLACK_PATH) return { status: 404, html: "no_service" };
  if (!(headers["content-type"] ?? "").startsWith("application/json")) return { status: 400, html: "invalid_payload" };
  const { text, blocks } = JSON.parse(body);
  if (typeof text !== "string" || text === "") return { status: 400, html: "no_text" };
  if (blocks.length > 50 || !(blocks as Json[]).every(isBlock)) return { status: 400, html: "invalid_blocks" };
  const texts = (blocks as Json[]).flatMap((block) => block.text?.text ?? block.elements[0].text);
  shown.push([text, ...texts].join("\n"));
  return { html: "ok" };
}

function isBlock({ type, text, elements }: Json): boolean {
  const isText = (value: Json, kind: string, most: number): boolean =>
    value?.type === kind && value.text.length > 0 && value.text.length <= most;
  if (type === "header") return isText(text, "plain_text", 150);
  if (type === "section") return isText(text, "mrkdwn", 3000);
  return type === "context" && elements.length <= 10 && isText(elements[0], "mrkdwn", 3000);
}

/** learn.microsoft.com/power-automate/teams/teams-app-create: the flow is started and answers 202; 28 KB at most. */
function takeTeams({ path, query, body }: Received, shown: Json[]): Answer {
  if (path !== TEAMS_PATH || query["sig"] !== "hunter2teams") return { status: 401 };
  if (Buffer.byteLength(body) > 28 * 1024) return { status: 413 };
  const message = JSON.parse(body);
  const [card] = message.attachments;
  const isCard =
    message.type === "message" &&
    card.contentType === "application/vnd.microsoft.card.adaptive" &&
    card.content.type === "AdaptiveCard";
  if (!isCard) return { status: 400 };
  shown.push(card.content);
  return { status: 202 };
}

/** developer.pagerduty.com/docs/send-alert-event: what is required, how long it may be, and one incident for each key. */
function takePagerDuty({ body }: Received, incidents: Map<string, Incident>): Answer {
  const { routing_key, event_action, dedup_key, payload } = JSON.parse(body);
  const invalid = (error: string): Answer => ({ status: 400, json: { status: "invalid event", errors: [error] } });
  if (routing_key !== ROUTING_KEY) return invalid("'routing_key' is invalid");
  if (typeof dedup_key !== "string" || dedup_key.length > 255) return invalid("'dedup_key' is invalid");
  const known = incidents.get(dedup_key);
  if (event_action === "resolve") {
    if (known) incidents.set(dedup_key, { ...known, status: "resolved" });
    return { status: 202, json: { status: "success", dedup_key } };
  }
  if (event_action !== "trigger") return invalid("'event_action' is invalid");
  const { summary = "", source = "", severity } = payload;
  if (summary === "" || summary.length > 1024 || source === "") return invalid("'payload' is missing or blank");
  if (!["critical", "error", "warning", "info"].includes(severity)) return invalid("'payload.severity' is invalid");
  incidents.set(dedup_key, { summary, severity, status: "triggered" });
  return { status: 202, json: { status: "success", dedup_key } };
}
