import { isRestError } from "@azure/keyvault-secrets";
import { WebhookError } from "../../core/errors";
import { textAt } from "../../core/json";
import { reasonOf } from "../../core/sdk-error";

/** The finer code that Key Vault puts below `Forbidden` and `Conflict`, such as `SecretDisabled` or `ForbiddenByRbac`. */
function innerCodeOf(error: unknown): string | undefined {
  return textAt(error, "details", "error", "innerError", "code");
}

/**
 * True if the vault says that there is nothing to read or delete. A disabled version counts as absent, because it must
 * not be used any more: an absent secret verifies nothing. Any other 403 is a failure of ours, and says nothing of it.
 */
export function isAbsent(error: unknown): boolean {
  if (!isRestError(error)) return false;
  return error.statusCode === 404 || ["SecretDisabled", "ObjectIsBeingDeleted"].includes(innerCodeOf(error) ?? "");
}

/** True if a name is taken by a secret that was deleted and can be recovered. */
export function isNameOfDeleted(error: unknown): boolean {
  return innerCodeOf(error) === "ObjectIsDeletedButRecoverable";
}

/**
 * The port's error for whatever went wrong. The SDK's own is not its cause: the request in it holds the value and the
 * token.
 */
export function toUnavailable(error: unknown): WebhookError {
  if (error instanceof WebhookError) return error;
  const detail = [reasonOf(error), innerCodeOf(error) ?? []].flat().join(" ");
  const seconds = isRestError(error) ? secondsToWait(error.response) : undefined;
  return new WebhookError("secrets_unavailable", {
    detail,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  });
}

/** What of a reply tells how long to wait. */
interface Reply {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
}

/** The seconds in `Retry-After` of a reply that refuses for now (429, 503), if it names them. */
export function secondsToWait(reply: Reply | undefined): number | undefined {
  if (reply?.status !== 429 && reply?.status !== 503) return undefined;
  const header = reply.headers.get("retry-after") ?? "";
  return /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
