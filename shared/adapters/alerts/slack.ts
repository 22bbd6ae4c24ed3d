import { type AlertEntry, type AlertMessage, headlineOf, linesOf, statusWord } from "../../core/alert-message";

/**
 * Slack, incoming webhooks (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): `text` is what notifications
 * show, `blocks` the message. Text is mrkdwn, in which three characters are escaped; a section holds 3,000 of them, a header
 * 150, a message 50 blocks.
 */
export function toSlack(message: AlertMessage): object {
  const headline = headlineOf(message);
  return {
    text: escaped(headline),
    blocks: [
      { type: "header", text: { type: "plain_text", text: headline.slice(0, 150) } },
      ...message.entries.flatMap(toBlocks),
    ],
  };
}

const symbols = { open: ":warning:", recovered: ":white_check_mark:", passed: ":leftwards_arrow_with_hook:" } as const;

function toBlocks(entry: AlertEntry): readonly object[] {
  const symbol = entry.status === "open" && entry.severity === "critical" ? ":red_circle:" : symbols[entry.status];
  const title = `${symbol} *${statusWord(entry)}: ${escaped(entry.title)}*`;
  const text = [title, ...linesOf(entry).map(escaped)].join("\n").slice(0, 3000);
  const links = `<${entry.dashboardUrl}|Dashboard> · Runbook: \`${entry.runbook}\``;
  return [
    { type: "section", text: { type: "mrkdwn", text } },
    { type: "context", elements: [{ type: "mrkdwn", text: links }] },
  ];
}

/** "Escaping text": nothing that stands in a message becomes a mention or a link. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
