import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { errorCatalogue } from "../../shared/core/errors";
import type { Log } from "../../shared/core/ports";
import { rememberRemoteAddress } from "../../shared/core/remote-address";
import type { InvocableFunction, Invoker } from "./invoke";
import { LightRequest } from "./light-request";
import { emptyReply, type Reply, sendReply, toReply } from "./write-response";
import { BodyBudget, discardBody, readBody } from "./read-body";
import { readRequestHead, type RequestHead } from "./request-head";
import type { RouteMatch, RouteTable } from "./route-table";
import { StartError, stackOf } from "./start-error";

/** Bounds of the HTTP server. Times in milliseconds. */
export interface HttpLimits {
  /** Largest body of a request, by its `Content-Length`; above it 413, unread. */
  readonly maxBodyBytes: number;
  /** Bodies in memory at a time, together; above it 503. */
  readonly maxBufferedBytes: number;
  /** The headers must have arrived within this time, else 408. */
  readonly headersTimeoutMs: number;
  /** The whole request must have arrived within this time, else 408. */
  readonly requestTimeoutMs: number;
}

/** What the HTTP server works with. */
export interface HttpServerOptions {
  readonly router: RouteTable<InvocableFunction>;
  readonly invoker: Invoker;
  readonly limits: HttpLimits;
  readonly log: Log;
}

type Match = RouteMatch<InvocableFunction>;

const RETRY_AFTER_SECONDS = 1;
/** Kestrel's `MaxRequestHeadersTotalSize`; above it 431. */
const MAX_HEADER_BYTES = 32 * 1024;
/** Longer than the idle time of common load balancers, so that they, not we, end an idle connection. */
const KEEP_ALIVE_MS = 65_000;

/** Serves HTTP functions with the manners of the Azure host. */
export class HttpServer {
  readonly #server: Server;
  readonly #options: HttpServerOptions;
  readonly #budget: BodyBudget;
  #stopping = false;

  constructor(options: HttpServerOptions) {
    const { headersTimeoutMs, requestTimeoutMs, maxBufferedBytes } = options.limits;
    this.#options = options;
    this.#budget = new BodyBudget(maxBufferedBytes);
    this.#server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(5000, headersTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    // Malformed and slow requests are answered by node:http itself: 400, 408, 431.
    this.#server.on("request", (request, response) => this.#accept(request, response));
    this.#server.on("checkContinue", (request, response) => this.#accept(request, response, true));
  }

  /** Answers the port, which is a free one for port 0. @throws {StartError} the address cannot be had */
  listen(port: number, hostname: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => reject(toStartError(error, port, hostname)));
      this.#server.listen(port, hostname, () => {
        // A server that listens on a port has an address with a port.
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes no further connections; resolves when the last request has been answered. */
  stop(): Promise<void> {
    this.#stopping = true;
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  /** Ends connections that are left. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  #accept(request: IncomingMessage, response: ServerResponse, expectsContinue = false): void {
    const head = readRequestHead(request.rawHeaders);
    const target = request.url ?? "/";
    const match = this.#options.router.match(request.method ?? "", target);
    const refusal = this.#refusal(head, match);
    if (refusal !== undefined || match === undefined) {
      this.#send(response, refusal ?? emptyReply(404));
      discardBody(request);
      return;
    }
    if (expectsContinue) response.writeContinue();
    if (head.isChunked || head.contentLength === 0 || request.method === "GET" || request.method === "HEAD") {
      // The Azure host fills the body from a Content-Length only, and not for GET and HEAD.
      if (head.isChunked || head.contentLength > 0) discardBody(request);
      void this.#answer(request, response, match, head, undefined);
      return;
    }
    readBody(request, this.#budget, (outcome) => {
      if (outcome === "aborted") return;
      if (outcome !== "over budget") void this.#answer(request, response, match, head, outcome);
      else {
        this.#send(response, problemReply("store_unavailable", 503, ["retry-after", String(RETRY_AFTER_SECONDS)]));
        discardBody(request);
      }
    });
  }

  #refusal(head: RequestHead, match: Match | undefined): Reply | undefined {
    if (head.fault !== undefined) return emptyReply(head.fault);
    if (head.contentLength > this.#options.limits.maxBodyBytes) return problemReply("payload_too_large", 413);
    return match === undefined ? emptyReply(404) : undefined;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    match: Match,
    head: RequestHead,
    body: ArrayBuffer | undefined,
  ): Promise<void> {
    try {
      const input = new LightRequest({
        method: request.method ?? "",
        host: head.host,
        target: request.url ?? "/",
        rawHeaders: request.rawHeaders,
        params: match.params,
        body,
      });
      const address = request.socket.remoteAddress;
      if (address !== undefined) rememberRemoteAddress(input, address);
      const reply = toReply(await this.#options.invoker.invoke(match.target, input));
      this.#send(response, reply instanceof Promise ? await reply : reply);
    } catch (error) {
      this.#options.log("error", "function.failed", { function: match.target.name, error: stackOf(error) });
      this.#send(response, emptyReply(500));
    } finally {
      if (body !== undefined) this.#budget.release(body.byteLength);
    }
  }

  #send(response: ServerResponse, reply: Reply): void {
    if (this.#stopping) reply.headers.push("connection", "close");
    sendReply(response, reply);
  }
}

/** RFC 9457, in the shape that the app's own refusals have. */
function problemReply(code: "payload_too_large" | "store_unavailable", status: number, headers: string[] = []): Reply {
  const { title } = errorCatalogue[code];
  return {
    status,
    headers: [...headers, "content-type", "application/problem+json", "cache-control", "no-store"],
    body: JSON.stringify({ type: `urn:castiel:problem:${code}`, title, status, code }),
  };
}

function toStartError(error: NodeJS.ErrnoException, port: number, hostname: string): StartError {
  const address = `${hostname}:${port}`;
  if (error.code === "EADDRINUSE") return new StartError(`${address} is taken: stop who has it, or set PORT`, error);
  if (error.code === "EACCES") return new StartError(`${address} may not be used: set PORT above 1023`, error);
  return new StartError(`cannot listen on ${address}: ${error.message}`, error);
}
