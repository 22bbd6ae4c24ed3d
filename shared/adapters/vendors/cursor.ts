import { parseJson } from "../../core/delivery-request";
import { WebhookError } from "../../core/errors";
import { asObject, type JsonObject } from "../../core/json";

/** An opaque cursor for where a list goes on. */
export function toCursor(position: JsonObject): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/**
 * The position of a cursor; an empty one where the list begins.
 * @throws {WebhookError} `invalid_cursor`
 */
export function fromCursor(cursor: string | undefined): JsonObject {
  if (cursor === undefined) return {};
  const position = asObject(parseJson(Buffer.from(cursor, "base64url").toString("utf8")));
  if (position === undefined) throw new WebhookError("invalid_cursor");
  return position;
}
