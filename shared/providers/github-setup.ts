import type { SetupContext } from "../core/provider";

/** What to do in GitHub. */
export function githubSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    "In GitHub open the repository's or organization's Settings > Webhooks and click Add webhook; for a GitHub App open its settings and mark Webhook as Active.",
    `Enter ${webhookUrl} as Payload URL and choose application/json as Content type.`,
    "Paste webhookSecret as Secret and leave SSL verification enabled.",
    "Choose the events to send, or Send me everything, and save.",
    "GitHub sends a ping at once: under Recent Deliveries it must show the status 200.",
    "GitHub repeats no failed delivery by itself: redeliver under Recent Deliveries within 3 days.",
  ];
}
