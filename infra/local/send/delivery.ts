import { parseJson } from "../../../shared/core/delivery-request";
import { at, objectsIn, textAt } from "../../../shared/core/json";
import type { Delivery } from "../samples/sample";
import { messageOf } from "../start-error";

/** What came back. */
export interface Answer {
  /** 0 where nothing did. */
  readonly status: number;
  /** An error code, the names of events, or what else the answer says, on one line. */
  readonly text: string;
  readonly isDuplicate: boolean;
  readonly milliseconds: number;
}

const TIMEOUT_MS = 30_000;

/** Sends a delivery to this URL and nowhere else: a redirection counts as an answer. Never rejects. */
export async function deliver(url: string, { body, headers, query = "" }: Delivery): Promise<Answer> {
  const startedAt = performance.now();
  const told = await ask(url + query, { body: new Uint8Array(body), headers });
  return { ...told, milliseconds: performance.now() - startedAt };
}

async function ask(url: string, init: RequestInit): Promise<Omit<Answer, "milliseconds">> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const reply = await fetch(url, { method: "POST", redirect: "manual", signal, ...init });
    const text = await reply.text();
    const json = parseJson(text);
    const isDuplicate = at(json, "duplicate") === true;
    return { status: reply.status, text: oneLine(json === undefined ? text : readText(json)), isDuplicate };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return { status: 0, text: `no answer: ${textAt(cause, "code") ?? messageOf(cause)}`, isDuplicate: false };
  }
}

function readText(json: unknown): string {
  const isDuplicate = at(json, "duplicate") === true;
  const names = objectsIn(at(json, "events")).map((event) => {
    const name = textAt(event, "eventName") ?? "";
    return isDuplicate || at(event, "syncTriggered") === true ? name : `${name} (not queued)`;
  });
  const events = (isDuplicate ? "duplicate: " : "") + names.join(", ");
  return textAt(json, "code") ?? textAt(json, "ignored") ?? textAt(json, "handshake") ?? events;
}

/** Of a proxy's page the beginning alone; and nothing that a terminal would obey. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, 120);
}

/**
 * The same with one letter changed after signing: of the token or the secret, where that proves the delivery and the
 * body is not signed, else of the body, which means the same to most readers.
 */
export function tamper(delivery: Delivery, secret: string): Delivery {
  const { body, headers } = delivery;
  const { authorization } = headers;
  if (authorization !== undefined)
    return { ...delivery, headers: { ...headers, authorization: otherLetterIn(authorization) } };
  const text = body.toString("utf8");
  const isStated = secret !== "" && text.includes(secret);
  return { ...delivery, body: Buffer.from(isStated ? text.replaceAll(secret, otherLetterIn(secret)) : `${text} `) };
}

/** The last letters of base64 may stand for nothing, so it is one before them. */
function otherLetterIn(proof: string): string {
  const [start, letter] = [proof.slice(0, -10), proof.at(-10)];
  return start + (letter === "A" ? "B" : "A") + proof.slice(-9);
}
