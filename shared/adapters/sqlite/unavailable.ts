import { type ErrorCode, isWebhookError, WebhookError } from "../../core/errors";
import { textAt } from "../../core/json";

/** Waits for database work and turns its own errors (disk full, read-only, I/O) into the port's code. */
export async function orUnavailable<T>(code: ErrorCode, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toUnavailable(code, error);
  }
}

/** The same for a read, which is done at once. */
export function readOrUnavailable<T>(code: ErrorCode, read: () => T): Promise<T> {
  try {
    return Promise.resolve(read());
  } catch (error) {
    return Promise.reject(toUnavailable(code, error));
  }
}

function toUnavailable(code: ErrorCode, error: unknown): Error {
  if (isWebhookError(error, "store_unavailable")) return new WebhookError(code, { cause: error });
  if (isWebhookError(error) || error instanceof RangeError) return error;
  return new WebhookError(code, { detail: textAt(error, "message") ?? "unknown", cause: error });
}
