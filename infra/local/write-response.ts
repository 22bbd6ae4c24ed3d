import type { ServerResponse } from "node:http";
import type { HttpResponseInit } from "@azure/functions";

/** Statuses whose replies have no body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Writes what a handler returned as the host does: nothing at all is a 204, `jsonBody` is JSON, other bodies are what
 * `Response` makes of them.
 * @throws {TypeError} for a result that is no response
 */
export async function writeResponse(response: ServerResponse, result: unknown): Promise<void> {
  if (result === undefined || result === null) {
    response.writeHead(204).end();
    return;
  }
  if (typeof result !== "object") throw new TypeError("A handler returned neither a response nor nothing.");
  // Every field of a response is optional, so any object is one.
  const init = result as HttpResponseInit;
  const status = init.status ?? 200;
  const headers = toHeaders(init);
  if (bodiless.has(status)) {
    response.writeHead(status, headers).end();
  } else if (init.jsonBody !== undefined) {
    headers["content-type"] ??= "application/json";
    end(response, status, headers, JSON.stringify(init.jsonBody));
  } else if (init.body === undefined || init.body === null || typeof init.body === "string") {
    if (init.body) headers["content-type"] ??= "text/plain;charset=UTF-8";
    end(response, status, headers, init.body ?? "");
  } else {
    await writeBody(response, status, headers, init.body);
  }
}

/** What the library takes for a body, `Response` takes too; their types name the same things differently. */
type ResponseBody = ConstructorParameters<typeof Response>[0];
type HeaderValues = Record<string, string | string[]>;

function toHeaders({ headers, cookies }: HttpResponseInit): HeaderValues {
  const values: HeaderValues = {};
  if (isPlain(headers)) for (const name in headers) values[name.toLowerCase()] = headers[name] ?? "";
  else for (const [name, value] of new Headers(headers)) values[name] = value;
  if (cookies && cookies.length > 0) {
    values["set-cookie"] = cookies.map(({ name, value, path, httpOnly, secure, sameSite, maxAge }) =>
      [
        `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
        ...(path === undefined ? [] : [`path=${path}`]),
        ...(maxAge === undefined ? [] : [`max-age=${maxAge}`]),
        ...(sameSite === undefined ? [] : [`samesite=${sameSite}`]),
        ...(httpOnly ? ["httponly"] : []),
        ...(secure ? ["secure"] : []),
      ].join("; "),
    );
  }
  return values;
}

function isPlain(headers: HttpResponseInit["headers"]): headers is Record<string, string> {
  return headers !== undefined && !Array.isArray(headers) && !(headers instanceof Headers);
}

function end(response: ServerResponse, status: number, headers: HeaderValues, body: string): void {
  headers["content-length"] = String(Buffer.byteLength(body));
  response.writeHead(status, headers).end(body);
}

async function writeBody(
  response: ServerResponse,
  status: number,
  headers: HeaderValues,
  body: NonNullable<HttpResponseInit["body"]>,
): Promise<void> {
  const converted = new Response(body as ResponseBody);
  const bytes = Buffer.from(await converted.arrayBuffer());
  const type = converted.headers.get("content-type");
  if (type !== null) headers["content-type"] ??= type;
  headers["content-length"] = String(bytes.length);
  response.writeHead(status, headers).end(bytes);
}
