import { type AlertEntry, type AlertMessage, headlineOf, linesOf, statusWord } from "../../core/alert-message";

/**
 * Teams, a workflow with the trigger "When a Teams webhook request is received"
 * (learn.microsoft.com/power-automate/teams/teams-app-create): a message with an Adaptive Card, of at most 28 KB.
 */
export function toTeams(message: AlertMessage): object {
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    msteams: { width: "Full" },
    body: [
      { type: "TextBlock", text: headlineOf(message), weight: "Bolder", size: "Medium", wrap: true },
      ...message.entries.map(toContainer),
    ],
  };
  const card = { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content };
  return { type: "message", attachments: [card] };
}

/** Twenty of these fit into a message. */
const MAX_LINE = 300;

function toContainer(entry: AlertEntry): object {
  const style = entry.status !== "open" ? "good" : entry.severity === "critical" ? "attention" : "warning";
  return {
    type: "Container",
    style,
    items: [
      { type: "TextBlock", text: plain(`${statusWord(entry)}: ${entry.title}`), weight: "Bolder", wrap: true },
      ...linesOf(entry).map((line) => ({ type: "TextBlock", text: plain(line), wrap: true, spacing: "None" })),
      { type: "TextBlock", text: `[Dashboard](${entry.dashboardUrl}) · ${entry.runbook}`, isSubtle: true, wrap: true },
    ],
  };
}

/** A TextBlock knows a part of Markdown, which nothing here is meant to be. */
function plain(text: string): string {
  return text.slice(0, MAX_LINE).replace(/[\\`*_[\]<>]/g, "\\$&");
}
