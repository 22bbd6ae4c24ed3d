import { asObject, asText, at, type JsonObject, textAt } from "../core/json";
import type { DeliveryRequest } from "../core/delivery-request";
import type { HandshakeReply, ParsedDelivery, Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { demandHmacSha256, readFreshTimestamp, readHexSignature } from "./hmac";
import { statedTime } from "./stated-time";
import { trust } from "./trust";

/**
 * Notion, developers.notion.com/reference/webhooks. One header carries the proof: `X-Notion-Signature: sha256=<hex>`.
 *
 * `native`: HMAC-SHA256 over the body, keyed with the verification token that Notion made; there is no timestamp, and a
 * timestamp header would be unsigned, so it counts for nothing.
 * `seed`: HMAC-SHA256 over `timestamp.body`, keyed with a secret of ours, time in `X-Notion-Request-Timestamp`. Notion
 * itself never signs like this; it is for senders of one's own. The two are never mixed.
 */
const SIGNATURE_HEADER = "x-notion-signature";
const SIGNATURE_PREFIX = "sha256=";
const TIMESTAMP_HEADER = "x-notion-request-timestamp";

/** Eight attempts take about 24 hours (reference/webhooks-events-delivery); an hour is added for the last one's way. */
const RETRY_WINDOW_SECONDS = 25 * 3600;
const MAX_TOKEN_LENGTH = 256;

const wordsForAction: ReadonlyMap<string, EventType> = new Map([
  ["created", "created"],
  ["deleted", "deleted"],
  ["undeleted", "restored"],
]);
const uuid = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i;

/** Requests whose signature covers a fresh time. `parse` does not learn the scheme, and must not trust a header. */
const freshlySigned = new WeakSet<DeliveryRequest>();

/** Notion's webhooks: small hints that name what changed; the content is read from the API. */
export const notion: Provider = {
  id: "notion",
  displayName: "Notion",
  schemes: ["seed", "native"],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  rememberSeconds: RETRY_WINDOW_SECONDS,
  hints: {
    secret: "compare the secret with the verification token that Notion sent when the subscription was created.",
    deliveries: "open the connection's Webhooks tab in Notion and look at the state of the subscription.",
  },

  verify(request, proof) {
    const signature = demandSchemeThenSignature(request, proof);
    if (proof.scheme === "native") {
      demandHmacSha256(proof.secrets, "", request.body, signature);
      return trust(request);
    }
    const timestamp = readFreshTimestamp(request, TIMESTAMP_HEADER, proof);
    demandHmacSha256(proof.secrets, `${timestamp}.`, request.body, signature);
    freshlySigned.add(request);
    return trust(request);
  },

  parse(request, now) {
    const body = asObject(request.json());
    const event = body && eventOf(body);
    if (body === undefined || event === undefined) return { events: [], ignored: "unknown_shape" };
    const isStale = !freshlySigned.has(request) && isOlderThanRetries(event, now);
    return { ...deliveryIdOf(body), ...(isStale ? { events: [], ignored: "stale_body" } : { events: [event] }) };
  },

  handshake: (request) => (offeredToken(request) === undefined ? undefined : handshakeReply()),

  openHandshake(request) {
    const token = offeredToken(request);
    if (token === undefined || !isUnsignedOrSignedWith(token, request)) return undefined;
    return { reply: handshakeReply(), candidateSecret: token };
  },

  setupSteps: (context) => (context.scheme === "native" ? nativeSteps(context) : seedSteps(context)),
};

function demandSchemeThenSignature(request: DeliveryRequest, proof: Proof): Buffer {
  if (!notion.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
  return readHexSignature(request, SIGNATURE_HEADER, SIGNATURE_PREFIX);
}

/**
 * `page.content_updated` is an update of a page. Only a type of two words can create, delete or restore:
 * `page.transcription_block.transcript_deleted` leaves the page where it is. New types become updates, so they are read.
 * A linked database has `entity.type` "block", hence the entity type is the one in `type`.
 */
function eventOf(body: JsonObject): ProviderEvent | undefined {
  const nativeType = textAt(body, "type");
  const entityId = textAt(body, "entity", "id");
  const [entityType = "", ...action] = nativeType?.split(".") ?? [];
  if (nativeType === undefined || entityId === undefined || entityType === "") return undefined;
  const nativeAction = action.join(".");
  const scope = textAt(body, "workspace_id");
  return {
    entityType,
    eventType: wordsForAction.get(nativeAction) ?? "updated",
    entityId: canonicalId(entityId),
    nativeType,
    ...(nativeAction === "" ? {} : { nativeAction }),
    ...statedTime(body["timestamp"]),
    ...(scope === undefined ? {} : { scope }),
    completeness: "hint",
    data: referencesOf(body),
  };
}

/** Notion writes ids with and without dashes and means the same; ours have them, in lower case. */
function canonicalId(id: string): string {
  if (!uuid.test(id)) return id;
  return id
    .replaceAll("-", "")
    .toLowerCase()
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What says where to look. Left out: `authors` (people), and `attempt_number`, which changes when a delivery repeats. */
function referencesOf(body: JsonObject): JsonObject {
  const kept = ["type", "timestamp", "workspace_id", "entity", "data"];
  return Object.fromEntries(kept.filter((name) => Object.hasOwn(body, name)).map((name) => [name, body[name]]));
}

function deliveryIdOf(body: JsonObject): Pick<ParsedDelivery, "deliveryId"> {
  const deliveryId = textAt(body, "id");
  return deliveryId === undefined ? {} : { deliveryId };
}

/** Without a signed timestamp, the age of the body is all that stops a replay once its id is forgotten. */
function isOlderThanRetries(event: ProviderEvent, now: number): boolean {
  if (event.occurredAt === undefined) return false;
  return now - Date.parse(event.occurredAt) > RETRY_WINDOW_SECONDS * 1000;
}

/** The token of a body that is exactly `{"verification_token":"secret_…"}`. */
function offeredToken(request: DeliveryRequest): string | undefined {
  const body = asObject(request.json());
  if (body === undefined || Object.keys(body).length !== 1) return undefined;
  const token = at(body, "verification_token");
  return typeof token === "string" && token.length <= MAX_TOKEN_LENGTH ? asText(token) : undefined;
}

/** Notion's pages show this request unsigned, its SDK's tests sign it with the token inside: both are taken. */
function isUnsignedOrSignedWith(token: string, request: DeliveryRequest): boolean {
  if (request.headers.get(SIGNATURE_HEADER) === null) return true;
  try {
    demandHmacSha256([token], "", request.body, readHexSignature(request, SIGNATURE_HEADER, SIGNATURE_PREFIX));
    return true;
  } catch (error) {
    if (error instanceof DeliveryRefused) return false;
    throw error;
  }
}

function handshakeReply(): HandshakeReply {
  return {
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ success: true, handshake: "verification_token" }),
  };
}

function createSteps(webhookUrl: string): readonly string[] {
  return [
    "In Notion open the settings of your connection (notion.so/profile/integrations) and choose its Webhooks tab.",
    `Click "+ Create a subscription", paste ${webhookUrl} as Webhook URL, choose the event types, and click "Create subscription".`,
  ];
}

function seedSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    ...createSteps(webhookUrl),
    `Notion now sends its verification token here, where it is kept as a candidate: POST ${webhookUrl}/confirm shows it to you, once.`,
    'In Notion click "⚠️ Verify" on the Webhooks tab, paste the token, and click "Verify subscription".',
    `POST ${webhookUrl}/confirm with the candidate's id makes the token this webhook's secret and sets the scheme native.`,
    "A sender of your own needs none of this: it sends X-Notion-Request-Timestamp (Unix seconds) and X-Notion-Signature: sha256=<hex of HMAC-SHA256 over timestamp.body, keyed with webhookSecret>.",
  ];
}

function nativeSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    ...createSteps(webhookUrl),
    "The secret of this webhook must be the verification token that Notion sent for this very subscription.",
    `A new subscription, or one that resends its token, has a new one: PATCH ${webhookUrl} with {"webhookSecret":"secret_…"}, or register a webhook without webhookSecret and confirm the token it receives.`,
  ];
}
