import type { HttpRequest } from "@azure/functions";
import { remoteAddressOf } from "../core/remote-address";

/** The exact bytes of the body. A body can be read once. */
export function rawBody(request: HttpRequest): Promise<Buffer> {
  return request.arrayBuffer().then((bytes) => Buffer.from(bytes));
}

/**
 * Where the request came from: the socket's address where the host tells it, else what Azure's front end added last to
 * `X-Forwarded-For`; what stands before that, the caller may have written.
 */
export function sourceAddress(request: HttpRequest): string {
  return remoteAddressOf(request) ?? request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "unknown";
}
