import type { HttpRequest } from "@azure/functions";
import { remoteAddressOf } from "../core/remote-address";

/** The exact bytes of the body. A body can be read once. */
export function rawBody(request: HttpRequest): Promise<Buffer> {
  return request.arrayBuffer().then((bytes) => Buffer.from(bytes));
}

/**
 * The query as it was sent, question mark included: `request.query` is decoded, and the host joins the values of a
 * repeated name there.
 */
export function rawQuery(request: HttpRequest): string {
  const [target = ""] = request.url.split("#");
  const start = target.indexOf("?");
  return start === -1 ? "" : target.slice(start);
}

/**
 * Where the request came from: the socket's address where the host tells it, else what Azure's front end added last to
 * `X-Forwarded-For`; what stands before that, the caller may have written. The front end adds the port as well, which is
 * another one for each connection.
 */
export function sourceAddress(request: HttpRequest): string {
  const told = remoteAddressOf(request);
  if (told !== undefined) return told;
  const last = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([^:]+):\d+)$/.exec(last) ?? [];
  return bracketed ?? plain ?? (last === "" ? "unknown" : last);
}
