import { asArray, type JsonObject, objectsIn, textAt } from "../../core/json";
import type { OutboundReply } from "../../core/outbound";
import type { ListQuery, RecordPage } from "../../core/record-reader";
import { fromCursor, toCursor } from "./cursor";
import { slackReads } from "./slack-methods";
import type { VendorSession } from "./vendor-api";

/** Where a list of messages is: which page of the channels comes next, which wait, where the first of them goes on. */
interface Position {
  readonly nextChannels?: string | undefined;
  readonly waiting: readonly string[];
  readonly next?: string | undefined;
}

/** Takes an answer that is ok, and throws at any other. */
type DemandOk = (reply: OutboundReply) => JsonObject;

const PAGE_SIZE = 200;
/** What may be said of a channel that the bot has left, or that is gone, since the channels were listed. */
const invisible: ReadonlySet<string> = new Set(["channel_not_found", "not_in_channel", "is_archived"]);

/**
 * The messages that were posted in a window, channel after channel, of those that the bot is in. Slack has no list by time
 * of change: edits of older messages, and answers in threads, are not among them.
 */
export async function listMessages(session: VendorSession, query: ListQuery, demandOk: DemandOk): Promise<RecordPage> {
  const position = await atChannel(session, readPosition(query.cursor), demandOk);
  const [channel, ...others] = position.waiting;
  if (channel === undefined) return toPage([], position);
  const { messages, next } = await readChannel(session, { channel, query, next: position.next }, demandOk);
  const records = messages.flatMap((message) => toListed(channel, message));
  const { nextChannels } = position;
  return toPage(records, next === undefined ? { nextChannels, waiting: others } : { ...position, next });
}

function readPosition(cursor: string | undefined): Position {
  const position = fromCursor(cursor);
  return {
    nextChannels: cursor === undefined ? "" : textIn(position, "nextChannels"),
    waiting: asArray(position["waiting"]).filter((name) => typeof name === "string"),
    next: textAt(position, "next"),
  };
}

/** Also an empty one: the first page of the channels. */
function textIn(position: JsonObject, name: string): string | undefined {
  const value = position[name];
  return typeof value === "string" ? value : undefined;
}

function toPage(records: RecordPage["records"], { nextChannels, waiting, next }: Position): RecordPage {
  if (waiting.length === 0 && nextChannels === undefined) return { records };
  return {
    records,
    cursor: toCursor({
      waiting,
      ...(nextChannels !== undefined && { nextChannels }),
      ...(next !== undefined && { next }),
    }),
  };
}

/** The same position, with channels to look into if there are any more. */
async function atChannel(session: VendorSession, position: Position, demandOk: DemandOk): Promise<Position> {
  const { waiting, nextChannels } = position;
  if (waiting.length > 0 || nextChannels === undefined) return position;
  const reply = await session.call({
    url: `${session.baseUrl}/conversations.list`,
    query: {
      limit: PAGE_SIZE,
      types: "public_channel,private_channel",
      exclude_archived: "true",
      ...(nextChannels === "" ? {} : { cursor: nextChannels }),
    },
  });
  const body = demandOk(reply);
  const ours = objectsIn(body["channels"]).filter((channel) => channel["is_member"] === true);
  return {
    nextChannels: textAt(body, "response_metadata", "next_cursor"),
    waiting: ours.map((channel) => textAt(channel, "id")).filter((id) => id !== undefined),
  };
}

interface ChannelQuery {
  readonly channel: string;
  readonly query: ListQuery;
  readonly next: string | undefined;
}

async function readChannel(
  session: VendorSession,
  { channel, query: { since, until }, next: cursor }: ChannelQuery,
  demandOk: DemandOk,
): Promise<{ readonly messages: readonly JsonObject[]; readonly next?: string | undefined }> {
  const reply = await session.call({
    url: `${session.baseUrl}/conversations.history`,
    query: {
      channel,
      oldest: toSeconds(since),
      latest: until === undefined ? undefined : toSeconds(until),
      inclusive: "true",
      limit: PAGE_SIZE,
      cursor,
    },
  });
  if (invisible.has(textAt(reply.json, "error") ?? "")) return { messages: [] };
  const body = demandOk(reply);
  return { messages: objectsIn(body["messages"]), next: textAt(body, "response_metadata", "next_cursor") };
}

/** `1700000000.123000`, as Slack tells messages by their time. */
function toSeconds(time: string): string {
  return (Date.parse(time) / 1000).toFixed(6);
}

/** A message in an answer does not name its channel, unlike one in an event. */
function toListed(channel: string, message: JsonObject): RecordPage["records"] {
  const ts = textAt(message, "ts");
  if (ts === undefined) return [];
  const version = slackReads.get("message")?.version(message);
  const reference = { entityType: "message", entityId: `${channel}:${ts}` };
  return [{ reference, record: { ...message, channel }, ...(version && { version }) }];
}
