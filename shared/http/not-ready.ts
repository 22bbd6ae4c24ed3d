import type { HttpRequest } from "@azure/functions";
import { NotConfigured } from "../app/not-configured";
import { isWebhookError, WebhookError } from "../core/errors";
import { readCaller } from "./caller";

/**
 * What to answer while the app cannot be built: `not_configured`, with the settings named for an operator alone, or the
 * code of the back end that does not answer.
 */
export async function toNotReady(request: HttpRequest, error: unknown): Promise<WebhookError> {
  if (isWebhookError(error)) return error;
  if (!(error instanceof NotConfigured)) return new WebhookError("internal_error", { cause: error });
  const problems = (await isOperator(request, error)) ? error.problems : [];
  return new WebhookError("not_configured", { problems, cause: error });
}

async function isOperator(request: HttpRequest, { access }: NotConfigured): Promise<boolean> {
  try {
    return (await readCaller(request, access)).isOperator;
  } catch {
    // Whoever cannot be told reads no more than anybody.
    return false;
  }
}
