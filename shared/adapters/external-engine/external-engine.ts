import { isWebhookError, WebhookError } from "../../core/errors";
import type { EngineReceipt, ExternalEngine } from "../../core/external-engine";
import { textAt } from "../../core/json";
import { OutboundError, type OutboundHttp, type OutboundReply } from "../../core/outbound";
import type { Clock, Log } from "../../core/ports";
import { wantedWait } from "../../core/retry-after";
import { SyncDelay, SyncFailure } from "../../core/sync-task";
import type { SigningSecret } from "./signing-secret";
import { standardHeaders } from "../../core/standard-webhook";

/** What the client works with. */
export interface ExternalEngineOptions {
  /** Its query may hold a key of the engine's: never to be logged. */
  readonly url: string;
  readonly outbound: OutboundHttp;
  readonly secret: SigningSecret;
  readonly now: Clock;
  readonly log: Log;
}

/** The engine behind a URL: every task is a POST that is signed by Standard Webhooks. */
export function createExternalEngine({ url, outbound, secret, now, log }: ExternalEngineOptions): ExternalEngine {
  return {
    async hand(message) {
      const body = JSON.stringify(message);
      try {
        const headers = {
          "content-type": "application/cloudevents+json; charset=utf-8",
          ...standardHeaders({ id: message.id, now: now(), body }, await secret.keys()),
        };
        const reply = await outbound.send({ method: "POST", url, headers, body, isRepeatable: true });
        if (reply.status === 401) secret.forget();
        return readReply(reply, now());
      } catch (error) {
        const known = error instanceof OutboundError ? toEngineError(error) : error;
        if (isWebhookError(known))
          log("warn", "engine.unavailable", { taskId: message.synctaskid, reason: known.detail });
        throw known;
      }
    },
  };
}

/** Of the secret, of the address (an app that is stopped or being deployed), of time. */
const outages: ReadonlySet<number> = new Set([401, 403, 404, 405, 408, 410]);

/** What concerns every task alike (the address, the secret, the network) is an outage, and kills none. */
function readReply(reply: OutboundReply, now: number): EngineReceipt {
  const { status } = reply;
  if (status >= 200 && status < 300) return toReceipt(reply.json);
  const until = wantedWait(reply, now);
  if (until !== undefined) throw new SyncDelay("engine_busy", until);
  if (status < 400 || outages.has(status) || status > 501) throw unavailable(`status_${status}`);
  throw new SyncFailure(`engine_answered_${status}`, { permanent: status < 500 });
}

function toEngineError(error: OutboundError): Error {
  // The engine answered, and may have done its work: repeated without end, that would do no good.
  if (error.code === "too_large") return new SyncFailure("engine_answer_too_large", { cause: error });
  return unavailable(error.code, error);
}

function unavailable(detail: string, cause?: unknown): WebhookError {
  return new WebhookError("engine_unavailable", { detail, cause });
}

const changes = ["created", "updated", "deleted", "restored", "unchanged", "stale"] as const;
/** An id, and no sentence: that could hold anything. */
const idForm = /^[\w.:~-]{1,128}$/;

/** An answer need not say anything, and what is not as agreed counts for nothing. */
function toReceipt(json: unknown): EngineReceipt {
  const taskId = textAt(json, "taskId");
  const change = changes.find((candidate) => candidate === textAt(json, "change"));
  return {
    ...(taskId !== undefined && idForm.test(taskId) ? { taskId } : {}),
    ...(change === undefined ? {} : { change }),
  };
}
