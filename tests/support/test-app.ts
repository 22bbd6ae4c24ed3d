import { createHmac } from "node:crypto";
import { LightHeaders } from "../../infra/local/light-headers";
import { type App, createApp } from "../../shared/app";
import type { LockingQueue, Log } from "../../shared/core/ports";
import { WebhookError } from "../../shared/core/errors";
import { drainMessage } from "../../shared/usecases/drain-message";
import type { DeliveryResult } from "../../shared/usecases/accept-delivery";
import { receiveDelivery } from "../../shared/usecases/receive-delivery";
import { type NewRegistration, registerWebhook, type RegisterRequest } from "../../shared/usecases/register-webhook";
import { noon } from "./make";

/** One line that the app logged. */
interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An app on an in-memory store with a clock of its own, and the few verbs that every use case test needs. */
export interface TestApp extends App {
  readonly lockingQueue: LockingQueue;
  readonly logged: readonly LogLine[];
  /** Moves the clock, by milliseconds. */
  advance(ms: number): void;
  register(overrides?: Partial<RegisterRequest>): Promise<NewRegistration>;
  /** Delivers bytes with headers, a list for one that comes more than once, as on the host; `query` with its question mark. */
  deliver(
    registrationId: string,
    body: string | Buffer,
    headers: Record<string, string | readonly string[]>,
    query?: string,
  ): Promise<DeliveryResult>;
  /** Delivers a Salesforce body signed by the seed's scheme. */
  deliverSigned(webhook: NewRegistration, body: object): Promise<DeliveryResult>;
  /** Hands every message that is visible now to the drain; answers how many there were. */
  drain(): Promise<number>;
}

/** Opens a fresh app; `close()` it when done. */
export async function openTestApp(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const logged: LogLine[] = [];
  const log: Log = (level, event, fields = {}) => void logged.push({ level, event, fields });
  let time = noon;
  const app = await createApp({
    env: {
      CASTIEL_MODE: "embedded",
      DATA_DIRECTORY: ":memory:",
      PUBLIC_BASE_URL: "https://hooks.example.com",
      // A drain hands over one message after the other, so nothing would come to join.
      COALESCE_WINDOW_MS: "0",
      ...env,
    },
    log,
    now: () => time,
  });
  const { services, lockingQueue } = app;
  if (lockingQueue === undefined) throw new Error("the test app is embedded and has its own queue");
  const deliver: TestApp["deliver"] = (registrationId, body, headers, query = "") =>
    receiveDelivery(services, {
      registrationId,
      headers: hostHeaders(headers),
      readBody: () => Promise.resolve(Buffer.from(body)),
      remoteAddress: "203.0.113.7",
      readQuery: () => query,
    });
  return {
    ...app,
    lockingQueue,
    logged,
    advance: (ms) => void (time += ms),
    register: (overrides = {}) =>
      registerWebhook(services, {
        tenantId: "tenant-123",
        integrationId: "salesforce",
        connectionId: "conn-123",
        events: ["*"],
        ...overrides,
      }),
    deliver,
    deliverSigned: (webhook, body) => {
      const bytes = JSON.stringify(body);
      return deliver(webhook.registrationId, bytes, { "x-salesforce-event-signature": seedSignature(webhook, bytes) });
    },
    drain: async () => {
      let drained = 0;
      for (;;) {
        const messages = await lockingQueue.receive(32, 60_000);
        if (messages.length === 0) return drained;
        for (const message of messages) {
          await drainMessage(services, JSON.parse(message.body)).then(
            () => lockingQueue.complete(message.lockToken),
            (error: unknown) => lockingQueue.abandon(message.lockToken, String(error)),
          );
        }
        drained += messages.length;
      }
    },
  };
}

function hostHeaders(headers: Record<string, string | readonly string[]>): Headers {
  const pairs = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  return new LightHeaders(pairs.flat(), () => new Headers(pairs));
}

/** The seed's header value for a body, computed as its openssl line does. */
export function seedSignature(webhook: Pick<NewRegistration, "webhookSecret">, body: string | Buffer): string {
  return `sha256=${createHmac("sha256", webhook.webhookSecret ?? "")
    .update(body)
    .digest("hex")}`;
}

/** The code of the error that a promise rejects with; fails the test if it does not. */
export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  const outcome: unknown = await attempt.then(
    () => "resolved",
    (error: unknown) => error,
  );
  return outcome instanceof WebhookError ? outcome.code : String(outcome);
}

/** A seed body about a Contact. */
export function contactBody(action = "created", id = "003xx000004TMM", fields: object = {}): object {
  return { action, sobject: { name: "Contact", fields: { Id: id, ...fields } } };
}
