import { asArray, asObject, asText, at, type JsonObject, textAt } from "../core/json";
import type { DeliveryRequest } from "../core/delivery-request";
import type { HandshakeReply, ParsedDelivery, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { VerificationSettings } from "../core/registration";
import type { ProviderEvent } from "../core/webhook-event";
import { explainSignature } from "./explain-signature";
import { demandHmacSha256, readFreshTimestamp, readHexSignature } from "./hmac";
import { slackAccounts } from "./slack-accounts";
import { type SlackEvent, slackEvents, unlistedEvent } from "./slack-events";
import { isSslCheck, parseForm } from "./slack-forms";
import { slackProvisioning } from "./slack-provisioning";
import { isForm } from "./is-form";
import { slackTimeOf } from "./slack-time";
import { trust } from "./trust";

/**
 * Slack's Events API, docs.slack.dev/authentication/verifying-requests-from-slack. `X-Slack-Signature: v0=<hex>` is
 * HMAC-SHA256 over `v0:timestamp:body`, Unix seconds in `X-Slack-Request-Timestamp`, keyed with the app's signing
 * secret; `seed` and `native` mean the same. A retry is signed anew and keeps its `event_id`.
 */
const SIGNATURE_HEADER = "x-slack-signature";
const SIGNATURE_PREFIX = "v0=";
const TIMESTAMP_HEADER = "x-slack-request-timestamp";

/** What strangers may have echoed to them. */
const MAX_OPEN_CHALLENGE_LENGTH = 256;

const typeName = /^[a-z][a-z0-9_]{0,99}$/i;
const retryNumber = /^[1-9]\d?$/;
const retryReason = /^[a-z_]{1,40}$/;
/** Fields of an event that may hold a credential. */
const credentials = ["token", "bot_access_token"];

const idList = { type: "array", maxItems: 20, items: { type: "string", pattern: "^[A-Z0-9]{1,40}$" } };

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
  accounts: slackAccounts,
  verificationProperties: { ignoreBotIds: idList, ignoreAppIds: idList },
  // docs.slack.dev/apis/events-api, "Retries": what could not be verified once will not be the next time.
  refusalHeaders: { "x-slack-no-retry": "1" },
  toldHeaders: {
    shown: ["x-slack-request-timestamp", "x-slack-retry-num", "x-slack-retry-reason"],
    masked: ["x-slack-signature"],
  },
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
    demandHmacSha256(proof.secrets, signedPrefix(timestamp), request.body, signature);
    return trust(request);
  },

  explain: explainSignature("slack", [
    {
      schemes: ["seed", "native"],
      header: SIGNATURE_HEADER,
      prefix: SIGNATURE_PREFIX,
      encoding: "hex",
      timestampHeader: TIMESTAMP_HEADER,
      signedPrefix,
    },
  ]),

  parse(request, _, settings = {}) {
    const parsed = isForm(request) ? parseForm(request) : parseEnvelope(asObject(request.json()) ?? {}, settings);
    return { ...parsed, ...attemptOf(request) };
  },

  // A form is answered to a user who waits: anything in the answer would be taken for a message to show.
  acknowledge: (request) => (isForm(request) ? { status: 200 } : undefined),

  // Without a signature only: a wrong one is a refusal that the owner wants to read about.
  answerProbe: (request) =>
    isSslCheck(request) && request.headers.get(SIGNATURE_HEADER) === null ? { status: 200 } : undefined,

  handshake(request) {
    if (isSslCheck(request)) return { status: 200 };
    const challenge = challengeOf(request);
    return challenge === undefined ? undefined : challengeReply(challenge);
  },

  openHandshake(request) {
    const challenge = challengeOf(request);
    if (challenge === undefined || challenge.length > MAX_OPEN_CHALLENGE_LENGTH) return undefined;
    return { reply: challengeReply(challenge) };
  },

  setupSteps,
  provisioning: slackProvisioning,
};

function signedPrefix(timestamp: string): string {
  return `v0:${timestamp}:`;
}

/** These headers are not signed, so they are noted and decide nothing; a repeat is told by its event's id. */
function attemptOf({ headers }: DeliveryRequest): Pick<ParsedDelivery, "attempt"> {
  const number = headers.get("x-slack-retry-num") ?? "";
  const reason = headers.get("x-slack-retry-reason") ?? "";
  if (!retryNumber.test(number)) return {};
  return { attempt: { number: Number(number), ...(retryReason.test(reason) && { reason }) } };
}

function parseEnvelope(body: JsonObject, settings: VerificationSettings): ParsedDelivery {
  if (body["type"] === "app_rate_limited") {
    return { events: [], ignored: "app_rate_limited", notices: ["events_dropped"] };
  }
  if (body["type"] === "url_verification") return { events: [] };
  const deliveryId = textAt(body, "event_id");
  const known = deliveryId === undefined ? {} : { deliveryId };
  const event = body["type"] === "event_callback" ? eventOf(body) : undefined;
  if (event === undefined) return { ...known, events: [], ignored: "unknown_shape" };
  if (isOwn(asObject(body["event"]), settings)) return { ...known, events: [], ignored: "own_bot" };
  return { ...known, events: [event], ...noticesOf(event) };
}

/** What our own bot or app did: synchronising that back would never end. The envelope's `api_app_id` is always ours. */
function isOwn(event: JsonObject | undefined, { ignoreBotIds = [], ignoreAppIds = [] }: VerificationSettings): boolean {
  if (ignoreBotIds.length + ignoreAppIds.length === 0) return false;
  const records = [event, asObject(event?.["message"]), asObject(event?.["previous_message"])];
  const says = (ids: readonly string[], ...path: readonly string[]): boolean =>
    records.some((record) => ids.includes(textAt(record, ...path) ?? ""));
  return (
    says(ignoreBotIds, "bot_id") ||
    says(ignoreBotIds, "user") ||
    says(ignoreAppIds, "app_id") ||
    says(ignoreAppIds, "bot_profile", "app_id")
  );
}

function noticesOf({ nativeType }: ProviderEvent): Pick<ParsedDelivery, "notices"> {
  if (nativeType === "app_uninstalled") return { notices: ["app_uninstalled"] };
  return nativeType === "tokens_revoked" ? { notices: ["tokens_revoked"] } : {};
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
    // Of the event where it tells, else of its dispatch in whole seconds.
    ...slackTimeOf(event["event_ts"], body["event_time"]),
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
