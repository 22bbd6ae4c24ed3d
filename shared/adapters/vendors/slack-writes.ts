import { asObject, type JsonObject, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { RecordReference, RecordWrite } from "../../core/record-reader";
import { rejected, unknownAnswer, unsupported } from "./failures";
import { messageVersion, placeOfMessage } from "./slack-methods";
import type { VendorApi, VendorSession, Written } from "./vendor-api";

/** What a write works with. */
interface Writing {
  readonly api: VendorApi;
  readonly session: VendorSession;
  readonly reference: RecordReference;
}

/** The texts of a channel that can be written: where they are in its record, the method, and the parameter that takes them. */
const channelTexts = [
  { path: ["topic", "value"], method: "conversations.setTopic", parameter: "topic" },
  { path: ["purpose", "value"], method: "conversations.setPurpose", parameter: "purpose" },
] as const;
/** What of a message can be written. */
const messageFields: readonly string[] = ["text", "blocks", "attachments", "metadata"];
const channelId = /^[A-Z0-9]{2,30}$/;

/** Messages are written, of which Slack lets an app change only its own; and the topic and the purpose of channels. */
export async function writeRecord(
  api: VendorApi,
  session: VendorSession,
  { action, reference, fields }: RecordWrite,
): Promise<Written> {
  const writing: Writing = { api, session, reference };
  switch (reference.entityType) {
    case "message":
      if (action === "create") return postMessage(writing, fields);
      return action === "update" ? updateMessage(writing, fields) : deleteMessage(writing);
    case "channel":
      if (action === "update") return updateChannel(writing, fields);
      throw unsupported();
    default:
      throw unsupported();
  }
}

/** Into the channel that `fields` name, else into that of the message whose place it takes, and into its thread. */
async function postMessage(writing: Writing, fields: JsonObject): Promise<Written> {
  const { entityId, hint } = writing.reference;
  const place = placeOfMessage(entityId);
  const channel = textAt(fields, "channel") ?? place?.channel ?? textAt(hint, "channel");
  if (channel === undefined) throw unsupported();
  const thread = textAt(hint, "thread_ts");
  const within = thread === undefined || thread === place?.ts ? {} : { thread_ts: thread };
  const content = Object.fromEntries(Object.entries(fields).filter(([name]) => messageFields.includes(name)));
  return written(writing, await call(writing, "chat.postMessage", { ...within, ...content, channel }));
}

/** A text without blocks takes the place of the message's blocks too. */
async function updateMessage(writing: Writing, fields: JsonObject): Promise<Written> {
  const place = demandPlace(writing);
  if (!Object.keys(fields).every((name) => messageFields.includes(name))) throw unsupported();
  return written(writing, await call(writing, "chat.update", { ...fields, ...place }));
}

async function deleteMessage(writing: Writing): Promise<Written> {
  const reply = await call(writing, "chat.delete", demandPlace(writing));
  const isGone = textAt(reply.json, "error") === "message_not_found";
  if (!isGone) demandDone(writing, reply);
  return { entityId: writing.reference.entityId };
}

/** Each text by a call of its own; a repeat after the first has failed writes the same again. */
async function updateChannel(writing: Writing, fields: JsonObject): Promise<Written> {
  const { entityId } = writing.reference;
  const changes = channelTexts.filter(({ path: [name] }) => Object.hasOwn(fields, name));
  const isKnown = changes.length > 0 && changes.length === Object.keys(fields).length;
  if (!channelId.test(entityId) || !isKnown) throw unsupported();
  for (const { path, method, parameter } of changes) {
    const text = textAt(fields, ...path) ?? "";
    demandDone(writing, await call(writing, method, { channel: entityId, [parameter]: text }));
  }
  return { entityId };
}

function demandPlace({ reference }: Writing): { readonly channel: string; readonly ts: string } {
  const place = placeOfMessage(reference.entityId);
  if (place === undefined) throw unsupported();
  return place;
}

function call({ session }: Writing, method: string, json: JsonObject): Promise<OutboundReply> {
  return session.call({ method: "POST", url: `${session.baseUrl}/${method}`, json });
}

function written(writing: Writing, reply: OutboundReply): Written {
  const body = demandDone(writing, reply);
  const [channel, ts] = [textAt(body, "channel"), textAt(body, "ts")];
  if (channel === undefined || ts === undefined) throw unknownAnswer(writing.api, reply);
  const version = messageVersion(asObject(body["message"]) ?? {});
  return { entityId: `${channel}:${ts}`, ...(version === undefined ? {} : { version }) };
}

/** What Slack says no to, whatever it calls the reason, it has understood. */
function demandDone({ api }: Writing, reply: OutboundReply): JsonObject {
  const body = asObject(reply.json);
  if (body?.["ok"] === true) return body;
  throw body?.["ok"] === false ? rejected(api, reply) : unknownAnswer(api, reply);
}
