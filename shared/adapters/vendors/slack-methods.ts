import { asObject, asText, at, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { RecordReference } from "../../core/record-reader";
import type { EventVersion } from "../../core/version";

/** A call of one method. */
interface SlackCall {
  readonly method: string;
  readonly query: Readonly<Record<string, string | number>>;
}

/** How the records of one type are read. */
interface SlackRead {
  /** One after the other until one has the record; none where the id names nothing. */
  readonly calls: (reference: RecordReference) => readonly SlackCall[];
  /** The record in an answer that is ok, or what the answer says of it. */
  readonly record: (body: JsonObject, reference: RecordReference) => JsonObject | "deleted" | undefined;
  /** Errors that say that it was deleted, and those that may also mean that the token cannot see it. */
  readonly deleted: readonly string[];
  readonly invisible: readonly string[];
  readonly version: (record: JsonObject) => EventVersion | undefined;
}

/** How the records of one type are listed: all of them, page by page. */
interface SlackList {
  readonly method: string;
  readonly query: Readonly<Record<string, string | number>>;
  readonly field: string;
}

const id = /^[A-Z0-9]{2,30}$/;
const messageId = /^([A-Z0-9]{2,30}):(\d{1,12}\.\d{1,6})$/;
const PAGE_SIZE = 200;

/** Without a time that tells a change: the order of receipt decides. */
const unversioned = (): undefined => undefined;

const plain = { deleted: [], invisible: [], version: unversioned } as const;

/** A method that answers the record of an id. */
function byId(method: string, parameter: string): SlackRead["calls"] {
  return ({ entityId }) => (id.test(entityId) ? [{ method, query: { [parameter]: entityId } }] : []);
}

/** By entity type. What is not here is read from the event alone. */
export const slackReads: ReadonlyMap<string, SlackRead> = new Map<string, SlackRead>([
  [
    "message",
    {
      calls: messageCalls,
      record: messageIn,
      deleted: ["thread_not_found", "message_not_found"],
      invisible: ["channel_not_found", "not_in_channel"],
      version: messageVersion,
    },
  ],
  [
    "channel",
    {
      ...plain,
      calls: byId("conversations.info", "channel"),
      record: (body) => asObject(body["channel"]),
      invisible: ["channel_not_found"],
      version: (channel) => timeOf(channel["updated"]),
    },
  ],
  [
    "user",
    {
      ...plain,
      calls: byId("users.info", "user"),
      record: (body) => asObject(body["user"]),
      invisible: ["user_not_found", "user_not_visible"],
      version: (user) => timeOf(user["updated"]),
    },
  ],
  [
    "file",
    {
      ...plain,
      calls: byId("files.info", "file"),
      // A tombstone is what is left of a deleted file in some answers.
      record: (body) => (at(body, "file", "mode") === "tombstone" ? "deleted" : asObject(body["file"])),
      deleted: ["file_deleted"],
      invisible: ["file_not_found"],
    },
  ],
  [
    "team",
    {
      ...plain,
      calls: byId("team.info", "team"),
      record: (body) => asObject(body["team"]),
      invisible: ["team_not_found"],
    },
  ],
  [
    "usergroup",
    {
      ...plain,
      calls: () => [{ method: "usergroups.list", query: { include_disabled: "true" } }],
      record: (body, { entityId }) => objectsIn(body["usergroups"]).find((group) => group["id"] === entityId),
      version: (group) => timeOf(group["date_update"]),
    },
  ],
  ["emoji", { ...plain, calls: () => [{ method: "emoji.list", query: {} }], record: emojiIn }],
]);

/** By entity type; messages are listed channel by channel (`slack-history.ts`). */
export const slackLists: ReadonlyMap<string, SlackList> = new Map([
  ["user", { method: "users.list", query: { limit: PAGE_SIZE }, field: "members" }],
  [
    "channel",
    {
      method: "conversations.list",
      query: { limit: PAGE_SIZE, types: "public_channel,private_channel" },
      field: "channels",
    },
  ],
  ["usergroup", { method: "usergroups.list", query: { include_disabled: "true" }, field: "usergroups" }],
]);

/** The channel and the time that name a message; `undefined` for an id that is none of a message. */
export function placeOfMessage(entityId: string): { readonly channel: string; readonly ts: string } | undefined {
  const [, channel, ts] = messageId.exec(entityId) ?? [];
  return channel === undefined || ts === undefined ? undefined : { channel, ts };
}

/** The time of its last edit, else its own. */
export function messageVersion(message: JsonObject): EventVersion | undefined {
  return slackTime(at(message, "edited", "ts") ?? message["ts"]);
}

/** In the channel, or else as an answer in a thread, of which the event may name the first message. */
function messageCalls({ entityId, hint }: RecordReference): readonly SlackCall[] {
  const place = placeOfMessage(entityId);
  if (!place) return [];
  const { channel, ts } = place;
  const between = { channel, oldest: ts, latest: ts, inclusive: "true" };
  const thread = textAt(hint, "thread_ts") ?? ts;
  const replies = { method: "conversations.replies", query: { ...between, ts: thread, limit: 10 } };
  return thread === ts ? [{ method: "conversations.history", query: { ...between, limit: 1 } }, replies] : [replies];
}

/** A message in an answer does not name its channel, unlike one in an event. */
function messageIn(body: JsonObject, { entityId }: RecordReference): JsonObject | undefined {
  const place = placeOfMessage(entityId);
  const message = objectsIn(body["messages"]).find((candidate) => candidate["ts"] === place?.ts);
  return message && { ...message, channel: place?.channel };
}

function emojiIn(body: JsonObject, { entityId: name }: RecordReference): JsonObject | undefined {
  const value = textAt(body["emoji"], name);
  return value === undefined ? undefined : { name, value };
}

/** `1700000000.123456`: the version keeps microseconds as a fraction of a millisecond, as those of events do. */
function slackTime(value: unknown): EventVersion | undefined {
  const [, seconds, decimals = ""] = /^(\d{1,12})(?:\.(\d{1,6}))?$/.exec(asText(value) ?? "") ?? [];
  if (seconds === undefined) return undefined;
  const microseconds = decimals.padEnd(6, "0");
  return { kind: "time", value: Number(`${seconds}${microseconds.slice(0, 3)}.${microseconds.slice(3)}`) };
}

/** Seconds since 1970 for people and groups, milliseconds for channels. */
function timeOf(value: unknown): EventVersion | undefined {
  if (typeof value !== "number" || value <= 0) return undefined;
  return { kind: "time", value: value > 1e11 ? value : value * 1000 };
}
