import type { Answer, Received } from "./stand-in";

/** A message of Slack, as far as tests look at it. */
export interface SlackMessage {
  readonly ts: string;
  readonly thread_ts?: string;
  readonly text?: string;
  readonly edited?: { readonly ts: string };
}

/** When everything is posted and edited here. */
const POSTED_AT = "1795521600.000100";
const EDITED_AT = "1795521700.000200";

/**
 * `chat.postMessage`, `chat.update` and `chat.delete` on the messages of C1, as docs.slack.dev/reference/methods describes
 * them: JSON by POST, `message_not_found` for what is not there. `undefined` for any other method.
 */
export function writeToSlack(messages: SlackMessage[], method: string, request: Received): Answer | undefined {
  if (!method.startsWith("chat.") || request.method !== "POST") return undefined;
  if (request.headers["content-type"] !== "application/json; charset=utf-8") return failed("invalid_post_type");
  const { channel, ts = "", ...fields } = JSON.parse(request.body) as Record<string, string>;
  if (channel !== "C1") return failed("channel_not_found");
  const index = messages.findIndex((message) => message.ts === ts);
  const known = messages[index];
  if (method === "chat.postMessage") {
    if (fields["text"] === undefined) return failed("no_text");
    const message = { ...fields, ts: POSTED_AT };
    messages.push(message);
    return { json: { ok: true, channel, ts: POSTED_AT, message } };
  }
  if (!known) return failed("message_not_found");
  if (method === "chat.delete") {
    messages.splice(index, 1);
    return { json: { ok: true, channel, ts } };
  }
  const message = { ...known, ...fields, edited: { ts: EDITED_AT } };
  messages[index] = message;
  return { json: { ok: true, channel, ts, text: fields["text"], message } };
}

function failed(error: string): Answer {
  return { json: { ok: false, error } };
}
