import { parseJson } from "../core/delivery-request";
import { asObject } from "../core/json";
import { omit, redact } from "../core/redaction";
import type { OpenedMessage } from "./event-message";
import { PAYLOAD_TTL_SECONDS } from "./send-events";
import type { Services } from "./services";

/**
 * Leaves out of the payload of an event that was given up what nobody may keep, and answers the names of those fields:
 * each as a whole, because a replay would take a part of one for all of it.
 * @throws {WebhookError} `store_unavailable`
 */
export async function redactPayload(
  { payloads }: Services,
  { message: { dataref, redact: paths } }: OpenedMessage,
): Promise<readonly string[] | undefined> {
  if (dataref === undefined || paths === undefined) return undefined;
  const bytes = await payloads.get(dataref);
  const data = bytes && asObject(parseJson(bytes.toString("utf8")));
  if (data === undefined) return undefined;
  const { redacted } = redact(data, paths);
  if (redacted.length === 0) return undefined;
  await payloads.put(dataref, Buffer.from(JSON.stringify(omit(data, redacted))), PAYLOAD_TTL_SECONDS);
  return redacted;
}
