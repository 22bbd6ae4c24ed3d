/** Everything that can go wrong on purpose: one catalogue, one class. */

/** What a caller can do about an error: the status it gets, the title it reads, and whether repeating may help. */
interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly retry: boolean;
}

/** Stable error codes of the product; the README's error table is held equal to this by a test. */
export const errorCatalogue = {
  invalid_request: { status: 400, title: "The request has fields that are missing or wrong.", retry: false },
  invalid_json: { status: 400, title: "The body is not valid JSON.", retry: false },
  invalid_cursor: { status: 400, title: "The cursor is not one that this list gave out.", retry: false },
  invalid_candidate: { status: 400, title: "There is no such candidate secret to confirm.", retry: false },
  unauthenticated: { status: 401, title: "A valid bearer token is required.", retry: false },
  delivery_refused: { status: 401, title: "The delivery could not be verified.", retry: false },
  forbidden: { status: 403, title: "The token does not allow this.", retry: false },
  unknown_integration: { status: 404, title: "There is no such integration.", retry: false },
  registration_not_found: { status: 404, title: "There is no such webhook.", retry: false },
  alert_channel_not_found: { status: 404, title: "There is no such alert channel.", retry: false },
  route_not_found: { status: 404, title: "There is no route of this account.", retry: false },
  connection_not_found: { status: 404, title: "There is no such connection.", retry: false },
  mapping_not_found: { status: 404, title: "There is no mapping for this entity type.", retry: false },
  shard_not_found: { status: 404, title: "There is no such shard.", retry: false },
  conflict_not_found: { status: 404, title: "There is no such conflict.", retry: false },
  delivery_not_found: { status: 404, title: "There is no such delivery.", retry: false },
  replay_not_found: { status: 404, title: "There is no such replay, or its plan is older than an hour.", retry: false },
  page_not_found: { status: 404, title: "There is no such page.", retry: false },
  sync_task_not_found: { status: 404, title: "There is no such sync task.", retry: false },
  document_exists: { status: 409, title: "A document with this id exists already.", retry: false },
  document_changed: { status: 409, title: "The document was changed by somebody else.", retry: true },
  webhook_not_shared: { status: 409, title: "The webhook is not shared, and so has no routes.", retry: false },
  shard_not_active: { status: 409, title: "The shard is deleted, or merged into another.", retry: false },
  shard_not_merged: { status: 409, title: "The two shards are not merged.", retry: false },
  conflict_settled: { status: 409, title: "The conflict is not open any more.", retry: false },
  delivery_not_dead: { status: 409, title: "The delivery holds no event that was given up.", retry: false },
  delivery_not_kept: { status: 409, title: "Too little is kept of the delivery to replay it.", retry: false },
  delivery_unproved: { status: 409, title: "What is kept of the delivery proves nothing now either.", retry: false },
  nothing_to_replay: { status: 409, title: "The delivery holds no event that its webhook asks for.", retry: false },
  replay_ended: { status: 409, title: "The replay is over, or was cancelled.", retry: false },
  credentials_missing: {
    status: 409,
    title: "The connection has no credentials.",
    retry: false,
  },
  secret_not_used: { status: 409, title: "The webhook has no secret that could be changed.", retry: false },
  rotation_open: { status: 409, title: "The secret is being changed already; finish or cancel that.", retry: false },
  secret_not_taken: { status: 409, title: "The provider does not have the new secret yet.", retry: true },
  rotation_not_open: { status: 409, title: "The secret is not being changed.", retry: false },
  not_provisioned: { status: 409, title: "The webhook was not registered with `provision`.", retry: false },
  length_required: { status: 411, title: "Send the body with a Content-Length, not chunked.", retry: false },
  shard_too_large: { status: 413, title: "The shard would be larger than a document may be.", retry: false },
  payload_too_large: { status: 413, title: "The body is larger than this provider's deliveries may be.", retry: false },
  rate_limited: { status: 429, title: "Too many requests.", retry: true },
  queue_unavailable: { status: 503, title: "The event queue did not take the delivery.", retry: true },
  hold_full: { status: 503, title: "The webhook is paused, and no more may be held.", retry: true },
  store_unavailable: { status: 503, title: "The store did not answer.", retry: true },
  secrets_unavailable: { status: 503, title: "The secret store did not answer.", retry: true },
  keys_unavailable: { status: 503, title: "The signing keys could not be fetched.", retry: true },
  engine_unavailable: { status: 503, title: "The external sync engine did not answer.", retry: true },
  not_configured: { status: 503, title: "The service is not configured.", retry: true },
  internal_error: { status: 500, title: "Something went wrong on our side.", retry: true },
} as const satisfies Record<string, ErrorEntry>;

/** A stable code of {@link errorCatalogue}. */
export type ErrorCode = keyof typeof errorCatalogue;

/** One thing wrong with a request: a JSON pointer and a sentence. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** What an error may carry besides its code. `detail` goes to the log, `problems` to the caller. */
export interface WebhookErrorOptions {
  readonly detail?: string;
  readonly problems?: readonly Problem[];
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An expected failure, named by its code. Anything else that is thrown is a bug and becomes a plain 500. */
export class WebhookError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly problems: readonly Problem[];
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, options: WebhookErrorOptions = {}) {
    super(`${code}: ${options.detail ?? errorCatalogue[code].title}`, { cause: options.cause });
    this.name = "WebhookError";
    this.code = code;
    this.detail = options.detail;
    this.problems = options.problems ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }
}

/** True if `error` is a {@link WebhookError}, of the given code if one is named. */
export function isWebhookError(error: unknown, code?: ErrorCode): error is WebhookError {
  return error instanceof WebhookError && (code === undefined || error.code === code);
}

/** True for an outage of a back end of ours: waiting for it uses up no attempt (DESIGN 11, Retries). */
export function isOutage(error: unknown): error is WebhookError {
  return isWebhookError(error) && errorCatalogue[error.code].status === 503;
}

/** True for a write that somebody else came before: it was not made, and may be tried again with what is there now. */
export function isLostRace(error: unknown): error is WebhookError {
  return isWebhookError(error, "document_changed") || isWebhookError(error, "document_exists");
}
