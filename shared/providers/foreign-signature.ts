import type { DeliveryRequest } from "../core/delivery-request";
import type { Explanation, RefusalReason } from "../core/refusal";

/** A header by which somebody proves the origin of a delivery. */
interface Proof {
  readonly header: string;
  /** Who sends it, as the owner knows them. */
  readonly sender: string;
  /** The provider and its scheme, where we have one for it. */
  readonly provider?: string;
  /** Absent where the provider's schemes do not differ in their header. */
  readonly scheme?: string;
}

/** What is looked for where the right header is missing; the more particular the name, the earlier. */
const proofs: readonly Proof[] = [
  { header: "x-hub-signature-256", sender: "GitHub", provider: "github" },
  { header: "x-slack-signature", sender: "Slack", provider: "slack" },
  { header: "x-notion-signature", sender: "Notion", provider: "notion", scheme: "native" },
  { header: "x-salesforce-event-signature", sender: "Salesforce", provider: "salesforce", scheme: "native" },
  { header: "x-sfmc-ens-signature", sender: "Marketing Cloud", provider: "salesforce", scheme: "ens" },
  { header: "x-goog-channel-token", sender: "a Google channel", provider: "google", scheme: "channel" },
  { header: "x-goog-channel-id", sender: "a Google channel", provider: "google", scheme: "channel" },
  { header: "stripe-signature", sender: "Stripe", provider: "stripe" },
  { header: "x-shopify-hmac-sha256", sender: "Shopify", provider: "shopify" },
  { header: "x-twilio-signature", sender: "Twilio", provider: "twilio" },
  { header: "x-gitlab-token", sender: "GitLab" },
  { header: "webhook-signature", sender: "a sender of Standard Webhooks", provider: "standard" },
  { header: "svix-signature", sender: "Svix", provider: "standard" },
  { header: "aeg-event-type", sender: "Azure Event Grid", provider: "cloudevents" },
  { header: "x-signature", sender: "Data 360, among others,", provider: "salesforce", scheme: "data360" },
  { header: "authorization", sender: "Google Pub/Sub, among others,", provider: "google", scheme: "native" },
];

/**
 * Whose signature a request carries in place of the one that was looked for, told by the names of its headers. What they
 * say is not checked: it explains a refusal, and decides nothing.
 */
export function foreignSignature(request: DeliveryRequest, provider: string, scheme: string): Explanation | undefined {
  const found = proofs.find((proof) => request.headers.get(proof.header) !== null && !isOwn(proof, provider, scheme));
  if (found !== undefined) return { reason: reasonFor(found, provider), detail: sentenceFor(found, provider, scheme) };
  return provider === "github" && request.headers.get("x-hub-signature") !== null
    ? { reason: "header_outdated" }
    : undefined;
}

/** A header of the provider itself counts only where it belongs to another scheme. */
function isOwn(proof: Proof, provider: string, scheme: string): boolean {
  return proof.provider === provider && (proof.scheme === undefined || proof.scheme === scheme);
}

function reasonFor(found: Proof, provider: string): RefusalReason {
  return found.provider === provider ? "other_scheme" : "other_provider";
}

function sentenceFor(found: Proof, provider: string, scheme: string): string {
  if (found.provider !== provider || found.scheme === undefined)
    return `The header ${found.header} is there: that is how ${found.sender} proves itself.`;
  return `The header ${found.header} belongs to the scheme ${found.scheme}; this webhook is set to ${scheme}.`;
}
