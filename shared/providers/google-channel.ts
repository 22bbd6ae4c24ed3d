import type { DeliveryRequest } from "../core/delivery-request";
import type { HandshakeReply, ParsedDelivery, Proof } from "../core/provider";
import { DeliveryRefused, type Explanation, type RefusalReason } from "../core/refusal";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { foreignSignature } from "./foreign-signature";
import { demandSharedSecret } from "./shared-secret";

/**
 * Notification channels of Calendar, Drive and other Google APIs ("Push notifications"): a POST whose headers say that
 * something changed, without a body, without a signature. The token that was given at `watch` comes back in
 * `X-Goog-Channel-Token` and is the only proof. The first message of a channel has the state `sync`.
 */
const TOKEN_HEADER = "x-goog-channel-token";
const ID_HEADER = "x-goog-channel-id";
const RESOURCE_HEADER = "x-goog-resource-id";

/** The name of the scheme. */
export const CHANNEL = "channel";

/** Calendar: exists, not_exists; Drive's files: the others but for change, which its list of changes has. */
const wordsForState: ReadonlyMap<string, EventType> = new Map([
  ["exists", "updated"],
  ["not_exists", "deleted"],
  ["add", "created"],
  ["update", "updated"],
  ["change", "updated"],
  ["changed", "updated"],
  ["remove", "deleted"],
  ["trash", "deleted"],
  ["untrash", "restored"],
]);
const resources: readonly (readonly [path: RegExp, entityType: string])[] = [
  [/\/calendars\/([^/]+)\/events$/, "calendar"],
  [/\/calendars\/([^/]+)\/acl$/, "calendar_acl"],
  [/\/drive\/v\d+\/files\/([^/]+)$/, "file"],
  [/\/drive\/v\d+\/changes$/, "drive_changes"],
];
const stateForm = /^[a-z_]{1,40}$/;
const idForm = /^[A-Za-z0-9_-]{1,100}$/;

/** A channel cannot be renewed, and lives for a week or a day at most: time enough to open the next one. */
const EXPIRES_SOON_MS = 24 * 3_600_000;

/**
 * Returns if the request carries the webhook's secret as its token and is of the channel and resource that are set.
 * @throws {DeliveryRefused} `header_missing`, `secret_missing`, `secret_mismatch`, `channel_mismatch`
 */
export function demandChannel(request: DeliveryRequest, { secrets, settings }: Proof): void {
  demandSharedSecret(request, TOKEN_HEADER, secrets);
  const { channelId = "", resourceId = "" } = settings;
  for (const [header, expected] of [
    [ID_HEADER, channelId],
    [RESOURCE_HEADER, resourceId],
  ] as const) {
    if (expected !== "" && request.headers.get(header) !== expected) throw new DeliveryRefused("channel_mismatch");
  }
}

/** The event of a verified notification: a hint that names what to read. */
export function parseChannel(request: DeliveryRequest, now: number): ParsedDelivery {
  const header = (name: string): string => request.headers.get(`x-goog-${name}`) ?? "";
  const [state, resourceId] = [header("resource-state"), header("resource-id")];
  if (resourceId === "" || !stateForm.test(state)) return { events: [], ignored: "unknown_shape" };
  const [channelId, number] = [header("channel-id"), header("message-number")];
  const notices = expiresSoon(header("channel-expiration"), now) ? { notices: ["subscription_expiring"] as const } : {};
  const resource = resourceOf(header("resource-uri"), resourceId);
  const event: ProviderEvent = {
    ...resource,
    eventType: wordsForState.get(state) ?? "occurred",
    nativeType: `${resource.entityType}.${state}`,
    nativeAction: state,
    ...(channelId === "" ? {} : { scope: channelId }),
    completeness: "hint",
    data: { state, changed: header("changed"), resourceId, resourceUri: header("resource-uri") },
  };
  // A channel opened anew may have the id of an earlier one, and its numbers begin at 1 again.
  const id = [channelId, resourceId, header("channel-expiration"), number].join(":");
  const deliveryId = channelId === "" || number === "" ? undefined : id;
  return { deliveryId, events: [event], ...notices };
}

/** Answers the first message of a channel, which says that the channel is open. */
export function channelHandshake(request: DeliveryRequest): HandshakeReply | undefined {
  return request.headers.get("x-goog-resource-state") === "sync" ? { status: 200 } : undefined;
}

function expiresSoon(expiration: string, now: number): boolean {
  return Date.parse(expiration) - now < EXPIRES_SOON_MS;
}

/** What is watched, by the address in `X-Goog-Resource-URI`; where that is not known, the resource's id must do. */
function resourceOf(uri: string, resourceId: string): Pick<ProviderEvent, "entityType" | "entityId"> {
  const path = URL.parse(uri)?.pathname ?? "";
  for (const [form, entityType] of resources) {
    const match = form.exec(path);
    if (match) return { entityType, entityId: match[1] === undefined ? resourceId : decoded(match[1]) };
  }
  return { entityType: "watched_resource", entityId: resourceId };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** What the owner may want to know of a notification that was refused. */
export function explainChannel(request: DeliveryRequest, reason: RefusalReason): Explanation | undefined {
  if (reason === "header_missing") return foreignSignature(request, "google", CHANNEL);
  const [channel, resource] = [ID_HEADER, RESOURCE_HEADER].map((name) => request.headers.get(name) ?? "");
  if (reason !== "channel_mismatch" || !idForm.test(channel ?? "") || !idForm.test(resource ?? "")) return undefined;
  return { reason, detail: `It is of the channel ${channel} and the resource ${resource}.` };
}
