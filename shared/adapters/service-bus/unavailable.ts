import { isWebhookError, WebhookError } from "../../core/errors";

/** What the SDK says when nobody answered within its time (`ServiceBusError.code`). */
export const TIMED_OUT = "ServiceTimeout";

/**
 * What a caller of the queue gets for a failure of it. Our own errors stay, and so does `RangeError`: a message that the
 * queue will never take. Everything else becomes `queue_unavailable`. Its detail is a code alone, because the messages of
 * the SDK and of credentials say more than a log should hold.
 */
export function toUnavailable(error: unknown): Error {
  if (isWebhookError(error) || error instanceof RangeError) return error;
  return new WebhookError("queue_unavailable", { detail: failureCodeOf(error), cause: error });
}

/** `ServiceBusError.code`, a code of Node.js or the name of the error's class; of several attempts, that of the last. */
export function failureCodeOf(error: unknown): string {
  if (error instanceof AggregateError) return failureCodeOf(error.errors.at(-1));
  if (!(error instanceof Error)) return "unknown";
  const code: unknown = Reflect.get(error, "code");
  if (code === "GeneralError") return conditionOf(error.message) ?? code;
  return typeof code === "string" ? code : error.name;
}

/** The SDK begins the message of a general error with its condition: `ECONNREFUSED: …`, `InternalServerError: …`. */
function conditionOf(message: string): string | undefined {
  return /^(\w+): /.exec(message)?.[1];
}
