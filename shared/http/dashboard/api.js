import { token } from "./session.js";

/** An answer that is an error, in the API's own words (RFC 9457). */
export class ApiError extends Error {
  /**
   * @param {number} status 0 where there was no answer at all
   * @param {string} code
   * @param {string} title
   * @param {readonly { readonly path: string, readonly message: string }[]} [problems]
   */
  constructor(status, code, title, problems = []) {
    super(title);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.problems = problems;
  }
}

/** Dispatched at the window when the API no longer takes the token. */
export const SIGNED_OUT = "castiel-signed-out";

/** Milliseconds that the server's clock is ahead of ours. */
let clockSkew = 0;

/**
 * Milliseconds since 1970 by the server's clock, as far as its last answer told it.
 * @returns {number}
 */
export function serverNow() {
  return Date.now() + clockSkew;
}

/** @typedef {Readonly<Record<string, string | number | undefined>>} Query */

/**
 * Asks the API. Who asks says what comes back, by the types that the API itself is built with.
 * @template T
 * @param {string} path
 * @param {{ readonly query?: Query, readonly signal?: AbortSignal }} [options]
 * @returns {Promise<T>}
 */
export function get(path, { query = {}, signal } = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return send(text === "" ? path : `${path}?${text}`, signal === undefined ? {} : { signal });
}

/**
 * Changes something.
 * @template T
 * @param {"POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<T>}
 */
export function change(method, path, body = {}) {
  return send(path, { method, body: JSON.stringify(body) });
}

/**
 * @template T
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<T>}
 */
async function send(path, init) {
  const response = await fetch(path, {
    ...init,
    headers: { authorization: `Bearer ${token() ?? ""}`, "content-type": "application/json" },
    cache: "no-store",
    credentials: "omit",
  }).catch((/** @type {unknown} */ error) => {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError(0, "unreachable", "The gateway does not answer.");
  });
  const date = Date.parse(response.headers.get("date") ?? "");
  if (!Number.isNaN(date)) clockSkew = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
  /** @type {unknown} */
  const body = await response.json().catch(() => undefined);
  if (response.ok) return /** @type {T} */ (body);
  if (response.status === 401) window.dispatchEvent(new Event(SIGNED_OUT));
  throw toError(response.status, body);
}

/**
 * @param {number} status
 * @param {unknown} body
 * @returns {ApiError}
 */
function toError(status, body) {
  if (typeof body !== "object" || body === null || !("code" in body)) {
    return new ApiError(status, "no_problem_document", `The answer was ${status}.`);
  }
  // What has a code is a problem document, and those have these fields.
  const { code, title, problems } = /** @type {{ code: string, title: string, problems?: ApiError["problems"] }} */ (
    body
  );
  return new ApiError(status, code, title, problems);
}
