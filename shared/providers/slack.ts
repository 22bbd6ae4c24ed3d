import { asArray, asObject, asText, at, type JsonObject, textAt } from "../core/json";
import type { DeliveryRequest } from "../core/delivery-request";
import type { HandshakeReply, ParsedDelivery, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { ProviderEvent } from "../core/webhook-event";
import { demandHmacSha256, readFreshTimestamp, readHexSignature } from "./hmac";
import { type SlackEvent, slackEvents, unlistedEvent } from "./slack-events";
import { trust } from "./trust";

/**
 * Slack's Events API, docs.slack.dev/authentication/verifying-requests-from-slack. `X-Slack-Signature: v0=<hex>` is
 * HMAC-SHA256 over `v0:timestamp:body`, Unix seconds in `X-Slack-Request-Timestamp`, keyed with the app's signing
 * secret; `seed` and `native` mean the same. A retry is signed anew and keeps its `event_id`.
 */
const SIGNATURE_HEADER = "x-slack-signature";
const SIGNATURE_PREFIX = "v0=";
const TIMESTAMP_HEADER = "x-slack-request-timestamp";
const FORM_TYPE = "application/x-www-form-urlencoded";

/** What strangers may have echoed to them. */
const MAX_OPEN_CHALLENGE_LENGTH = 256;

const typeName = /^[a-z][a-z0-9_]{0,99}$/i;
/** Unix seconds with up to six decimals; `event_ts` may lack the dot. */
const slackTime = /^(\d{10})\.?(\d{0,6})$/;
/** Fields of an event that may hold a credential. */
const credentials = ["token", "bot_access_token"];

/** Slack's Events API: messages and what else happens in a workspace. */
export const slack: Provider = {
  id: "slack",
  displayName: "Slack",
  schemes: ["seed", "native"],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  // Delayed delivery repeats for 24 hours (docs.slack.dev/apis/events-api); an hour is added for the last one's way.
  rememberSeconds: 25 * 3600,
  hints: {
    secret:
      "compare the secret with the Signing Secret under Basic Information > App Credentials at api.slack.com/apps.",
    deliveries:
      "open Event Subscriptions at api.slack.com/apps and look whether the Request URL is verified and enabled.",
  },

  verify(request, proof) {
    if (!slack.schemes.includes(proof.scheme)) throw new DeliveryRefused("scheme_unknown");
    const signature = readHexSignature(request, SIGNATURE_HEADER, SIGNATURE_PREFIX);
    const timestamp = readFreshTimestamp(request, TIMESTAMP_HEADER, proof);
    demandHmacSha256(proof.secrets, `v0:${timestamp}:`, request.body, signature);
    return trust(request);
  },

  parse(request) {
    if (isForm(request)) return { events: [], ignored: "interactivity" };
    const body = asObject(request.json());
    return body === undefined ? { events: [], ignored: "unknown_shape" } : parseEnvelope(body);
  },

  handshake(request) {
    const challenge = challengeOf(request);
    return challenge === undefined ? undefined : challengeReply(challenge);
  },

  openHandshake(request) {
    const challenge = challengeOf(request);
    if (challenge === undefined || challenge.length > MAX_OPEN_CHALLENGE_LENGTH) return undefined;
    return { reply: challengeReply(challenge) };
  },

  setupSteps,
};

/** Buttons, dialogs and slash commands come as forms; they want an answer, which is not ours to give. */
function isForm(request: DeliveryRequest): boolean {
  return (request.headers.get("content-type") ?? "").toLowerCase().startsWith(FORM_TYPE);
}

function parseEnvelope(body: JsonObject): ParsedDelivery {
  if (body["type"] === "app_rate_limited") return { events: [], ignored: "app_rate_limited" };
  if (body["type"] === "url_verification") return { events: [] };
  const deliveryId = textAt(body, "event_id");
  const event = body["type"] === "event_callback" ? eventOf(body) : undefined;
  return {
    ...(deliveryId === undefined ? {} : { deliveryId }),
    ...(event === undefined ? { events: [], ignored: "unknown_shape" } : { events: [event] }),
  };
}

function eventOf(body: JsonObject): ProviderEvent | undefined {
  const event = asObject(body["event"]);
  const type = textAt(event, "type");
  if (event === undefined || type === undefined || !typeName.test(type)) return undefined;
  const subtype = textAt(event, "subtype");
  const row = rowFor(type, subtype);
  const entityId = idAt({ ...envelopeIds(body), ...event }, row.id);
  if (entityId === undefined) return undefined;
  const teamId = textAt(body, "team_id");
  return {
    entityType: row.entityType,
    eventType: row.eventType,
    entityId,
    ...(type === "message" && subtype !== undefined
      ? { nativeType: `message.${subtype}`, nativeAction: subtype }
      : { nativeType: type }),
    ...timeOf(event["event_ts"], body["event_time"]),
    ...(teamId === undefined ? {} : { scope: teamId, idScope: teamId }),
    ...recordOf(event, row),
  };
}

function rowFor(type: string, subtype: string | undefined): SlackEvent {
  return slackEvents.get(`${type}.${subtype ?? ""}`) ?? slackEvents.get(type) ?? unlistedEvent(type);
}

/** What the envelope tells and some events leave out. */
function envelopeIds(body: JsonObject): JsonObject {
  return { team_id: body["team_id"], api_app_id: body["api_app_id"], event_id: body["event_id"] };
}

/** The first of the choices in `id` whose every part is there. */
function idAt(fields: JsonObject, id: string): string | undefined {
  for (const choice of id.split(" | ")) {
    const parts = choice.split(":").map((path) => idTextAt(fields, path.split(".")));
    if (!parts.includes(undefined)) return parts.join(":");
  }
  return undefined;
}

/** A channel, user or file is an id in some events and an object with an `id` in others. */
function idTextAt(fields: JsonObject, path: readonly string[]): string | undefined {
  let current: unknown = fields;
  for (const step of path) current = Array.isArray(current) ? asArray(current)[Number(step)] : at(current, step);
  return asText(current) ?? textAt(current, "id");
}

/**
 * Milliseconds, of the event where it tells, else of its dispatch in whole seconds. The version keeps microseconds as a
 * fraction, because two edits may fall into one millisecond.
 */
function timeOf(eventTs: unknown, eventTime: unknown): Pick<ProviderEvent, "occurredAt" | "version"> {
  const [, seconds, decimals] = slackTime.exec(asText(eventTs) ?? "") ?? slackTime.exec(asText(eventTime) ?? "") ?? [];
  if (seconds === undefined) return {};
  const microseconds = (decimals ?? "").padEnd(6, "0");
  const value = Number(`${seconds}${microseconds.slice(0, 3)}.${microseconds.slice(3)}`);
  return { occurredAt: new Date(value).toISOString(), version: { kind: "time", value } };
}

/** The record within the event, or the event itself, which is a hint where a record was to be expected. */
function recordOf(
  event: JsonObject,
  { record, completeness, only }: SlackEvent,
): Pick<ProviderEvent, "completeness" | "data"> {
  const found = record === "" ? event : asObject(event[record]);
  // A changed message does not name its channel, unlike a new one.
  const fields = record === "message" ? { ...found, channel: event["channel"] } : (found ?? event);
  const isKept = (name: string): boolean => only?.includes(name) ?? !credentials.includes(name);
  return {
    completeness: found === undefined ? "hint" : completeness,
    data: Object.fromEntries(Object.entries(fields).filter(([name]) => isKept(name))),
  };
}

function challengeOf(request: DeliveryRequest): string | undefined {
  const body = asObject(request.json());
  if (body?.["type"] !== "url_verification") return undefined;
  const challenge = body["challenge"];
  return typeof challenge === "string" && challenge !== "" ? challenge : undefined;
}

/** Plain text that no browser takes for anything else, since the words are a stranger's. */
function challengeReply(challenge: string): HandshakeReply {
  return {
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body: challenge,
  };
}

function setupSteps({ webhookUrl, scheme }: SetupContext): readonly string[] {
  return [
    ...secretSteps(webhookUrl, scheme),
    `Under Event Subscriptions switch Enable Events on and enter ${webhookUrl} as Request URL; it is verified at once.`,
    "Add the events under Subscribe to bot events (and on behalf of users), and click Save Changes.",
    "Reinstall the app to the workspace if Slack asks for it, and invite its bot to the channels whose messages you need.",
  ];
}

/** Slack takes no secret of ours: an imported one sets the scheme `native`, with `seed` it has yet to be brought here. */
function secretSteps(webhookUrl: string, scheme: string): readonly string[] {
  const change = `PATCH ${webhookUrl} with {"webhookSecret":"…"}`;
  if (scheme === slack.importedScheme) {
    return [
      `At api.slack.com/apps open your app and compare Basic Information > App Credentials > Signing Secret with the webhookSecret that you registered; where they differ, ${change}.`,
    ];
  }
  return [
    "At api.slack.com/apps open your app and copy Basic Information > App Credentials > Signing Secret.",
    `Slack signs with that secret and takes no other, so ${change}: the Signing Secret takes the place of the one handed out here.`,
  ];
}
