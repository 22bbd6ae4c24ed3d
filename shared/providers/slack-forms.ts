import type { DeliveryRequest } from "../core/delivery-request";
import { parseForeignJson } from "../core/delivery-request";
import { asArray, asObject, type JsonObject, textAt } from "../core/json";
import type { ParsedDelivery } from "../core/provider";
import type { ProviderEvent } from "../core/webhook-event";
import { isForm } from "./is-form";
import { slackTimeOf } from "./slack-time";

/**
 * What Slack sends as a form: buttons and dialogs (docs.slack.dev/interactivity/handling-user-interaction, one field
 * `payload` with JSON), slash commands (docs.slack.dev/interactivity/implementing-slash-commands), and `ssl_check`.
 * Somebody waits for the answer, which is not ours to give, so that these are events only for whoever asks for them.
 */
const interactionType = /^[a-z][a-z_]{0,60}$/;
const commandName = /^\/([A-Za-z0-9_-]{1,32})$/;

/** Tokens, and addresses and ids with which anyone may act in the user's name for a while. */
const credentials: ReadonlySet<string> = new Set([
  ...["token", "bot_access_token", "workflow_token", "trigger_id", "interactivity_pointer"],
  ...["response_url", "response_urls"],
]);
const commandFields = ["command", "text", "user_id", "channel_id", "team_id", "enterprise_id", "api_app_id"];

/** True for the check of a certificate: it is not signed, holds nothing, and wants a 200. */
export function isSslCheck(request: DeliveryRequest): boolean {
  return isForm(request) && formFields(request).get("ssl_check") === "1";
}

/** The event of an interaction or a slash command; only for patterns that name it. */
export function parseForm(request: DeliveryRequest): ParsedDelivery {
  const fields = formFields(request);
  const payload = fields.get("payload");
  const event = payload === null ? commandEvent(fields) : interactionEvent(asObject(parseForeignJson(payload)));
  if (event === undefined) return { events: [], ignored: "unknown_shape" };
  return { deliveryId: `${event.entityType}:${event.entityId}`, events: [event] };
}

/** The fields of a form. */
export function formFields(request: DeliveryRequest): URLSearchParams {
  return new URLSearchParams(request.body.toString("utf8"));
}

function interactionEvent(payload: JsonObject | undefined): ProviderEvent | undefined {
  const type = textAt(payload, "type") ?? "";
  const entityId = interactionIdOf(payload);
  if (payload === undefined || entityId === undefined || !interactionType.test(type)) return undefined;
  const [action] = asArray(payload["actions"]);
  return {
    ...occurredIn(textAt(payload, "team", "id")),
    entityType: "interaction",
    entityId,
    nativeType: `interaction.${type}`,
    nativeAction: type,
    ...slackTimeOf(textAt(payload, "action_ts") ?? textAt(action, "action_ts")),
    // A value that is an object stays one without its credentials.
    data: asObject(withoutCredentials(payload)) ?? {},
  };
}

/** The trigger, which is good for nothing three seconds later; where there is none, the state of the view that was left. */
function interactionIdOf(payload: JsonObject | undefined): string | undefined {
  const [view, hash] = [textAt(payload, "view", "id"), textAt(payload, "view", "hash")];
  const state = view === undefined || hash === undefined ? undefined : `${view}:${hash}`;
  return textAt(payload, "trigger_id") ?? state ?? textAt(payload, "action_ts");
}

function commandEvent(fields: URLSearchParams): ProviderEvent | undefined {
  const [command, entityId] = [fields.get("command"), fields.get("trigger_id")];
  if (command === null || command === "" || entityId === null || entityId === "") return undefined;
  const name = commandName.exec(command)?.[1];
  const kept = commandFields.flatMap((field) => (fields.has(field) ? [[field, fields.get(field)] as const] : []));
  return {
    ...occurredIn(fields.get("team_id") ?? undefined),
    entityType: "slash_command",
    entityId,
    nativeType: name === undefined ? "slash_command" : `slash_command.${name}`,
    ...(name === undefined ? {} : { nativeAction: name }),
    data: Object.fromEntries(kept),
  };
}

function occurredIn(team: string | undefined) {
  return {
    eventType: "occurred",
    completeness: "full",
    onlyByName: true,
    ...(team === undefined ? {} : { scope: team, idScope: team }),
  } as const;
}

function withoutCredentials(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCredentials);
  const object = asObject(value);
  if (object === undefined) return value;
  const kept = Object.entries(object).filter(([name]) => !credentials.has(name));
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutCredentials(field)]));
}
