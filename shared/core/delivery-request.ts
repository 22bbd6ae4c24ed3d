import { nestsDeeperThan } from "./json-depth";

/** Reads header values by name, ignoring case; `null` where there is none. `Headers` fulfils it. */
export interface HeaderReader {
  get(name: string): string | null;
}

/** All header values, each with its name in lower case. `Headers` fulfils it. */
export interface HeaderList extends HeaderReader {
  entries(): Iterable<[string, string]>;
}

/** A delivery as it came in: headers and the exact bytes, because a signature covers what was sent. */
export class DeliveryRequest {
  readonly headers: HeaderList;
  readonly body: Buffer;
  readonly #readUrl: () => string;
  #json: { readonly value: unknown } | undefined;

  /** `readUrl` answers what {@link url} shall be; few providers ask, and finding it out has its price. */
  constructor(headers: HeaderList, body: Buffer, readUrl: () => string = () => "") {
    this.headers = headers;
    this.body = body;
    this.#readUrl = readUrl;
  }

  /** The public URL that was called: the webhook's own, never the `Host` header's, with the query as it was sent. */
  get url(): string {
    return this.#readUrl();
  }

  /** The parameters of the query, decoded. */
  get query(): URLSearchParams {
    const { url } = this;
    const start = url.indexOf("?");
    return new URLSearchParams(start === -1 ? "" : url.slice(start + 1));
  }

  /** The body as JSON, parsed once; `undefined` if it is not JSON that {@link parseForeignJson} takes. */
  json(): unknown {
    this.#json ??= { value: parseForeignJson(this.body.toString("utf8")) };
    return this.#json.value;
  }
}

/**
 * No provider nests its payloads as deep. Deeper ones could be read but not be written again: `JSON.stringify` runs out
 * of stack at a few thousand levels, and Cosmos DB takes documents of 128 (Azure Cosmos DB service quotas).
 */
const MAX_DEPTH = 100;

/** True for a text that nests too deep to be kept as JSON, if it is any. */
export function isTooDeep(text: string): boolean {
  return nestsDeeperThan(MAX_DEPTH, text);
}

/** {@link parseJson} for a text that came from outside: `undefined` also where it nests more than a hundred levels deep. */
export function parseForeignJson(text: string): unknown {
  return isTooDeep(text) ? undefined : parseJson(text);
}

/** The value of a JSON text, or `undefined` where the text is not valid JSON (which JSON itself cannot express). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
