import type { ServerResponse } from "node:http";
import { HttpResponse, type HttpResponseInit } from "@azure/functions";
import { toSetCookie } from "./set-cookie";

/** A reply ready for the socket; `headers` alternates names and values. */
export interface Reply {
  readonly status: number;
  readonly headers: string[];
  readonly body: string | Uint8Array | undefined;
}

/** What the host itself answers with, without a body. */
export function emptyReply(status: number): Reply {
  return { status, headers: [], body: undefined };
}

/**
 * The reply for what an HTTP handler returned, by the rules of the library and the host: nothing is a 204, anything but
 * an object an error, 204, 205 and 304 have no body (azure-functions-nodejs-library `src/converters/toRpcHttp.ts`,
 * `src/http/HttpResponse.ts`). Common shapes are read directly, the others through the library's `HttpResponse`.
 * @throws {TypeError | RangeError} it cannot be a reply
 */
export function toReply(result: unknown): Reply | Promise<Reply> {
  if (result === undefined || result === null) return emptyReply(204);
  if (typeof result !== "object") throw new TypeError("an HTTP function must return an object");
  if (result instanceof HttpResponse) return fromResponse(result);
  // Every field of HttpResponseInit is optional, and each is checked before it is used.
  const init = result as HttpResponseInit;
  return fromPlainInit(init) ?? fromResponse(new HttpResponse(init));
}

/** Sends a reply. @throws {TypeError} a header cannot be sent; nothing has been sent then */
export function sendReply(response: ServerResponse, { status, headers, body }: Reply): void {
  if (response.destroyed) return;
  if (status !== 204 && status !== 304) headers.push("content-length", String(lengthOf(body)));
  response.writeHead(status, headers);
  response.end(body);
}

function lengthOf(body: Reply["body"]): number {
  if (body === undefined) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
}

/** The reply for a plain object with plain headers and a body in memory; `undefined` for anything else. */
function fromPlainInit(init: HttpResponseInit): Reply | undefined {
  const status = init.status ?? 200;
  if (!isPlain(init.headers) || (init.cookies !== undefined && init.cookies.length > 0)) return undefined;
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  const headers: string[] = [];
  const isTyped = pushHeaders(headers, init.headers);
  if (status === 204 || status === 205 || status === 304) return { status, headers, body: undefined };
  const json: unknown = init.jsonBody;
  if (json !== undefined && json !== null) {
    // JSON has no word for functions and symbols, and then stringify answers undefined.
    const text = JSON.stringify(json) as string | undefined;
    if (!isTyped) headers.push("content-type", "application/json");
    return text === undefined ? undefined : { status, headers, body: text };
  }
  const body: unknown = init.body;
  if (body === undefined || body === null) return { status, headers, body: undefined };
  if (typeof body === "string" && !isTyped) headers.push("content-type", "text/plain;charset=UTF-8");
  return typeof body === "string" || body instanceof Uint8Array ? { status, headers, body } : undefined;
}

function isPlain(headers: HttpResponseInit["headers"]): headers is Record<string, string> | undefined {
  return headers === undefined || Object.getPrototypeOf(headers) === Object.prototype;
}

async function fromResponse(response: HttpResponse): Promise<Reply> {
  const headers: string[] = [];
  // By name, as the host's protocol has it: of several with one name the last counts. Cookies have a list of their own.
  pushHeaders(headers, Object.fromEntries(response.headers.entries()));
  for (const cookie of response.cookies) headers.push("set-cookie", toSetCookie(cookie));
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers, body: body.byteLength === 0 ? undefined : body };
}

/** True if there was a content type. Lengths are left out: the host counts by itself. */
function pushHeaders(raw: string[], headers: Readonly<Record<string, string>> = {}): boolean {
  let isTyped = false;
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    if (lower === "content-length" || lower === "transfer-encoding") continue;
    if (lower === "content-type") isTyped = true;
    raw.push(name, String(headers[name]));
  }
  return isTyped;
}
