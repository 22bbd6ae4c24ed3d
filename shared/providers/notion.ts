import { asObject, asText, at, type JsonObject, textAt } from "../core/json";
import type { DeliveryRequest } from "../core/delivery-request";
import type { HandshakeReply, ParsedDelivery, Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { EventType, ProviderEvent } from "../core/webhook-event";
import { explainSignature } from "./explain-signature";
import { foreignSignature } from "./foreign-signature";
import { demandHmacSha256, readFreshTimestamp, readHexSignature } from "./hmac";
import {
  automationSteps,
  demandSecretHeader,
  parseAutomation,
  secretHeaderSchema,
  SHARED_SECRET,
} from "./notion-automation";
import { canonicalId } from "./notion-id";
import { repetition } from "./repetition";
import { statedTime } from "./stated-time";
import { trust } from "./trust";

/**
 * Notion, developers.notion.com/reference/webhooks. One header carries the proof: `X-Notion-Signature: sha256=<hex>`.
 *
 * `native`: HMAC-SHA256 over the body, keyed with the verification token that Notion made; there is no timestamp, and a
 * timestamp header would be unsigned, so it counts for nothing.
 * `seed`: HMAC-SHA256 over `timestamp.body`, keyed with a secret of ours, time in `X-Notion-Request-Timestamp`. Notion
 * itself never signs like this; it is for senders of one's own. The two are never mixed.
 *
 * `shared-secret`: "Send webhook" of automations and buttons, which nobody signs.
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
/** `page.content_updated`, `page.transcription_block.transcript_deleted`. */
const typeForm = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

/** Requests whose signature covers a fresh time. `parse` does not learn the scheme, and must not trust a header. */
const freshlySigned = new WeakSet<DeliveryRequest>();

const signatureForm = { header: SIGNATURE_HEADER, prefix: SIGNATURE_PREFIX, encoding: "hex" } as const;

const explainSigned = explainSignature("notion", [
  { ...signatureForm, schemes: ["native"] },
  {
    ...signatureForm,
    schemes: ["seed"],
    timestampHeader: TIMESTAMP_HEADER,
    signedPrefix: (timestamp) => `${timestamp}.`,
  },
]);

/** Notion's webhooks: small hints that name what changed; the content is read from the API. */
export const notion: Provider = {
  id: "notion",
  displayName: "Notion",
  schemes: ["seed", "native", SHARED_SECRET],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  rememberSeconds: RETRY_WINDOW_SECONDS,
  toldHeaders: { shown: ["x-notion-request-timestamp"], masked: ["x-notion-signature", "x-castiel-secret"] },
  hints: {
    secret:
      "compare the secret with the verification token that Notion sent when the subscription was created, or with the header of the automation's Send webhook.",
    deliveries:
      "open the connection's Webhooks tab in Notion and look at the state of the subscription, or at the automation.",
  },

  verificationProperties: { secretHeader: secretHeaderSchema },

  verify(request, proof) {
    if (proof.scheme === SHARED_SECRET) {
      demandSecretHeader(request, proof);
      return trust(request);
    }
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

  explain(request, proof, reason) {
    if (proof.scheme !== SHARED_SECRET) return explainSigned(request, proof, reason);
    return reason === "header_missing" ? foreignSignature(request, "notion", SHARED_SECRET) : undefined;
  },

  parse(request, now, { scheme } = {}) {
    if (scheme === SHARED_SECRET) return parseAutomation(request);
    const body = asObject(request.json());
    const event = body && eventOf(body);
    if (body === undefined || event === undefined) return { events: [], ignored: "unknown_shape" };
    const isStale = !freshlySigned.has(request) && isOlderThanRetries(event, now);
    const attempt = repetition(body["attempt_number"]);
    return {
      ...deliveryIdOf(body),
      ...attempt,
      ...(isStale ? { events: [], ignored: "stale_body" } : { events: [event] }),
    };
  },

  handshake: (request) => (offeredToken(request) === undefined ? undefined : handshakeReply()),

  openHandshake(request, { scheme } = {}) {
    const token = scheme === SHARED_SECRET ? undefined : offeredToken(request);
    if (token === undefined || !isUnsignedOrSignedWith(token, request)) return undefined;
    return { reply: handshakeReply(), candidateSecret: token };
  },

  setupSteps(context) {
    if (context.scheme === SHARED_SECRET) return automationSteps(context);
    return context.scheme === "native" ? nativeSteps(context) : seedSteps(context);
  },
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
  if (nativeType === undefined || entityId === undefined || !typeForm.test(nativeType)) return undefined;
  const [entityType = "", ...action] = nativeType.split(".");
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
