import { hash } from "node:crypto";
import type { HttpRequest } from "@azure/functions";
import type { Access } from "../app/access";
import { type ApiToken, type Caller, type Scope, scopes } from "../core/caller";
import { WebhookError } from "../core/errors";
import { isLoopback, remoteAddressOf } from "../core/remote-address";

const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{1,8192})$/i;
/** Enough of a token's hash to tell tokens apart, and too little to try guesses on. */
const SUBJECT_DIGITS = 12;
/** The subject of whoever is on this machine. */
const LOCAL = "local";
/** Hosts that a browser or proxy cannot be made to send for us from elsewhere. */
const loopbackHost = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Who calls, from the `Authorization` header.
 * @throws {WebhookError} `unauthenticated`, `keys_unavailable`
 */
export async function readCaller(request: HttpRequest, access: Access): Promise<Caller> {
  const header = request.headers.get("authorization");
  if (header === null) return anonymousCaller(request, access);
  const token = bearer.exec(header)?.[1];
  if (token === undefined) throw new WebhookError("unauthenticated", { detail: "malformed" });
  const byToken = apiCaller(token, access.apiTokens) ?? defaultCaller(request, access, token);
  if (byToken) return byToken;
  if (access.tokenVerifier && token.split(".").length === 3) return access.tokenVerifier.verify(token);
  throw new WebhookError("unauthenticated", { detail: "unknown_token" });
}

/** @throws {WebhookError} `forbidden` */
export function demandScope(caller: Caller, scope: Scope): void {
  if (!caller.scopes.has(scope)) throw new WebhookError("forbidden", { detail: scope });
}

/** @throws {WebhookError} `forbidden` */
export function demandOperator(caller: Caller): void {
  if (!caller.isOperator) throw new WebhookError("forbidden", { detail: "operator" });
}

/** The hash cannot be turned back and takes any length to the same one, so comparing hashes tells nothing of a token. */
function apiCaller(token: string, apiTokens: readonly ApiToken[]): Caller | undefined {
  const digest = hash("sha256", token, "hex");
  const known = apiTokens.find((candidate) => candidate.hash === digest);
  return (
    known && {
      tenantId: known.tenantId,
      subject: `token:${digest.slice(0, SUBJECT_DIGITS)}`,
      scopes: new Set(known.scopes),
      isOperator: known.operator ?? false,
    }
  );
}

/**
 * The seed's `test-token`, as long as nothing is configured (DESIGN 6). A page of our own may send it, and no other page
 * (docs/decisions/0016).
 */
function defaultCaller(request: HttpRequest, { defaultToken }: Access, token: string): Caller | undefined {
  if (defaultToken?.token !== token || !isFromThisMachine(request) || isFromForeignPage(request)) return undefined;
  return { tenantId: defaultToken.tenantId, subject: LOCAL, scopes: new Set(scopes), isOperator: false };
}

/** The seed's health check carries no token: a GET from this machine may read. */
function anonymousCaller(request: HttpRequest, { defaultToken }: Access): Caller {
  const isRead = request.method === "GET" && !request.headers.has("origin");
  if (!defaultToken || !isRead || !isFromThisMachine(request)) {
    throw new WebhookError("unauthenticated", { detail: "missing" });
  }
  return {
    tenantId: defaultToken.tenantId,
    subject: LOCAL,
    scopes: new Set<Scope>(["webhooks.read"]),
    isOperator: false,
  };
}

/** A loopback socket is not enough: a reverse proxy must not become the tenant. */
function isFromThisMachine(request: HttpRequest): boolean {
  const address = remoteAddressOf(request);
  if (address === undefined || !isLoopback(address)) return false;
  if (!loopbackHost.test(request.headers.get("host") ?? "")) return false;
  return ![...request.headers.keys()].some((name) => name === "forwarded" || name.startsWith("x-forwarded-"));
}

/** Browsers name the page's origin. It is ours only if it is, to the letter, the loopback address that was called. */
function isFromForeignPage({ headers }: HttpRequest): boolean {
  const origin = headers.get("origin");
  return origin !== null && origin !== `http://${headers.get("host") ?? ""}`;
}
