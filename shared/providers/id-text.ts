import { hash } from "node:crypto";
import { asText } from "../core/json";
import { MAX_ID_LENGTH } from "../core/webhook-event";

/**
 * {@link asText} of a value, as the id of something. A fraction counts nothing, and a text longer than records can hold
 * names nothing.
 */
export function idText(value: unknown): string | undefined {
  if (typeof value === "number" && !Number.isInteger(value)) return undefined;
  const text = asText(value);
  return text === undefined || text.length > MAX_ID_LENGTH ? undefined : text;
}

/** A text of any length as an id: itself, or its digest where it is too long to be one. */
export function shortened(text: string): string {
  return text.length <= MAX_ID_LENGTH ? text : `sha256:${hash("sha256", text, "hex")}`;
}
