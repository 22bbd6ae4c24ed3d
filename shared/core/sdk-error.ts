import { asText, at } from "./json";

/**
 * What may be told of an error that a vendor's SDK threw: its status and code, such as `403 Forbidden` or `ECONNREFUSED`,
 * else its kind. Never its message, which may quote what was sent or received.
 */
export function reasonOf(error: unknown): string {
  const told = [at(error, "statusCode"), at(error, "code")].flatMap((part) => asText(part) ?? []);
  if (told.length > 0) return told.join(" ");
  return error instanceof Error ? error.name : "unknown";
}
