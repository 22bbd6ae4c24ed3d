import type { HttpResponseInit } from "@azure/functions";
import { errorCatalogue, type WebhookError } from "../core/errors";

/** Headers of every reply: nothing of ours is to be guessed at or kept by a cache. */
export const commonHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

const RETRY_AFTER_SECONDS = 5;

/** The reply to an error: RFC 9457, with our stable code. Its `detail` is for the log and stays out. */
export function toProblemResponse(error: WebhookError): HttpResponseInit {
  const { status, title, retry } = errorCatalogue[error.code];
  const retryAfter = error.retryAfterSeconds ?? (retry && status >= 429 ? RETRY_AFTER_SECONDS : undefined);
  return {
    status,
    headers: {
      ...commonHeaders,
      "content-type": "application/problem+json",
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...error.headers,
    },
    jsonBody: {
      type: `urn:castiel:problem:${error.code}`,
      title,
      status,
      code: error.code,
      ...(error.problems.length > 0 ? { problems: error.problems } : {}),
    },
  };
}
