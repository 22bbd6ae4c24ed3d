import type { IncomingMessage } from "node:http";

/** Why a body was not read: what to answer, and whether the connection can go on. */
export interface Unread {
  readonly status: 413 | 503;
}

/** Bodies are read whole, so there is a bound on what all of them may hold at once. */
export class BodyReader {
  readonly #maxBodyBytes: number;
  readonly #maxBufferedBytes: number;
  #buffered = 0;

  constructor(options: { readonly maxBodyBytes: number; readonly maxBufferedBytes: number }) {
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#maxBufferedBytes = options.maxBufferedBytes;
  }

  /**
   * The body as the host hands it over: empty for GET, HEAD and chunked requests (Azure/azure-functions-host#4926). The
   * second value gives its room back; call it once the request is answered. `undefined` if the client went away.
   */
  async read(request: IncomingMessage): Promise<{ body: Buffer; release: () => void } | Unread | undefined> {
    const length = Number(request.headers["content-length"] ?? 0);
    const hasNone = length === 0 || request.method === "GET" || request.method === "HEAD";
    if (length > this.#maxBodyBytes) return { status: 413 };
    if (hasNone) {
      request.resume();
      return { body: empty, release: nothing };
    }
    if (this.#buffered + length > this.#maxBufferedBytes) return { status: 503 };
    this.#buffered += length;
    const release = (): void => void (this.#buffered -= length);
    const body = await readExactly(request, length);
    if (body) return { body, release };
    release();
    return undefined;
  }
}

const empty = Buffer.alloc(0);
const nothing = (): void => undefined;

/** Into memory of exactly that size, so that its ArrayBuffer can be handed on without another copy. */
function readExactly(request: IncomingMessage, length: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const body = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    request.on("data", (chunk: Buffer) => {
      filled += chunk.copy(body, filled);
    });
    request.on("end", () => resolve(filled === length ? body : undefined));
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
  });
}
