import { asText, at } from "./json";

/** What kind of error it is: its code or reason where it has one, else its class. Never its message, which may hold anything. */
export function errorTypeOf(error: unknown): string {
  const told = asText(at(error, "code")) ?? asText(at(error, "reason"));
  return told ?? (error instanceof Error ? error.name : "unknown");
}
