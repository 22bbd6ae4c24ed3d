import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorCatalogue } from "../../shared/core/errors";
import type { Log } from "../../shared/core/ports";
import { rememberRemoteAddress } from "../../shared/core/remote-address";
import { createContext } from "./context";
import type { Registrations } from "./core-api";
import { invoke } from "./invoke";
import { LightRequest } from "./light-request";
import { BodyReader } from "./read-body";
import { type HttpFunction, matchRoute, type RouteMatch } from "./route-table";
import { writeResponse } from "./write-response";

/** What the server serves and within which bounds. */
export interface HttpServerOptions {
  readonly registrations: Registrations;
  readonly routes: readonly HttpFunction[];
  readonly maxBodyBytes: number;
  readonly log: Log;
}

/** Headers must be there after 10 s, the whole request after 60 s; Node answers 408 and closes. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_BUFFERED_BYTES = 256 * 1024 * 1024;

/** A server that routes, reads and answers as the Functions host does. */
export function createHttpServer(options: HttpServerOptions): Server {
  const bodies = new BodyReader({ maxBodyBytes: options.maxBodyBytes, maxBufferedBytes: MAX_BUFFERED_BYTES });
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      serve(options, bodies, request, response).catch((error: unknown) => fail(options.log, response, error));
    },
  );
  return server;
}

async function serve(
  options: HttpServerOptions,
  bodies: BodyReader,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path, queryString } = splitUrl(request.url ?? "/");
  const match = matchRoute(options.routes, request.method ?? "GET", path);
  if (match === undefined) {
    request.resume();
    response.writeHead(404).end();
    return;
  }
  const read = await bodies.read(request);
  if (read === undefined) return;
  if ("status" in read) {
    refuse(response, read.status);
    return;
  }
  try {
    const light = toLightRequest(request, match, queryString, read.body);
    const context = createContext(match.definition, options.log);
    await writeResponse(response, await invoke(options.registrations, match.definition, light, context));
  } finally {
    read.release();
  }
}

function splitUrl(url: string): { path: string; queryString: string } {
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, queryString: "" } : { path: url.slice(0, mark), queryString: url.slice(mark + 1) };
}

function toLightRequest(request: IncomingMessage, match: RouteMatch, queryString: string, body: Buffer): LightRequest {
  const light = new LightRequest({
    method: request.method ?? "GET",
    url: () => `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`,
    rawHeaders: request.headers,
    queryString,
    params: match.params,
    body,
  });
  rememberRemoteAddress(light, request.socket.remoteAddress ?? "");
  return light;
}

/** Answers before the body was read, and ends the connection, because what follows on it is that body. */
function refuse(response: ServerResponse, status: 413 | 503): void {
  const code = status === 413 ? "payload_too_large" : "store_unavailable";
  const { title } = errorCatalogue[code];
  response
    .writeHead(status, {
      "content-type": "application/problem+json",
      connection: "close",
      ...(status === 503 ? { "retry-after": "5" } : {}),
    })
    .end(JSON.stringify({ type: `urn:castiel:problem:${code}`, title, status, code }));
}

/** A handler that throws is a plain 500, as on the real host; what was thrown is for the log alone. */
function fail(log: Log, response: ServerResponse, error: unknown): void {
  log("error", "host.invocation_failed", { error: error instanceof Error ? error.stack : String(error) });
  if (!response.headersSent) response.writeHead(500);
  response.end();
}
