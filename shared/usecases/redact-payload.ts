import { parseJson } from "../core/delivery-request";
import { asObject } from "../core/json";
import { omit, redact } from "../core/redaction";
import type { OpenedMessage } from "./event-message";
import { PAYLOAD_TTL_SECONDS } from "./send-events";
import type { Services } from "./services";

/** A payload without what nobody may keep. */
export interface RedactedPayload {
  readonly dataref: string;
  /** Names of the fields that were left out. */
  readonly fields: readonly string[];
}

/**
 * Copies the payload of an event that was given up without what nobody may keep: each field as a whole, because a replay
 * would take a part of one for all of it. The payload itself stays until the record names the copy: where that cannot be
 * written, the event is tried again, and needs all of it. Nothing where nothing is to be left out.
 * @throws {WebhookError} `store_unavailable`
 */
export async function redactPayload(
  { payloads }: Services,
  { message: { dataref, redact: paths } }: OpenedMessage,
): Promise<RedactedPayload | undefined> {
  if (dataref === undefined || paths === undefined) return undefined;
  const bytes = await payloads.get(dataref);
  const data = bytes && asObject(parseJson(bytes.toString("utf8")));
  if (data === undefined) return undefined;
  const { redacted: fields } = redact(data, paths);
  if (fields.length === 0) return undefined;
  const copy = `${dataref}-redacted`;
  await payloads.put(copy, Buffer.from(JSON.stringify(omit(data, fields))), PAYLOAD_TTL_SECONDS);
  return { dataref: copy, fields };
}
