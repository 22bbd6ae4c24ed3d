import { AlertNotTaken } from "../../core/alert-sender";
import { OutboundError, type OutboundHttp } from "../../core/outbound";
import type { Clock } from "../../core/ports";
import { wantedWait } from "../../core/retry-after";

/** What channels are called with. */
export interface Post {
  readonly outbound: OutboundHttp;
  readonly now: Clock;
}

/** A message as it goes out; the address may hold a secret and stands in no error. */
export interface Posted {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** Resolves if the answer is 2xx. @throws {AlertNotTaken} */
export async function postJson({ outbound, now }: Post, { url, headers, body }: Posted): Promise<void> {
  const reply = await outbound
    .send({
      method: "POST",
      url,
      headers: { "content-type": "application/json; charset=utf-8", ...headers },
      body,
      // Told twice is better than not at all.
      isRepeatable: true,
    })
    .catch((error: unknown) => {
      throw error instanceof OutboundError ? new AlertNotTaken(error.code, undefined, error) : error;
    });
  if (reply.status < 200 || reply.status > 299) {
    throw new AlertNotTaken(`status_${reply.status}`, wantedWait(reply, now()));
  }
}
