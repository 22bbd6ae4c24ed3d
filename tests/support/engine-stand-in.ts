import { createHmac, timingSafeEqual } from "node:crypto";
import { type Answer, type Received, StandIn } from "./vendors/stand-in";

/** A sync engine of one's own on 127.0.0.1. */
export interface EngineStandIn {
  readonly url: string;
  /** What it was handed, in order, repetitions too; only what was verified. */
  readonly handed: readonly Handed[];
  /** How many requests it refused, because their signature was not good. */
  readonly refused: number;
  /** The secrets that it takes. */
  secrets: readonly string[];
  /** Answers the next requests so, one each; afterwards 204 again. */
  interrupt(...answers: readonly Answer[]): void;
  /** Called with each request that was verified, before it is answered. */
  meanwhile: (() => void) | undefined;
  stop(): Promise<void>;
}

/** A request that was verified. */
export interface Handed {
  readonly id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly contentType: string;
  /** W3C Trace Context. */
  readonly traceparent: string | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body, read. */
  readonly message: ReturnType<typeof JSON.parse>;
}

const TOLERANCE_SECONDS = 300;

/** Starts it. `now` is the clock that timestamps are held against, in milliseconds. */
export async function startEngineStandIn(now: () => number, ...secrets: readonly string[]): Promise<EngineStandIn> {
  const handed: Handed[] = [];
  const interruptions: Answer[] = [];
  const server = await StandIn.start((request) => {
    if (!isGenuine(request, engine.secrets, now())) {
      engine.refused++;
      return { status: 401 };
    }
    handed.push(toHanded(request));
    engine.meanwhile?.();
    return interruptions.shift() ?? { status: 204 };
  });
  const engine = {
    url: `${server.url}/tasks`,
    handed,
    refused: 0,
    secrets,
    interrupt: (...answers: readonly Answer[]) => void interruptions.push(...answers),
    meanwhile: undefined as (() => void) | undefined,
    stop: () => server.stop(),
  };
  return engine;
}

/** "Verifying signatures" of the specification of Standard Webhooks, written from it and from nothing else. */
function isGenuine({ headers, body }: Received, secrets: readonly string[], now: number): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp = "", "webhook-signature": list = "" } = headers;
  if (id === undefined || id === "" || !/^\d+$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const wanted = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    return Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`);
  });
  const given = list.split(" ").map((signature) => Buffer.from(signature));
  return given.some((one) => wanted.some((other) => one.length === other.length && timingSafeEqual(one, other)));
}

function toHanded({ headers, body, path, query }: Received): Handed {
  return {
    id: headers["webhook-id"] ?? "",
    timestamp: Number(headers["webhook-timestamp"]),
    contentType: headers["content-type"] ?? "",
    traceparent: headers["traceparent"],
    path,
    query,
    body,
    message: JSON.parse(body),
  };
}
