import type { DeliveryRequest } from "../core/delivery-request";
import { asObject, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery, Proof, SetupContext } from "../core/provider";
import type { VerificationSettings } from "../core/registration";
import type { ProviderEvent } from "../core/webhook-event";
import { canonicalId } from "./notion-id";
import { repetition } from "./repetition";
import { demandSharedSecret } from "./shared-secret";
import { statedTime } from "./stated-time";

/**
 * "Send webhook" of Notion's automations and buttons (notion.com/help/webhook-actions), which is another thing than its
 * webhooks: not signed, with headers of the owner's choice, and with the properties of a page in the body. One of these
 * headers has to carry the webhook's secret.
 */
const DEFAULT_HEADER = "x-castiel-secret";
const headerName = /^[A-Za-z0-9-]{1,64}$/;
const sourceType = /^[a-z_]{1,40}$/;

/** The name of the scheme. */
export const SHARED_SECRET = "shared-secret";

/** JSON schema of the setting that names the header. */
export const secretHeaderSchema = { type: "string", pattern: headerName.source };

/** What of a page goes along; left out are the people who made and edited it. */
const kept = [
  "object",
  "id",
  "created_time",
  "last_edited_time",
  "parent",
  "properties",
  "url",
  "archived",
  "in_trash",
];

/**
 * Returns if the header that was agreed upon carries the secret.
 * @throws {DeliveryRefused} `header_missing`, `header_malformed`, `secret_missing`, `secret_mismatch`
 */
export function demandSecretHeader(request: DeliveryRequest, { secrets, settings }: Proof): void {
  demandSharedSecret(request, secretHeaderOf(settings), secrets);
}

function secretHeaderOf({ secretHeader = "" }: VerificationSettings): string {
  return headerName.test(secretHeader) ? secretHeader : DEFAULT_HEADER;
}

/** `{"source":{"type":"automation","event_id":…,"action_id":…,"attempt":1},"data":{"object":"page","id":…,"properties":…}}` */
export function parseAutomation(request: DeliveryRequest): ParsedDelivery {
  const body = asObject(request.json());
  const source = asObject(body?.["source"]);
  const event = pageEvent(asObject(body?.["data"]), textAt(source, "type"));
  if (event === undefined) return { events: [], ignored: "unknown_shape" };
  // One run of an automation may send several webhooks about one page.
  const ids = [textAt(source, "event_id"), textAt(source, "action_id")].filter((id) => id !== undefined);
  return {
    deliveryId: ids.length === 0 ? undefined : ids.join(":"),
    events: [event],
    ...repetition(source?.["attempt"]),
  };
}

function pageEvent(page: JsonObject | undefined, type = ""): ProviderEvent | undefined {
  const id = textAt(page, "id");
  if (page === undefined || page["object"] !== "page" || id === undefined) return undefined;
  const nativeAction = sourceType.test(type) ? type : "automation";
  return {
    entityType: "page",
    eventType: "updated",
    entityId: canonicalId(id),
    nativeType: `page.${nativeAction}`,
    nativeAction,
    ...statedTime(page["last_edited_time"]),
    // Only the properties that were chosen for the webhook.
    completeness: "partial",
    data: Object.fromEntries(Object.entries(page).filter(([name]) => kept.includes(name))),
  };
}

/** What to do in Notion. */
export function automationSteps({ webhookUrl, settings }: SetupContext): readonly string[] {
  return [
    'In Notion open the database\'s automations (the lightning bolt), or edit a button, and add the action "Send webhook".',
    `Enter ${webhookUrl} as URL.`,
    `Under Custom headers add ${secretHeaderOf(settings)} with webhookSecret as its value: Notion signs these requests with nothing, so that without this header every one is refused.`,
    "Choose the properties to send.",
    "Press the button, or let the automation run once, and look at this webhook's deliveries.",
  ];
}
