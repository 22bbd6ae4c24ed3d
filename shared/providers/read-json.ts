import type { DeliveryRequest } from "../core/delivery-request";

/** Nobody nests this deep, and what does could not be written as JSON again: the recursion would use up the stack. */
export const MAX_DEPTH = 100;
/** Longer ids are no ids, and would be stored with every record that names them. */
const MAX_ID_LENGTH = 1024;

/** The body as JSON; `undefined` if it is none, or is nested deeper than anybody does. */
export function readJson(request: DeliveryRequest): unknown {
  const value = request.json();
  return isDeeperThan(MAX_DEPTH, value) ? undefined : value;
}

/** True if the value of some JSON nests deeper than these many levels. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(levels - 1, child));
}

/**
 * A value as the id of something: a text, or a number that JSON could carry exactly. A number beyond 2^53 has been rounded
 * by then and names something else.
 */
export function idText(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" && value !== "" && value.length <= MAX_ID_LENGTH ? value : undefined;
}
