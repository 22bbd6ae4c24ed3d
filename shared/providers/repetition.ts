import type { ParsedDelivery } from "../core/provider";

const MAX_ATTEMPTS = 99;

/** The attempt of a delivery, where `attempts` counts all of them from 1, this one included: nothing for a first one. */
export function repetition(attempts: unknown): Pick<ParsedDelivery, "attempt"> {
  if (typeof attempts !== "number" || !Number.isInteger(attempts)) return {};
  return attempts > 1 && attempts <= MAX_ATTEMPTS ? { attempt: { number: attempts - 1 } } : {};
}
