import type { Blob } from "node:buffer";
import type { ReadableStream } from "node:stream/web";
import { HttpRequest, type HttpRequestInit, type HttpRequestParams, type HttpRequestUser } from "@azure/functions";
import { LightHeaders, toHeaderRecord } from "./light-headers";

/** What a request consists of. */
export interface LightRequestInit {
  readonly method: string;
  /** The `Host` header. */
  readonly host: string;
  /** As on the request line: `/path?query`. */
  readonly target: string;
  /** Names and values by turns, as `IncomingMessage.rawHeaders` has them. */
  readonly rawHeaders: readonly string[];
  readonly params: HttpRequestParams;
  /** The exact bytes; handed over, not copied. `undefined` if there is no body. */
  readonly body: ArrayBuffer | undefined;
}

const emptyQuery: Record<string, string> = {};

/**
 * A request for a handler that does not cost what the library's `HttpRequest` costs (a `Request`, its `Headers`, a URL
 * and a stream): method, parameters, headers by name and `arrayBuffer()` come straight from the socket. Whatever else is
 * asked for builds the real one, which from then on answers everything; a test holds the two equal, member by member.
 */
export class LightRequest implements HttpRequest {
  readonly method: string;
  readonly params: HttpRequestParams;
  readonly headers: Headers;
  readonly #init: LightRequestInit;
  #consumed = false;
  #real: HttpRequest | undefined;

  constructor(init: LightRequestInit) {
    this.method = init.method;
    this.params = init.params;
    this.headers = new LightHeaders(init.rawHeaders, () => this.#toReal().headers);
    this.#init = init;
  }

  get url(): string {
    return this.#toReal().url;
  }

  get query(): URLSearchParams {
    return this.#toReal().query;
  }

  get user(): HttpRequestUser | null {
    return this.#toReal().user;
  }

  get body(): ReadableStream | null {
    return this.#toReal().body;
  }

  get bodyUsed(): boolean {
    return this.#real?.bodyUsed ?? this.#consumed;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    const { body } = this.#init;
    if (this.#real !== undefined || this.#consumed) return this.#toReal().arrayBuffer();
    if (body === undefined) return Promise.resolve(new ArrayBuffer(0));
    this.#consumed = true;
    return Promise.resolve(body);
  }

  blob(): Promise<Blob> {
    return this.#toReal().blob();
  }

  formData(): Promise<FormData> {
    return this.#toReal().formData();
  }

  json(): Promise<unknown> {
    return this.#toReal().json();
  }

  text(): Promise<string> {
    return this.#toReal().text();
  }

  clone(): HttpRequest {
    return this.#toReal().clone();
  }

  #toReal(): HttpRequest {
    if (this.#real === undefined) {
      this.#real = new HttpRequest(toRequestInit(this.#init));
      // A body that was handed out here has been read there as well.
      if (this.#consumed) void this.#real.arrayBuffer();
    }
    return this.#real;
  }
}

/** What the Azure host would hand to the library for the same request. */
export function toRequestInit(init: LightRequestInit): HttpRequestInit {
  const start = init.target.indexOf("?");
  return {
    method: init.method,
    url: init.target.startsWith("/") ? `http://${init.host}${init.target}` : init.target,
    headers: toHeaderRecord(init.rawHeaders),
    query: start === -1 ? emptyQuery : toQueryRecord(init.target.slice(start + 1)),
    params: init.params,
    ...(init.body === undefined ? {} : { body: { bytes: new Uint8Array(init.body) } }),
  };
}

/** The Azure host joins the values of a repeated key: `a=1&a=2` becomes `1,2`. */
function toQueryRecord(text: string): Record<string, string> {
  const query = new URLSearchParams(text);
  return Object.fromEntries([...new Set(query.keys())].map((key) => [key, query.getAll(key).join(",")]));
}
