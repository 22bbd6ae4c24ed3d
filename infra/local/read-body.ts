import type { IncomingMessage } from "node:http";

/** How long an unwanted body is read and thrown away before the connection is cut, in milliseconds. */
const LINGER_MS = 2000;

/** Bounds the bytes of request bodies that the process holds at a time; what counts is what has arrived. */
export class BodyBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False, and nothing taken, if the limit would be passed. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#limit) return false;
    this.#held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

/** What came of reading a body: its exact bytes, the budget was used up, or the client went away. */
export type BodyOutcome = ArrayBuffer | "over budget" | "aborted";

/**
 * Reads a body into one buffer of exactly its length. The bytes of a body that is handed out stay in the budget until
 * the caller releases them.
 */
export function readBody(request: IncomingMessage, budget: BodyBudget, done: (outcome: BodyOutcome) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let settled = false;
  const fail = (outcome: "over budget" | "aborted"): void => {
    if (settled) return;
    settled = true;
    chunks.length = 0;
    budget.release(length);
    done(outcome);
  };
  request.on("data", (chunk: Buffer) => {
    if (settled) return;
    if (!budget.take(chunk.length)) {
      fail("over budget");
      return;
    }
    length += chunk.length;
    chunks.push(chunk);
  });
  request.on("end", () => {
    if (settled) return;
    settled = true;
    done(joinExactly(chunks, length));
  });
  // A request that breaks off emits an error, if anybody listens.
  request.on("error", () => fail("aborted"));
}

/** A buffer of its own, not a view into a larger one: the handler gets its `ArrayBuffer`. */
function joinExactly(chunks: readonly Buffer[], length: number): ArrayBuffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let offset = 0;
  for (const chunk of chunks) offset += chunk.copy(bytes, offset);
  return bytes.buffer;
}

/**
 * Reads what is left of a body and throws it away, so that the client gets to read its answer: closing a socket with
 * unread bytes resets it. Not for longer than it takes to be polite.
 */
export function discardBody(request: IncomingMessage): void {
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  timer.unref();
  request.once("close", () => clearTimeout(timer));
  request.once("end", () => clearTimeout(timer));
  request.resume();
}
