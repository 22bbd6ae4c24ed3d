import { setTimeout as sleep } from "node:timers/promises";
import { isWebhookError, WebhookError } from "../../core/errors";
import { asText, at } from "../../core/json";
import type { Log } from "../../core/ports";

/** How the calls to Cosmos DB are made. */
export interface CallOptions {
  /** Milliseconds within which an operation is answered, repetitions included. */
  readonly timeoutMs: number;
  readonly log?: Log;
}

const TOO_LARGE = 413;
const TOO_MANY_REQUESTS = 429;
/** Two writes met on one document, and this one was not made. */
const RETRY_WITH = 449;
const MAX_ATTEMPTS = 5;
const FIRST_BACK_OFF_MS = 10;
/** The 4xx that speak of the service or of our rights in it. Any other would be a mistake of this adapter. */
const unavailableStatuses: readonly unknown[] = [401, 403, 404, 408, 410, TOO_MANY_REQUESTS, RETRY_WITH];

/** What Cosmos DB says of a document when it refuses a call. */
export type Refusal = "absent" | "exists" | "changed";

/** What an error of the SDK says of the document; `undefined` where it speaks of something else. */
export function refusalOf(error: unknown): Refusal | undefined {
  switch (at(error, "code")) {
    case 404:
      // With a sub-status it is the container that is missing (1003), or the replica is behind (1002).
      return at(error, "substatus") ? undefined : "absent";
    case 409:
      return "exists";
    case 412:
      return "changed";
    default:
      return undefined;
  }
}

/**
 * The calls of one store: each ends in time, is repeated while Cosmos DB is throttling and there is time, and fails with
 * an error of the port.
 */
export class CosmosCalls {
  readonly #timeoutMs: number;
  readonly #log: Log | undefined;
  #isClosed = false;

  constructor({ timeoutMs, log }: CallOptions) {
    this.#timeoutMs = timeoutMs;
    this.#log = log;
  }

  /** Refuses all further calls. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * Does the work of one operation, which hands the signal to each of its requests. A write that was given up for its
   * time may have been made nevertheless.
   * @throws {WebhookError} `store_unavailable`, and whatever the work throws by code
   * @throws {RangeError} the document is larger than 2 MB
   */
  async run<R>(operation: string, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
    if (this.#isClosed) throw new WebhookError("store_unavailable", { detail: "the store is closed" });
    const end = performance.now() + this.#timeoutMs;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    // The signal alone is not enough: between its own repetitions the SDK sleeps without looking at it.
    const timeIsUp = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        controller.abort();
        reject(Object.assign(new Error(`no answer in ${this.#timeoutMs} ms`), { code: "TimeoutError" }));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([repeatThrottled(work, controller.signal, end), timeIsUp]);
    } catch (error) {
      throw this.#toPortError(operation, error);
    } finally {
      clearTimeout(timer);
    }
  }

  #toPortError(operation: string, error: unknown): unknown {
    if (isWebhookError(error) || error instanceof RangeError) return error;
    const status = at(error, "code");
    // The service counts its own fields as well, so that it may refuse what we let pass.
    if (status === TOO_LARGE) return new RangeError("the document is larger than 2 MB");
    if (typeof status === "number" && status < 500 && !unavailableStatuses.includes(status)) return error;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const reason = asText(status) ?? name;
    const [subStatus, activityId] = [at(error, "substatus"), at(error, "activityId")];
    this.#log?.("warn", "cosmos.unavailable", { operation, reason, subStatus, activityId });
    const retryAfterMs = retryAfterMsOf(error);
    return new WebhookError("store_unavailable", {
      detail: `Cosmos DB, ${operation}: ${reason}`,
      ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
      // Words only: the SDK's error holds the request, and with it the authorization header.
      cause: new Error(message),
    });
  }
}

/** A throttled request was not carried out, so that it may be repeated whatever it was. */
async function repeatThrottled<R>(
  work: (signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
  end: number,
): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(signal);
    } catch (error) {
      const isContended = at(error, "code") === RETRY_WITH;
      const waitMs = isContended ? FIRST_BACK_OFF_MS * 2 ** attempt : retryAfterMsOf(error);
      if (waitMs === undefined || attempt === MAX_ATTEMPTS || performance.now() + waitMs >= end) throw error;
      await sleep(waitMs, undefined, { signal });
    }
  }
}

/** What the service asks a throttled caller to wait, in milliseconds. */
function retryAfterMsOf(error: unknown): number | undefined {
  if (at(error, "code") !== TOO_MANY_REQUESTS) return undefined;
  const waitMs = Number(at(error, "retryAfterInMs"));
  return waitMs > 0 ? waitMs : FIRST_BACK_OFF_MS;
}
