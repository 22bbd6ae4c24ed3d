import { createHmac } from "node:crypto";

/** What is signed. */
export interface SignedParts {
  readonly id: string;
  /** Milliseconds since 1970; the header holds seconds. */
  readonly now: number;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`): HMAC-SHA256
 * over `id.timestamp.body`, once with each key, so that the receiver may change its secret at its leisure.
 */
export function standardHeaders({ id, now, body }: SignedParts, keys: readonly Buffer[]): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const sign = (key: Buffer): string =>
    `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": keys.map(sign).join(" ") };
}
